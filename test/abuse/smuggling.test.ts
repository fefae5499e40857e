import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { expectWell } from '../fuzz/target.ts'
import { startTestServer } from '../support/server.ts'
import type { TestServer } from '../support/server.ts'
import { Line, statusesIn } from './line.ts'

let server: TestServer
let token: string

beforeAll(async () => {
  server = await startTestServer({ headerTimeoutMs: 1000, bodyTimeoutMs: 1000 })
  token = await server.token('alice')
  await server.call('alice', 'POST', '/v1/collections', { id: 'c' })
})
afterAll(async () => {
  await expectWell(server)
  await server.close()
})

/** What a request ends with that hides another one in its body: that one must never be answered. */
const HIDDEN = 'GET /hidden-request HTTP/1.1\r\nHost: x\r\n\r\n'

/** A request after which the server closes the connection. */
const LAST = 'GET /last HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'

/** Sends the bytes and gathers until the server closes. */
async function exchange(bytes: string): Promise<{ statuses: number[]; text: string }> {
  const line = await Line.open(server.url)
  line.write(bytes)
  const text = await line.untilClosed()
  return { statuses: statusesIn(text), text }
}

/** The same of a request that may leave the connection open: the answers before that of a last one, if any came. */
async function exchangeAndClose(bytes: string): Promise<{ statuses: number[]; text: string }> {
  const { statuses, text } = await exchange(bytes + LAST)
  return text.includes('"instance":"/last"') ? { statuses: statuses.slice(0, -1), text } : { statuses, text }
}

const put = (headers: string, body: string): string =>
  `PUT /v1/collections/c/entries/smuggled HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token}\r\n${headers}\r\n\r\n${body}`

describe('a request whose end could be read in two ways', () => {
  const REFUSED: readonly (readonly [string, string, string])[] = [
    ['a length and a coding', 'Content-Length: 4\r\nTransfer-Encoding: chunked', `0\r\n\r\n${HIDDEN}`],
    ['a coding and a length', 'Transfer-Encoding: chunked\r\nContent-Length: 4', `0\r\n\r\n${HIDDEN}`],
    ['two lengths', `Content-Length: 4\r\nContent-Length: ${4 + HIDDEN.length}`, `abcd${HIDDEN}`],
    ['two equal lengths', 'Content-Length: 4\r\nContent-Length: 4', `abcd${HIDDEN}`],
    ['a list of lengths', 'Content-Length: 4, 4', `abcd${HIDDEN}`],
    ['a signed length', 'Content-Length: +4', `abcd${HIDDEN}`],
    ['a negative length', 'Content-Length: -4', `abcd${HIDDEN}`],
    ['a length in hexadecimal', 'Content-Length: 0x4', `abcd${HIDDEN}`],
    ['a length with a blank inside', 'Content-Length: 1 4', `abcd${HIDDEN}`],
    ['an empty length', 'Content-Length:', `abcd${HIDDEN}`],
    ['a length past all bounds', 'Content-Length: 99999999999999999999999', `abcd${HIDDEN}`],
    ['a blank before the colon', 'Content-Length : 4', `abcd${HIDDEN}`],
    ['a blank before the colon of a coding', 'Transfer-Encoding : chunked', `0\r\n\r\n${HIDDEN}`],
    ['a coding that is none', 'Transfer-Encoding: xchunked', `0\r\n\r\n${HIDDEN}`],
    ['chunked that is not last', 'Transfer-Encoding: chunked, identity', `0\r\n\r\n${HIDDEN}`],
    ['chunked twice', 'Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked', `0\r\n\r\n${HIDDEN}`],
    ['another coding before chunked', 'Transfer-Encoding: gzip, chunked', `0\r\n\r\n`],
    ['a coding after a folded line', 'X: y\r\n Transfer-Encoding: chunked\r\nContent-Length: 4\r\nTransfer-Encoding:\r\n chunked', `0\r\n\r\n${HIDDEN}`],
    ['a vertical tab before chunked', 'Transfer-Encoding: \x0bchunked', `0\r\n\r\n${HIDDEN}`],
    ['a bare CR in a header', 'X: a\rTransfer-Encoding: chunked\r\nContent-Length: 4', `abcd`],
    ['a bare LF after a header', 'X: a\nTransfer-Encoding: chunked\r\nContent-Length: 4', `0\r\n\r\n${HIDDEN}`],
    ['a NUL in a header', 'X: a\0b\r\nContent-Length: 4', `abcd${HIDDEN}`],
    ['a header without a colon', 'Nonsense\r\nContent-Length: 4', `abcd${HIDDEN}`],
    ['a chunk of negative size', 'Transfer-Encoding: chunked', `-1\r\na\r\n0\r\n\r\n${HIDDEN}`],
    ['a chunk past all bounds', 'Transfer-Encoding: chunked', `fffffffffffffffff\r\na\r\n0\r\n\r\n${HIDDEN}`],
    ['a chunk with 0x before its size', 'Transfer-Encoding: chunked', `0x4\r\nabcd\r\n0\r\n\r\n${HIDDEN}`],
    ['a chunk size that is none', 'Transfer-Encoding: chunked', `z\r\nabcd\r\n0\r\n\r\n${HIDDEN}`],
    ['a chunk that ends with LF alone', 'Transfer-Encoding: chunked', `4\r\nabcd\n0\r\n\r\n${HIDDEN}`],
    ['a chunk size that ends with LF alone', 'Transfer-Encoding: chunked', `4\nabcd\r\n0\r\n\r\n${HIDDEN}`],
    ['a chunk longer than it says', 'Transfer-Encoding: chunked', `4\r\nabcdef\r\n0\r\n\r\n${HIDDEN}`],
    ['an extension of 100 KB', 'Transfer-Encoding: chunked', `4;${'x'.repeat(100_000)}\r\nabcd\r\n0\r\n\r\n${HIDDEN}`],
  ]

  it.each(REFUSED)('is refused, and its connection closed: %s', async (_what, headers, body) => {
    const { statuses, text } = await exchange(put(headers, body))
    // 404 is what the hidden request would be answered if it were taken for one
    expect(text).not.toContain('route_not_found')
    // what is wrong within a body shows only after the request was taken: then there may be no answer at all
    for (const status of statuses) expect([400, 413, 431, 501], text).toContain(status)
    expect((await server.call('alice', 'GET', '/v1/collections/c/metadata/smuggled')).status).toBe(404)
  })

  it('that is as it should be is taken, and so is the one behind it', async () => {
    // what comes down one connection is worked on side by side, so any of them may be the first
    const good = [
      put('Content-Length: 4', 'abcd'),
      put('Transfer-Encoding: chunked', '4;name=value\r\nabcd\r\n0\r\nTrailer: x\r\n\r\n'),
      put('Transfer-Encoding: Chunked', '2\r\nab\r\n2\r\ncd\r\n0\r\n\r\n'),
    ]
    const { statuses } = await exchangeAndClose(good.join('') + HIDDEN)
    expect(statuses).toHaveLength(4)
    expect(statuses.slice(0, 3).toSorted()).toEqual([200, 200, 201])
    expect(statuses[3]).toBe(404)
    expect(await (await server.call('alice', 'GET', '/v1/collections/c/entries/smuggled')).text()).toBe('abcd')
    await server.call('alice', 'DELETE', '/v1/collections/c/entries/smuggled')
  })
})

describe('the form of a request', () => {
  const auth = (): string => `Authorization: Bearer ${token}\r\n`

  it.each([
    ['HTTP/1.0', 'GET /healthz HTTP/1.0\r\n\r\n', 200],
    ['without a Host', 'GET /healthz HTTP/1.1\r\n\r\n', 400],
    ['with two Hosts', 'GET /healthz HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n', 400],
    ['HTTP/2 in plain text', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 400],
    ['HTTP/9.9', 'GET /healthz HTTP/9.9\r\nHost: x\r\n\r\n', 400],
    ['HTTP/0.9', 'GET /healthz\r\n\r\n', 200],
    ['a whole URL', 'GET http://elsewhere.example/healthz HTTP/1.1\r\nHost: x\r\n\r\n', 200],
    ['an asterisk', 'OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n', 405],
    ['a tunnel', 'CONNECT elsewhere.example:443 HTTP/1.1\r\nHost: elsewhere.example:443\r\n\r\n', 0],
    ['a method of its own', 'EVIL /healthz HTTP/1.1\r\nHost: x\r\n\r\n', 400],
    ['TRACE', 'TRACE /healthz HTTP/1.1\r\nHost: x\r\n\r\n', 404],
    ['an upgrade', 'GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n', 200],
    ['an upgrade to HTTP/2', 'GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AA\r\n\r\n', 200],
    ['an expectation that is none', 'GET /healthz HTTP/1.1\r\nHost: x\r\nExpect: miracles\r\n\r\n', 417],
    ['a TLS hello', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03', 400],
  ])('%s is answered as it should be', async (_what, bytes, status) => {
    const line = await Line.open(server.url)
    line.write(bytes)
    const text = await line.until(so => /\r\n\r\n/.test(so) || line.socket.readableEnded)
    line.socket.destroy()
    expect(statusesIn(text)).toEqual(status === 0 ? [] : [status])
  })

  it('Expect: 100-continue is told to go on', async () => {
    const line = await Line.open(server.url)
    line.write(`PUT /v1/collections/c/entries/expected HTTP/1.1\r\nHost: x\r\n${auth()}Expect: 100-continue\r\nConnection: close\r\nContent-Length: 2\r\n\r\n`)
    await line.until(text => text.includes('100 Continue'))
    line.write('ab')
    expect(statusesIn(await line.untilClosed())).toEqual([100, 201])
  })

  it('many headers are taken or refused, and huge ones refused', async () => {
    const many = Array.from({ length: 800 }, (_, n) => `X-${n}: y\r\n`).join('')
    expect((await exchangeAndClose(`GET /v1/whoami HTTP/1.1\r\nHost: x\r\n${auth()}${many}\r\n`)).statuses).toEqual([200])
    for (const huge of [`X: ${'y'.repeat(40_000)}\r\n`, `${'x'.repeat(40_000)}: y\r\n`, 'X: y\r\n'.repeat(20_000), `Cookie: ${'a=b; '.repeat(10_000)}\r\n`]) {
      expect((await exchange(`GET /healthz HTTP/1.1\r\nHost: x\r\n${huge}\r\n`)).statuses).toEqual([431])
    }
    expect((await exchange(`GET /${'x'.repeat(40_000)} HTTP/1.1\r\nHost: x\r\n\r\n`)).statuses).toEqual([431])
    expect((await exchange(`${'x'.repeat(100_000)}`)).statuses[0]).toBe(400)
  })

  it('a compressed body is not taken for what it holds', async () => {
    const gzip = { 'content-encoding': 'gzip', 'content-type': 'application/json' }
    for (const [method, path, body] of [
      ['POST', '/v1/collections', '{}'],
      ['POST', '/v1/jobs', '{"kind":"delete","items":[]}'],
      ['PUT', '/v1/collections/c/entries/coded', 'bytes'],
    ] as const) {
      const answer = await server.call('alice', method, path, body, gzip)
      expect([400, 415], `${method} ${path} ${answer.status}`).toContain(answer.status)
    }
  })
})

describe('what is no request, behind one that is', () => {
  it('is refused after that has been answered, not in its place', async () => {
    const { statuses, text } = await exchange(`GET /readyz HTTP/1.1\r\nHost: x\r\n\r\nthis is none\r\n\r\n`)
    expect(statuses).toEqual([200, 400])
    expect(text.indexOf('"ready"')).toBeLessThan(text.indexOf(' 400 '))
  })

  it('does not fall into the bytes of an answer', async () => {
    const bytes = 'x'.repeat(8 * 1024 * 1024)
    expect((await server.call('alice', 'PUT', '/v1/collections/c/entries/large', Buffer.from(bytes))).status).toBe(201)
    const { statuses, text } = await exchange(
      `GET /v1/collections/c/entries/large HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token}\r\n\r\nthis is none\r\n\r\n`,
    )
    expect(statuses).toEqual([200, 400])
    expect(text.includes(`\r\n\r\n${bytes}HTTP/1.1 400 `)).toBe(true)
  })
})
