import { randomBytes } from 'node:crypto'
import { describe, expect, it, vi } from 'vitest'
import { VCARD, idOf, says, system, world } from './world.ts'
import type { Answer } from './world.ts'

const of = world()

function post(path: string, type: string, body: string | Uint8Array, headers: Readonly<Record<string, string>> = {}): Promise<Answer> {
  return of().send('POST', path, body, { headers: { 'x-cm-well-type': type, ...headers } })
}

describe('a file infoton', () => {
  it('has a media type that can stand in a header', async () => {
    for (const mimeType of ['text/html\r\nX-Y: z', 'text/\u4e00', '']) {
      const wrapped = { type: 'FileInfoton', system: { path: '/files.org/type' }, content: { mimeType, data: 'x' } }
      const said = system('/files.org/type', 'base64-data', '"eA=="') + system('/files.org/type', 'mimeType', JSON.stringify(mimeType))
      const answers = [await of().in('format=jsonw', JSON.stringify(wrapped)), await of().in('format=ntriples', said)]
      expect(answers.map(({ status }) => status)).toEqual([400, 400])
    }
    expect((await of().get('/files.org/type')).status).toBe(404)
  })

  it('is read as its bytes, whole or in part, and described when a format is named', async () => {
    const bytes = randomBytes(5000)
    expect((await post('/files.org/a.bin', 'FILE', bytes, { 'content-type': 'image/png' })).body).toBe('{"success":true}')
    const raw = await of().get('/files.org/a.bin')
    expect([raw.status, raw.headers.get('content-type'), raw.bytes.equals(bytes)]).toEqual([200, 'image/png', true])
    const part = await of().get('/files.org/a.bin', { headers: { range: 'bytes=10-19' } })
    expect([part.status, part.headers.get('content-range'), part.bytes.equals(bytes.subarray(10, 20))]).toEqual([206, 'bytes 10-19/5000', true])
    expect((await of().get('/files.org/a.bin', { headers: { range: 'bytes=5000-' } })).status).toBe(416)
    const head = await of().send('HEAD', '/files.org/a.bin')
    expect([head.status, head.headers.get('content-length'), head.body]).toEqual([200, '5000', ''])
    const again = await of().get('/files.org/a.bin', { headers: { 'if-none-match': raw.headers.get('etag') ?? '' } })
    expect(again.status).toBe(304)
    expect(await of().infoton('/files.org/a.bin')).toMatchObject({
      type: 'FileInfoton',
      content: { mimeType: 'image/png', length: 5000, 'base64-data': bytes.toString('base64') },
    })
  })

  it('tells text as text', async () => {
    for (const [name, type] of [
      ['a.txt', 'text/plain; utf-8'],
      ['a.json', 'application/json'],
      ['a.xml', 'application/rdf+xml; charset=utf-8'],
    ] as const) {
      await post(`/files.org/${name}`, 'file', '{"ü":1}', { 'content-type': type })
      expect((await of().infoton(`/files.org/${name}`)).content).toEqual({ mimeType: type, length: 8, data: '{"ü":1}' })
    }
    // bytes that are no text, whatever their type says
    await post('/files.org/odd.txt', 'FILE', Uint8Array.of(0xff, 0xfe), { 'content-type': 'text/plain' })
    expect((await of().infoton('/files.org/odd.txt')).content).toEqual({ mimeType: 'text/plain', length: 2, 'base64-data': '//4=' })
  })

  it('is put as it is posted; the same again is no new version', async () => {
    for (let n = 0; n < 2; n += 1) {
      const put = await of().send('PUT', '/files.org/put', 'bytes', { headers: { 'X-CM-WELL-TYPE': 'File', 'content-type': 'text/plain' } })
      expect([put.status, put.body]).toEqual([200, '{"success":true}'])
    }
    expect(await of().history('/files.org/put')).toHaveLength(1)
  })

  it('is written by /_in with fields of its own, text and base64', async () => {
    const large = randomBytes(600_000)
    const subject = '/files.org/by-in'
    const body =
      system(subject, 'type', '"FileInfoton"') + system(subject, 'mimeType', '"image/gif"') + system(subject, 'base64-data', `"${large.toString('base64')}"`)
    expect(await of().tracked(idOf(await of().in('format=ntriples&tracking', body + says(subject, 'FN', 'x'))))).toEqual({ [subject]: 'Done' })
    const raw = await of().get(subject)
    expect([raw.headers.get('content-type'), raw.bytes.equals(large)]).toEqual(['image/gif', true])
    expect(await of().fields(subject)).toEqual({ 'FN.vcard': ['x'] })

    await of().update(system(subject, 'data', '"now text: ü"'))
    const text = await of().get(subject)
    expect([text.headers.get('content-type'), text.body]).toEqual(['text/plain; utf-8', 'now text: ü'])
    expect(await of().fields(subject)).toEqual({ 'FN.vcard': ['x'] })
  })

  it('without bytes fails, and leaves nothing', async () => {
    expect(await of().update(system('/files.org/empty', 'type', '"FileInfoton"'))).toEqual({ '/files.org/empty': 'Failed' })
    expect((await of().get('/files.org/empty?format=json')).status).toBe(404)
  })
})

describe('POST and PUT of a path', () => {
  it('takes fields of an object, and of a file', async () => {
    const fields = JSON.stringify({ 'FN.vcard': 'x', plain: ['a', 1, true], n: 2.5 })
    expect((await post('/posts.org/o', 'OBJ', fields)).body).toBe('{"success":true}')
    expect(await of().infoton('/posts.org/o')).toMatchObject({ type: 'ObjectInfoton', fields: { 'FN.vcard': ['x'], plain: ['a', 1, true], n: [2.5] } })
    // what is posted replaces what was there
    await post('/posts.org/o', 'obj', '{"plain":"b"}')
    expect(await of().fields('/posts.org/o')).toEqual({ plain: ['b'] })
    await post('/posts.org/f', 'FILE', 'bytes', { 'content-type': 'text/plain' })
    expect((await post('/posts.org/f', 'FILE_MD', '{"author":"me"}')).status).toBe(200)
    expect(await of().infoton('/posts.org/f')).toMatchObject({ type: 'FileInfoton', fields: { author: ['me'] }, content: { data: 'bytes' } })
  })

  it('has no tracking: there is no id', async () => {
    const answer = await of().send('POST', '/posts.org/t?tracking&blocking', '{"a":"b"}', { headers: { 'x-cm-well-type': 'OBJ' } })
    expect([answer.status, answer.headers.get('x-cm-well-tid'), answer.body]).toEqual([200, null, '{"success":true}'])
  })

  it('is refused in the words of the protocol', async () => {
    for (const [path, type, body, status, cause] of [
      ['/posts.org/x', 'FILE', '', 400, 'empty content'],
      ['/posts.org/x', 'THING', 'x', 400, 'unrecognized type'],
      ['/posts.org/x', '', 'x', 400, 'unrecognized type'],
      ['/posts.org/x', 'OBJ', '{"a":', 400, undefined],
      ['/posts.org/x', 'OBJ', '[]', 400, undefined],
      ['/posts.org/x', 'OBJ', '{"a":{"b":1}}', 400, undefined],
      ['/posts.org/x', 'OBJ', '{"a.nobodys":"1"}', 400, undefined],
      ['/posts.org/a$b', 'OBJ', '{"a":"1"}', 400, undefined],
    ] as const) {
      const answer = await post(path, type, body)
      expect(answer.status, `${type} ${body}`).toBe(status)
      const told = JSON.parse(answer.body) as { success: boolean; cause: string }
      expect([told.success, typeof told.cause], answer.body).toEqual([false, 'string'])
      if (cause !== undefined) expect(told.cause).toBe(cause)
    }
    expect((await of().get('/posts.org/x?format=json')).status).toBe(404)
    // a description of a file that is not there makes none
    await post('/posts.org/no-file', 'FILE_MD', '{"a":"1"}')
    expect((await of().get('/posts.org/no-file')).headers.get('content-type')).not.toBe('application/octet-stream')
  })

  it('is refused with the reason to who may not', async () => {
    await of().update(says('/bobs.org/a', 'FN', 'x'), 'format=ntriples', { as: 'bob' })
    const headers = { 'x-cm-well-type': 'OBJ' }
    for (const [sending, message] of [
      [{ as: null, headers }, 'Not authorized, please login first'],
      [{ as: null, headers: { ...headers, 'x-cm-well-token': 'garbage' } }, 'given token is not valid (not signed or expired)'],
      [{ as: 'alice', headers }, 'Authenticated but not authorized'],
    ] as const) {
      const answer = await of().send('POST', '/bobs.org/a', '{"a":"1"}', sending)
      expect([answer.status, JSON.parse(answer.body)]).toEqual([403, { success: false, message }])
    }
  })
})

describe('DELETE of a path', () => {
  const gone = async (path: string): Promise<boolean> => (await of().get(`${path}?format=json`)).status === 404

  it('deletes what is beneath, unless told not to', async () => {
    await of().update(says('/delete.org/a', 'FN', 'x') + says('/delete.org/a/b', 'FN', 'x'))
    expect((await of().send('DELETE', '/delete.org/a?recursive=false')).body).toBe('{"success":true}')
    expect([await gone('/delete.org/a'), await gone('/delete.org/a/b')]).toEqual([true, false])
    await of().update(says('/delete.org/a', 'FN', 'x'))
    expect((await of().send('DELETE', '/delete.org/a')).status).toBe(200)
    expect([await gone('/delete.org/a'), await gone('/delete.org/a/b')]).toEqual([true, true])
    // what is gone already is no fault
    expect((await of().send('DELETE', '/delete.org/a')).status).toBe(200)
  })

  it('deletes a field, a value, or what a document lists', async () => {
    const path = '/delete.org/f'
    await of().update(
      `${says(path, 'FN', '1')}${says(path, 'FN', '2')}${says(path, 'ORG', '1')}<http:/${path}> <cmwell://meta/nn#n> "5"^^<http://www.w3.org/2001/XMLSchema#int> .`,
    )
    await of().send('DELETE', `${path}?field=FN.vcard&value=1`)
    expect(await of().fields(path)).toEqual({ 'FN.vcard': ['2'], 'ORG.vcard': ['1'], n: [5] })
    await of().send('DELETE', `${path}?field=FN.vcard`)
    expect(await of().fields(path)).toEqual({ 'ORG.vcard': ['1'], n: [5] })
    await of().send('DELETE', `${path}?data=${encodeURIComponent('{"n":5,"ORG.vcard":["2"]}')}`)
    expect(await of().fields(path)).toEqual({ 'ORG.vcard': ['1'] })
    expect((await of().send('DELETE', `${path}?field=FN.nobodys`)).status).toBe(400)
  })

  it('refuses more than 500 beneath', async () => {
    await of().update(Array.from({ length: 501 }, (_, n) => says(`/delete.org/many/${n}`, 'FN', 'x')).join(''), 'format=ntriples')
    const answer = await of().send('DELETE', '/delete.org/many')
    expect([answer.status, JSON.parse(answer.body)]).toMatchObject([
      400,
      { success: false, error: expect.stringMatching(/^recursive DELETE is forbidden/) as string },
    ])
  })
})

describe('files of every dialect', () => {
  it('are the same: a file infoton is a file of /v1, and a file put there an infoton', async () => {
    const bytes = randomBytes(1000)
    const subject = '/shared.org/d/a.bin'
    await of().update(system(subject, 'mimeType', '"image/png"') + system(subject, 'base64-data', `"${bytes.toString('base64')}"`) + says(subject, 'FN', 'x'))
    const native = await of().server.call('alice', 'GET', '/v1/collections/shared.org/entries/d/a.bin')
    expect([native.status, native.headers.get('content-type'), Buffer.from(await native.arrayBuffer()).equals(bytes)]).toEqual([200, 'image/png', true])

    const put = await of().server.call('alice', 'PUT', '/v1/collections/shared.org/entries/b.txt', 'hello', { 'content-type': 'text/plain' })
    expect(put.status).toBe(201)
    const patched = await of().server.call('alice', 'PATCH', '/v1/collections/shared.org/metadata/b.txt', {
      fields: { plain: 'x', n: 1, list: ['a', { '@value': 'b', '@language': 'en' }], [`${VCARD}FN`]: ['John'] },
    })
    expect(patched.status).toBe(200)
    expect(await of().infoton('/shared.org/b.txt')).toMatchObject({
      type: 'FileInfoton',
      system: { lastModifiedBy: 'alice' },
      fields: { plain: ['x'], n: [1], list: ['a', 'b'], 'FN.vcard': ['John'] },
      content: { mimeType: 'text/plain', length: 5, data: 'hello' },
    })
    const etag = patched.headers.get('etag')?.replaceAll('"', '')
    expect(await of().uuid('/shared.org/b.txt')).toBe(etag)
    expect(await of().update(system('/shared.org/b.txt', 'prevUUID', `"${etag}"`) + says('/shared.org/b.txt', 'FN', 'Jane'))).toEqual({
      '/shared.org/b.txt': 'Done',
    })
    expect(await of().fields('/shared.org/b.txt')).toMatchObject({ 'FN.vcard': ['John', 'Jane'] })
  })

  it('take their fields along when they are copied', async () => {
    await post('/shared.org/from', 'FILE', 'bytes', { 'content-type': 'text/plain' })
    await of().update(says('/shared.org/from', 'FN', 'x') + `<http://shared.org/from> <${VCARD}N> "1" <http://g> .\n`)
    const copy = { source: { collection: 'shared.org', path: 'from' }, destination: { collection: 'shared.org', path: 'to/there' } }
    const submitted = await of().server.call('alice', 'POST', '/v1/jobs', { kind: 'copy', items: [copy] }, { prefer: 'wait=10' })
    const { id } = (await submitted.json()) as { id: string }
    await vi.waitFor(async () => expect(await (await of().server.call('alice', 'GET', `/v1/jobs/${id}`)).json()).toMatchObject({ outcome: 'succeeded' }), {
      timeout: 20_000,
    })
    const [from, to] = [await of().infoton('/shared.org/from'), await of().infoton('/shared.org/to/there')]
    expect([to.type, to.fields, to.content]).toEqual([from.type, from.fields, from.content])
    expect((await of().get('/shared.org/to/there?format=nquads')).body).toContain(`<http://shared.org/to/there> <${VCARD}N> "1" <http://g> .`)
  })
})
