import { once } from 'node:events'
import { request } from 'node:http'
import { connect } from 'node:net'
import { describe, expect, it } from 'vitest'
import { refused, testServer, told } from './golden.ts'

const { of, collection } = testServer({ headerTimeoutMs: 300, bodyTimeoutMs: 300, jsonBodyBytes: 2048 })

describe('every answer', () => {
  it('has a request id: a well-formed one of the caller is kept', async () => {
    for (const path of ['/healthz', '/v1/whoami', '/nowhere', '/v1/jobs/7']) {
      const kept = await of().call('alice', 'GET', path, undefined, { 'x-request-id': 'my-id.7' })
      expect(kept.headers.get('x-request-id'), path).toBe('my-id.7')
      const made = await of().call('alice', 'GET', path, undefined, { 'x-request-id': 'not well formed' })
      expect(made.headers.get('x-request-id'), path).toMatch(/^[0-9a-f-]{36}$/)
    }
  })

  it('is data that a browser neither runs, frames nor guesses at', async () => {
    const { headers } = await of().call('alice', 'GET', '/v1/whoami')
    expect(Object.fromEntries(headers)).toMatchObject({
      'cache-control': 'no-store',
      'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
      'cross-origin-resource-policy': 'same-origin',
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
    })
  })
})

describe('tokens', () => {
  const call = (authorization?: string): Promise<Response> => fetch(`${of().url}/v1/whoami`, { headers: authorization === undefined ? {} : { authorization } })

  it('are needed, and good ones', async () => {
    const missing = await call()
    expect(missing.headers.get('www-authenticate')).toBe('Bearer realm="waybill"')
    expect(await told(missing)).toEqual({
      status: 401,
      body: {
        type: '/errors/unauthenticated',
        title: 'A valid token is needed',
        status: 401,
        detail: 'send "Authorization: Bearer <token>" with a valid token',
        code: 'unauthenticated',
        instance: '/v1/whoami',
      },
    })
    const expired = await of().token('alice', ['read'], Date.now() - 1)
    for (const header of ['Bearer nonsense', 'Bearer ', 'Bearer', 'Basic YTpi', `Token ${await of().token('alice')}`, 'Bearer a b', `Bearer ${expired}`]) {
      const answer = await call(header)
      expect(answer.headers.get('www-authenticate'), header).toBe('Bearer realm="waybill", error="invalid_token"')
      expect(await refused(answer), header).toMatchObject({ status: 401, code: 'unauthenticated' })
    }
    expect((await call(`bearer ${await of().token('alice')}`)).status).toBe(200)
  })

  it('say who they are and what they may', async () => {
    await collection('mine')
    expect(await told(await of().call('alice', 'GET', '/v1/whoami'))).toEqual({
      status: 200,
      body: {
        subject: 'alice',
        scopes: ['read', 'write', 'apollo_read', 'apollo_write'],
        roles: [{ collection: 'mine', role: 'owner' }],
        quotas: { eventStreams: { limit: 1_000, used: 0 } },
        nextCursor: null,
      },
    })
  })

  it('need the scope of the call, before anything is said of the resource or the body', async () => {
    const scoped = async (scopes: readonly ('read' | 'write' | 'admin' | 'apollo_read')[], method: string, path: string, body?: string): Promise<Response> =>
      fetch(of().url + path, {
        method,
        headers: { authorization: `Bearer ${await of().token('alice', scopes)}`, 'content-type': 'application/json' },
        ...(body === undefined ? {} : { body }),
      })
    const forbidden = await scoped(['write'], 'GET', '/v1/collections/nowhere')
    expect(forbidden.headers.get('www-authenticate')).toBe('Bearer realm="waybill", error="insufficient_scope", scope="read"')
    expect(await told(forbidden)).toMatchObject({ status: 403, body: { code: 'insufficient_scope', scope: 'read' } })
    for (const [method, path] of [
      ['POST', '/v1/collections'],
      ['PATCH', '/v1/collections/nowhere'],
      ['DELETE', '/v1/collections/nowhere'],
      ['PUT', '/v1/collections/nowhere/grants/x'],
      ['PUT', '/v1/collections/nowhere/lock'],
      ['PUT', '/v1/collections/nowhere/entries/x'],
      ['PATCH', '/v1/collections/nowhere/metadata/x'],
      ['POST', '/v1/jobs'],
      ['POST', '/v1/jobs/7/cancel'],
      ['POST', '/v1/jobs/7/retry'],
    ] as const) {
      expect(await refused(await scoped(['read', 'apollo_read'], method, path, '{broken')), `${method} ${path}`).toMatchObject({
        status: 403,
        code: 'insufficient_scope',
      })
    }
    expect((await scoped(['admin'], 'GET', '/v1/collections')).status).toBe(200)
    expect(await refused(await scoped(['admin'], 'POST', '/v1/collections', '{}'))).not.toMatchObject({ status: 403 })
    expect((await scoped(['apollo_read'], 'GET', '/v1/whoami')).status).toBe(200)
  })

  it('may delete with the write scope alone, but not copy: that reads', async () => {
    await collection('writeonly', { a: 'a' })
    const submit = async (body: object): Promise<Response> =>
      fetch(`${of().url}/v1/jobs`, {
        method: 'POST',
        headers: { authorization: `Bearer ${await of().token('alice', ['write'])}`, 'content-type': 'application/json' },
        body: JSON.stringify(body),
      })
    const source = { collection: 'writeonly', path: 'a' }
    for (const kind of ['copy', 'move']) {
      const answer = await submit({ kind, items: [{ source, destination: { collection: 'writeonly', path: 'b' } }] })
      expect(await told(answer), kind).toMatchObject({ status: 403, body: { code: 'insufficient_scope', scope: 'read' } })
    }
    expect((await submit({ kind: 'update', items: [{ source, fields: { x: 1 } }] })).status).toBe(202)
    expect((await submit({ kind: 'delete', items: [{ source }] })).status).toBe(202)
  })
})

describe('the root', () => {
  it('is a page, and takes no other method', async () => {
    const page = await fetch(of().url, { redirect: 'manual' })
    expect([page.status, page.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8'])
    expect((await told(await of().call('alice', 'POST', '/'))).body).toMatchObject({ code: 'method_not_allowed' })
  })
})

describe('requests that are not understood', () => {
  it('to nowhere are 404, and wrong methods 405 with the right ones', async () => {
    expect(await told(await of().call('alice', 'GET', '/v1/nothing?x=1'))).toEqual({
      status: 404,
      body: {
        type: '/errors/route_not_found',
        title: 'No such resource',
        status: 404,
        detail: 'there is nothing at GET /v1/nothing; the API is described at /docs',
        code: 'route_not_found',
        instance: '/v1/nothing',
      },
    })
    for (const [path, allow] of [
      ['/v1/jobs', 'GET, HEAD, POST'],
      ['/v1/jobs/7', 'GET, HEAD'],
      ['/v1/jobs/7/cancel', 'POST'],
      ['/v1/collections/c', 'DELETE, GET, HEAD, PATCH'],
      ['/v1/collections/c/entries/x/y', 'DELETE, GET, HEAD, PUT'],
      ['/v1/collections/c/lock', 'DELETE, GET, HEAD, PUT'],
      ['/healthz', 'GET, HEAD'],
    ]) {
      const answer = await of().call('alice', 'OPTIONS', path ?? '')
      expect(answer.headers.get('allow'), path).toBe(allow)
      expect(await refused(answer), path).toMatchObject({ status: 405, code: 'method_not_allowed' })
    }
  })

  it('with broken bodies say what is broken', async () => {
    const post = (body: string | Uint8Array, type = 'application/json', path = '/v1/collections'): Promise<Response> =>
      of().call('alice', 'POST', path, body, { 'content-type': type })
    for (const path of ['/v1/collections', '/v1/jobs']) {
      expect(await refused(await post('{"a":}', undefined, path))).toMatchObject({
        status: 400,
        code: 'invalid_json',
        detail: expect.stringMatching(/^the body is not valid JSON: Unexpected token '}'.*/),
      })
      expect(await refused(await post(Buffer.from([0x7b, 0xff, 0x7d]), undefined, path))).toMatchObject({
        status: 400,
        code: 'invalid_json',
        detail: expect.stringContaining('UTF-8'),
      })
      expect(await refused(await post('{"__proto__":{"x":1}}', undefined, path))).toMatchObject({ status: 400, code: 'invalid_json' })
      expect(await refused(await post('', undefined, path))).toMatchObject({ status: 400, code: 'invalid_request' })
      expect(await refused(await post('[]', undefined, path))).toMatchObject({ status: 400, code: 'invalid_request', pointers: [''] })
      expect(await refused(await post('null', undefined, path))).toMatchObject({ status: 400, code: 'invalid_request', pointers: [''] })
      expect(await refused(await post('a=b', 'application/x-www-form-urlencoded', path))).toMatchObject({ status: 415, code: 'unsupported_media_type' })
      expect(await refused(await post('a', 'nonsense', path))).toMatchObject({ status: 415, code: 'unsupported_media_type' })
    }
    expect(await refused(await post(JSON.stringify({ name: 'x'.repeat(3000) })))).toMatchObject({ status: 413, code: 'body_too_large' })
    expect(await refused(await of().call('alice', 'POST', '/v1/jobs/7/cancel', { now: true }))).toMatchObject({ status: 400, code: 'invalid_request' })
    expect(await refused(await of().call('alice', 'POST', '/v1/jobs/7/cancel', {}))).toMatchObject({ status: 404, code: 'job_not_found' })
  })

  it('that are not HTTP are answered all the same', async () => {
    expect(await raw('NONSENSE\r\n\r\n')).toMatch(
      /^HTTP\/1\.1 400 Bad Request\r\nContent-Type: application\/problem\+json\r\n.*X-Request-Id: .*"code":"invalid_request"/s,
    )
    const mixed = (path: string): Promise<string> => raw(`Get ${path} HTTP/1.1\r\nHost: x\r\n\r\n`)
    expect(await mixed('/v1/whoami')).toMatch(
      /"detail":"the method \\"Get\\" is not one of HTTP; methods are written in capitals: GET".*"instance":"\/v1\/whoami"/,
    )
    expect(await mixed('/v2/user')).toMatch(/\r\n\r\n{"status":400,"code":90000,"message":"the method .*"more_info":/)
    expect(await mixed('/apollo/collections')).toMatch(/\r\n\r\n{"status":{"message":"the method .*","code":"400"}}$/)
    expect(await raw(`GET / HTTP/1.1\r\nHost: x\r\nX-Large: ${'x'.repeat(40_000)}\r\n\r\n`)).toMatch(/^HTTP\/1\.1 431 .*"code":"headers_too_large"/s)
  })

  it('whose header or body does not come are given up', async () => {
    expect(await raw('GET /healthz HTTP/1.1\r\nHost: x\r\n')).toMatch(/^HTTP\/1\.1 408 .*"code":"request_timeout"/s)
    const token = await of().token('alice')
    for (const [method, path, type] of [
      ['POST', '/v1/collections', 'application/json'],
      ['PUT', '/v1/collections/mine/entries/slow', 'text/plain'],
      ['POST', '/v1/jobs?kind=delete', 'application/x-ndjson'],
    ]) {
      const head = `${method} ${path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token}\r\nContent-Type: ${type}\r\nContent-Length: 1000\r\n\r\n`
      expect(await raw(`${head}{`), path).toMatch(/^HTTP\/1\.1 408 .*connection: close.*"code":"request_timeout"/s)
    }
    expect((await of().call('alice', 'GET', '/v1/collections/mine/entries/slow')).status).toBe(404)
  })
})

/** What a server answers to these bytes until it closes the connection. */
async function raw(bytes: string): Promise<string> {
  const { hostname, port } = new URL(of().url)
  const socket = connect({ host: hostname, port: Number(port) })
  socket.write(bytes)
  let text = ''
  socket.on('data', chunk => (text += chunk.toString()))
  await once(socket, 'close')
  return text
}

describe('the server itself', () => {
  it('says that it lives and that it is ready', async () => {
    expect(await told(await fetch(`${of().url}/healthz`))).toEqual({ status: 200, body: { status: 'ok' } })
    expect(await told(await fetch(`${of().url}/readyz`))).toEqual({ status: 200, body: { status: 'ok' } })
  })

  it('describes itself, without reaching for anything outside', async () => {
    const page = await fetch(`${of().url}/docs/`)
    const html = await page.text()
    expect(page.headers.get('content-security-policy')).toContain("script-src 'self'")
    const assets = [...html.matchAll(/(?:src|href)="([^"]+)"/g)].map(match => match[1] ?? '')
    expect(assets.length).toBeGreaterThan(3)
    for (const asset of assets) {
      expect(asset).toMatch(/^\.\//)
      expect((await fetch(new URL(asset, `${of().url}/docs/`))).status, asset).toBe(200)
    }
    expect((await fetch(`${of().url}/openapi.json`)).headers.get('content-type')).toContain('application/json')
  })

  it('answers a body that it refuses before it has come as a whole', async () => {
    const outgoing = request(`${of().url}/v1/collections/nowhere/entries/x`, {
      method: 'PUT',
      headers: { authorization: `Bearer ${await of().token('alice')}`, 'content-length': 1_000_000 },
    })
    outgoing.on('error', () => undefined)
    outgoing.write('x'.repeat(100_000))
    const [incoming] = (await once(outgoing, 'response')) as [{ statusCode: number }]
    expect(incoming.statusCode).toBe(404)
    outgoing.destroy()
  })
})
