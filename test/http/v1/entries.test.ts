import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { readdir } from 'node:fs/promises'
import { request } from 'node:http'
import type { IncomingMessage } from 'node:http'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { refused, testServer, told } from './golden.ts'

const { of, collection } = testServer({ uploadBytes: 1_000_000, jsonBodyBytes: 2048 })
const at = (id: string, path: string, resource = 'entries'): string => `/v1/collections/${encodeURIComponent(id)}/${resource}/${path}`
const digestOf = (bytes: string | Buffer): string => createHash('sha256').update(bytes).digest('hex')
const header = (bytes: string): string => `sha-256=:${createHash('sha256').update(bytes).digest('base64')}:`

describe('bytes', () => {
  it('go in and come out, version by version', async () => {
    await collection('bytes')
    const golden = {
      entityId: '<uuid>',
      collection: 'bytes',
      path: 'dir/a b.txt',
      kind: 'file',
      version: 1,
      revision: '<revision>',
      size: 5,
      mediaType: 'text/plain; charset=utf-8',
      digest: digestOf('hello'),
      fields: {},
      createdAt: '<time>',
      modifiedAt: '<time>',
      modifiedBy: 'alice',
    }
    const first = await of().call('alice', 'PUT', at('bytes', 'dir/a%20b.txt'), 'hello', { 'content-type': 'text/plain; charset=utf-8' })
    expect(first.headers.get('location')).toBe(at('bytes', 'dir/a%20b.txt'))
    expect(first.headers.get('repr-digest')).toBe(header('hello'))
    expect(await told(first)).toEqual({ status: 201, body: golden })

    const second = await of().call('alice', 'PUT', at('bytes', 'dir/a%20b.txt'), Buffer.from([0, 255, 10]))
    expect(second.headers.get('location')).toBeNull()
    expect(await told(second)).toMatchObject({ status: 200, body: { version: 2, size: 3, mediaType: 'application/octet-stream' } })

    const got = await of().call('alice', 'GET', at('bytes', 'dir/a%20b.txt'))
    expect(Buffer.from(await got.arrayBuffer())).toEqual(Buffer.from([0, 255, 10]))
    const old = await of().call('alice', 'GET', `${at('bytes', 'dir/a%20b.txt')}?version=1`)
    expect(await old.text()).toBe('hello')
    expect(old.headers.get('etag')).toBe(first.headers.get('etag'))
    expect(await refused(await of().call('alice', 'GET', `${at('bytes', 'dir/a%20b.txt')}?version=3`))).toMatchObject({
      status: 404,
      code: 'version_not_found',
    })
    expect(await refused(await of().call('alice', 'GET', at('bytes', 'dir')))).toMatchObject({ status: 404, code: 'entry_not_found' })
  })

  it('are never run by a browser, and say what they are', async () => {
    await collection('inert', { 'x.html': '<script>alert(1)</script>' })
    for (const method of ['GET', 'HEAD']) {
      const answer = await of().call('alice', method, at('inert', 'x.html'))
      expect(answer.status).toBe(200)
      expect(Object.fromEntries(answer.headers)).toMatchObject({
        'content-type': 'text/plain',
        'content-length': '25',
        'content-disposition': `attachment; filename="x.html"; filename*=UTF-8''x.html`,
        'x-content-type-options': 'nosniff',
        'content-security-policy': "default-src 'none'; sandbox",
        'accept-ranges': 'bytes',
        'cache-control': 'private, no-cache',
        'repr-digest': header('<script>alert(1)</script>'),
        etag: expect.stringMatching(/^"[0-9a-f]{32}"$/),
        'last-modified': expect.stringMatching(/ GMT$/),
      })
      expect(await answer.text()).toBe(method === 'GET' ? '<script>alert(1)</script>' : '')
    }
  })

  it('come in ranges', async () => {
    await collection('ranges', { digits: '0123456789', empty: '' })
    const ranged = async (headers: Record<string, string>, path = 'digits'): Promise<[number, string | null, string]> => {
      const answer = await of().call('alice', 'GET', at('ranges', path), undefined, headers)
      return [answer.status, answer.headers.get('content-range'), answer.status === 416 ? (await refused(answer)).code : await answer.text()]
    }
    expect(await ranged({ range: 'bytes=2-4' })).toEqual([206, 'bytes 2-4/10', '234'])
    expect(await ranged({ range: 'bytes=7-' })).toEqual([206, 'bytes 7-9/10', '789'])
    expect(await ranged({ range: 'bytes=-2' })).toEqual([206, 'bytes 8-9/10', '89'])
    expect(await ranged({ range: 'bytes=10-' })).toEqual([416, 'bytes */10', 'range_not_satisfiable'])
    expect(await ranged({ range: 'bytes=0-' }, 'empty')).toEqual([416, 'bytes */0', 'range_not_satisfiable'])
    expect(await ranged({ range: 'bytes=0-1,4-5' })).toEqual([200, null, '0123456789'])
    const etag = (await of().call('alice', 'HEAD', at('ranges', 'digits'))).headers.get('etag') ?? ''
    expect(await ranged({ range: 'bytes=0-0', 'if-range': etag })).toEqual([206, 'bytes 0-0/10', '0'])
    expect(await ranged({ range: 'bytes=0-0', 'if-range': '"other"' })).toEqual([200, null, '0123456789'])
    expect(await ranged({}, 'empty')).toEqual([200, null, ''])
  })

  it('are not sent again to who has them', async () => {
    await collection('cached', { a: 'a' })
    const etag = (await of().call('alice', 'HEAD', at('cached', 'a'))).headers.get('etag') ?? ''
    const known = await of().call('alice', 'GET', at('cached', 'a'), undefined, { 'if-none-match': `"x", ${etag}` })
    expect(await told(known)).toEqual({ status: 304, body: null })
    expect(known.headers.get('etag')).toBe(etag)
    expect((await of().call('alice', 'GET', at('cached', 'a'), undefined, { 'if-none-match': '"x"' })).status).toBe(200)
    expect(await refused(await of().call('alice', 'GET', at('cached', 'a'), undefined, { 'if-match': '"x"' }))).toMatchObject({
      status: 412,
      code: 'precondition_failed',
    })
  })

  it('are written under conditions', async () => {
    await collection('guarded', { a: 'one' })
    const etag = (await of().call('alice', 'HEAD', at('guarded', 'a'))).headers.get('etag') ?? ''
    const put = (path: string, headers: Record<string, string>): Promise<Response> => of().call('alice', 'PUT', at('guarded', path), 'two', headers)
    const failed = await put('a', { 'if-none-match': '*' })
    expect(failed.status).toBe(412)
    expect(await failed.json()).toMatchObject({ code: 'precondition_failed', actual: etag.slice(1, -1) })
    expect(await refused(await put('a', { 'if-match': `"${'0'.repeat(32)}"` }))).toMatchObject({ status: 412 })
    expect(await refused(await put('b', { 'if-match': etag }))).toMatchObject({ status: 412 })
    expect(await refused(await put('a', { 'if-match': 'unquoted' }))).toMatchObject({ status: 400, pointers: ['If-Match'] })
    expect(await refused(await put('a', { 'if-none-match': etag }))).toMatchObject({ status: 400, pointers: ['If-None-Match'] })
    expect((await put('a', { 'if-match': etag })).status).toBe(200)
    expect((await put('b', { 'if-none-match': '*' })).status).toBe(201)
    expect(await refused(await of().call('alice', 'DELETE', at('guarded', 'a'), undefined, { 'if-match': etag }))).toMatchObject({ status: 412 })
  })

  it('are checked against their digest, and stored not at all when it is another', async () => {
    await collection('checked')
    const put = (path: string, digest: string): Promise<Response> => of().call('alice', 'PUT', at('checked', path), 'hello', { 'repr-digest': digest })
    expect((await put('good', header('hello'))).status).toBe(201)
    expect((await put('unknown', 'sha-512=:AAAA:')).status).toBe(201)
    expect(await refused(await put('bad', `sha-512=:AAAA:, ${header('hallo')}`))).toMatchObject({ status: 400, code: 'digest_mismatch' })
    expect(await refused(await put('bad', 'sha-256=hello'))).toMatchObject({ status: 400, code: 'invalid_request', pointers: ['Repr-Digest'] })
    expect(await refused(await of().call('alice', 'GET', at('checked', 'bad')))).toMatchObject({ status: 404 })
  })

  it('are limited in number, whether announced or not', async () => {
    await collection('limited')
    const big = 'x'.repeat(1_000_001)
    expect(await refused(await of().call('alice', 'PUT', at('limited', 'big'), big))).toMatchObject({ status: 413, code: 'body_too_large' })
    const token = await of().token('alice')
    const stream = new ReadableStream({
      start: controller => {
        controller.enqueue(new TextEncoder().encode(big))
        controller.close()
      },
    })
    const chunked = await fetch(of().url + at('limited', 'big'), {
      method: 'PUT',
      headers: { authorization: `Bearer ${token}` },
      body: stream,
      duplex: 'half',
    })
    expect(await refused(chunked)).toMatchObject({ status: 413, code: 'body_too_large' })
    expect((await of().call('alice', 'PUT', at('limited', 'fits'), big.slice(1))).status).toBe(201)
    expect(await refused(await of().call('alice', 'GET', at('limited', 'big')))).toMatchObject({ status: 404 })
  })

  it('that break off leave nothing, neither an entry nor a file', async () => {
    await collection('broken')
    const token = await of().token('alice')
    const upload = request(of().url + at('broken', 'half'), { method: 'PUT', headers: { authorization: `Bearer ${token}`, 'content-length': 900_000 } })
    upload.on('error', () => undefined)
    upload.write('x'.repeat(600_000))
    const unfinished = (): Promise<string[]> => readdir(join(of().data, 'store', 'tmp'))
    await expect.poll(unfinished, { timeout: 10_000 }).toHaveLength(1)
    upload.destroy()
    await expect.poll(unfinished, { timeout: 10_000 }).toEqual([])
    expect(await refused(await of().call('alice', 'GET', at('broken', 'half')))).toMatchObject({ status: 404, code: 'entry_not_found' })
  })

  it('are bytes whatever they claim to be', async () => {
    await collection('types')
    for (const type of ['application/json', 'application/x-ndjson', 'text/csv', 'multipart/form-data; boundary=x', 'application/x-www-form-urlencoded']) {
      expect((await of().call('alice', 'PUT', at('types', encodeURIComponent(type)), '{not json', { 'content-type': type })).status, type).toBe(201)
      const got = await of().call('alice', 'GET', at('types', encodeURIComponent(type)))
      expect([got.headers.get('content-type'), await got.text()]).toEqual([type, '{not json'])
    }
    expect(await refused(await of().call('alice', 'PUT', at('types', 'x'), 'x', { 'content-encoding': 'gzip' }))).toMatchObject({
      status: 415,
      code: 'unsupported_media_type',
    })
    expect(await refused(await of().call('alice', 'PUT', at('types', 'x'), 'x', { 'content-range': 'bytes 0-0/2' }))).toMatchObject({
      status: 400,
      pointers: ['Content-Range'],
    })
  })
})

describe('paths', () => {
  it('are decoded exactly once', async () => {
    await collection('paths')
    for (const path of ['a%2Fb', 'a%252Fb', '100% é 日本 𝄞', 'a+b&c=d?e#f', '*', ':x', '~', 'a;b']) {
      const url = at('paths', encodeURIComponent(path))
      expect(await told(await of().call('alice', 'PUT', url, path)), path).toMatchObject({ status: 201, body: { path } })
      expect(await (await of().call('alice', 'GET', url)).text()).toBe(path)
    }
    expect((await told(await of().call('alice', 'PUT', at('paths', 'x%2Fy'), 'x'))).body).toMatchObject({ path: 'x/y' })
  })

  it.each(['', 'a/', '%2Fa', 'a//b', '%2e%2e%2fa', 'a/%2e%2e/b', 'a%00b', 'a%0Ab', 'a%7F', 'a%C2%85', 'x'.repeat(1025), '%ff', 'a%2'])(
    'are refused when they are not good (case %#)',
    async path => {
      for (const [resource, method, body] of [
        ['entries', 'GET', undefined],
        ['entries', 'PUT', 'x'],
        ['entries', 'DELETE', undefined],
        ['metadata', 'GET', undefined],
        ['versions', 'GET', undefined],
      ] as const) {
        const answer = await rawCall(method, at('paths', path, resource), body)
        expect(answer, `${method} ${resource}`).toEqual({ status: 400, code: 'invalid_path' })
      }
    },
  )

  it('may have 1,024 characters, however many bytes those are', async () => {
    const path = '日'.repeat(1024)
    expect((await of().call('alice', 'PUT', at('paths', encodeURIComponent(path)), 'x')).status).toBe(201)
  })
})

/** A call whose path is sent exactly as it stands: `fetch` would tidy it. */
async function rawCall(method: string, path: string, body?: string): Promise<{ status: number; code: string }> {
  const { hostname, port } = new URL(of().url)
  const outgoing = request({ hostname, port, method, path, headers: { authorization: `Bearer ${await of().token('alice')}` } })
  outgoing.end(body)
  const [incoming] = (await once(outgoing, 'response')) as [IncomingMessage]
  const text = Buffer.concat(await incoming.toArray()).toString()
  return { status: incoming.statusCode ?? 0, code: (JSON.parse(text) as { code: string }).code }
}

describe('lists of entries', () => {
  it('come in path order, by prefix, rolled up at slashes, page by page', async () => {
    await collection('listed', { 'a.txt': '1', 'b/c.txt': '2', 'b/d/e.txt': '3', 'b/f.txt': '4', 'g.txt': '5' })
    const list = async (query: string): Promise<unknown> => {
      const body = (await (await of().call('alice', 'GET', `/v1/collections/listed/entries${query}`)).json()) as {
        items: { path: string }[]
        prefixes?: string[]
        nextCursor: string | null
      }
      return [body.items.map(one => one.path), body.prefixes, body.nextCursor !== null]
    }
    expect(await list('')).toEqual([['a.txt', 'b/c.txt', 'b/d/e.txt', 'b/f.txt', 'g.txt'], undefined, false])
    expect(await list('?prefix=b/')).toEqual([['b/c.txt', 'b/d/e.txt', 'b/f.txt'], undefined, false])
    expect(await list('?delimiter=/')).toEqual([['a.txt', 'g.txt'], ['b/'], false])
    expect(await list('?prefix=b/&delimiter=/')).toEqual([['b/c.txt', 'b/f.txt'], ['b/d/'], false])
    expect(await list('?limit=2')).toEqual([['a.txt', 'b/c.txt'], undefined, true])
    expect(await list('?kind=folder')).toEqual([[], undefined, false])
    const paths: string[] = []
    for (let next: string | null = '/v1/collections/listed/entries?limit=2'; next !== null;) {
      const answer = await of().call('alice', 'GET', next)
      paths.push(...((await answer.json()) as { items: { path: string }[] }).items.map(one => one.path))
      next = /^<(.+)>/.exec(answer.headers.get('link') ?? '')?.[1] ?? null
    }
    expect(paths).toEqual(['a.txt', 'b/c.txt', 'b/d/e.txt', 'b/f.txt', 'g.txt'])
    for (const query of ['?delimiter=x', '?kind=dir', '?deleted=1', '?foo=1']) {
      expect(await refused(await of().call('alice', 'GET', `/v1/collections/listed/entries${query}`))).toMatchObject({ status: 400, code: 'invalid_request' })
    }
    expect(await refused(await of().call('alice', 'GET', '/v1/collections/listed/entries?prefix=../'))).toMatchObject({ status: 400, code: 'invalid_path' })
  })
})

describe('metadata', () => {
  it('is read, patched and kept through versions', async () => {
    await collection('described', { 'a.txt': 'a' })
    const url = at('described', 'a.txt', 'metadata')
    const read = await of().call('alice', 'GET', url)
    const etag = read.headers.get('etag') ?? ''
    expect(await told(read)).toMatchObject({ status: 200, body: { path: 'a.txt', version: 1, fields: {} } })
    const patched = await of().call('alice', 'PATCH', url, { fields: { title: 'A', deep: { x: 1, y: 2 } }, mediaType: 'text/markdown' }, { 'if-match': etag })
    expect(patched.headers.get('etag')).not.toBe(etag)
    expect(await told(patched)).toMatchObject({
      status: 200,
      body: { version: 2, mediaType: 'text/markdown', digest: digestOf('a'), fields: { title: 'A', deep: { x: 1, y: 2 } } },
    })
    expect(await refused(await of().call('alice', 'PATCH', url, { fields: {} }, { 'if-match': etag }))).toMatchObject({
      status: 412,
      code: 'precondition_failed',
    })
    expect(await told(await of().call('alice', 'PATCH', url, { fields: { title: null, deep: { y: null } } }))).toMatchObject({
      body: { version: 3, fields: { deep: { x: 1 } } },
    })
    expect((await told(await of().call('alice', 'PUT', at('described', 'a.txt'), 'b'))).body).toMatchObject({ version: 4, fields: { deep: { x: 1 } } })
    expect(await told(await of().call('alice', 'GET', `${url}?version=2`))).toMatchObject({ body: { version: 2, fields: { title: 'A' } } })
    for (const [body, pointer] of [
      [{}, ''],
      [{ fields: 7 }, '/fields'],
      [{ size: 7 }, '/size'],
    ] as const) {
      expect(await refused(await of().call('alice', 'PATCH', url, body))).toMatchObject({ status: 400, code: 'invalid_request', pointers: [pointer] })
    }
    const large = { fields: { x: 'y'.repeat(2048) } }
    expect(await refused(await of().call('alice', 'PATCH', url, large))).toMatchObject({ status: 413, code: 'body_too_large' })
    expect(await refused(await of().call('alice', 'PATCH', at('described', 'none', 'metadata'), { fields: {} }))).toMatchObject({
      status: 404,
      code: 'entry_not_found',
    })
  })

  it('has every version, newest first, tombstones too', async () => {
    await collection('history', { 'a.txt': 'one' })
    await of().call('alice', 'PUT', at('history', 'a.txt'), 'two')
    expect(await told(await of().call('alice', 'DELETE', at('history', 'a.txt')))).toEqual({ status: 204, body: null })
    expect(await refused(await of().call('alice', 'GET', at('history', 'a.txt')))).toMatchObject({ status: 404, code: 'entry_not_found' })
    expect(await refused(await of().call('alice', 'DELETE', at('history', 'a.txt')))).toMatchObject({ status: 404, code: 'entry_not_found' })
    const { body } = await told(await of().call('alice', 'GET', at('history', 'a.txt', 'versions')))
    expect((body as { items: { version: number; deleted?: boolean }[] }).items.map(one => [one.version, one.deleted])).toEqual([
      [3, true],
      [2, undefined],
      [1, undefined],
    ])
    expect(await (await of().call('alice', 'GET', `${at('history', 'a.txt')}?version=1`)).text()).toBe('one')
    expect(await refused(await of().call('alice', 'GET', `${at('history', 'a.txt')}?version=3`))).toMatchObject({ status: 404 })
    await of().call('alice', 'PUT', at('history', 'b.txt'), 'live')
    const listed = async (query: string): Promise<unknown[]> =>
      (
        (await (await of().call('alice', 'GET', `/v1/collections/history/entries${query}`)).json()) as { items: { path: string; deleted?: boolean }[] }
      ).items.map(one => [one.path, one.deleted])
    expect(await listed('')).toEqual([['b.txt', undefined]])
    expect(await listed('?deleted=true')).toEqual([
      ['a.txt', true],
      ['b.txt', undefined],
    ])
    expect(await refused(await of().call('alice', 'GET', at('history', 'none', 'versions')))).toMatchObject({ status: 404, code: 'entry_not_found' })
  })
})

describe('roles', () => {
  it('let readers read and writers write', async () => {
    await collection('roles', { a: 'a' })
    await of().call('alice', 'PUT', '/v1/collections/roles/grants/reader', { role: 'readonly' })
    expect((await of().call('reader', 'GET', at('roles', 'a'))).status).toBe(200)
    for (const [method, resource, body] of [
      ['PUT', 'entries', 'x'],
      ['DELETE', 'entries', undefined],
      ['PATCH', 'metadata', { fields: {} }],
    ] as const) {
      expect(await refused(await of().call('reader', method, at('roles', 'a', resource), body))).toMatchObject({ status: 403, code: 'insufficient_role' })
    }
  })
})
