import type { LoadOrder } from './load.ts'

/** Makes the bytes of a connection's next request. The same buffer is used again: one connection has one request on its way at a time. */
export type NextRequest = () => Buffer

/** Digits of the number that tells destinations apart: more than are ever sent, and always as many, so that the length of the body stays. */
const DIGITS = 8

/** The requests of one connection, rendered beforehand: a generator that shares the machine with the server should cost next to nothing. */
export function requestsOf(order: LoadOrder, connection: number): NextRequest {
  const url = new URL(order.url)
  const usual = `Host: ${url.host}\r\nAuthorization: Bearer ${order.token}\r\n`
  if (order.submit === undefined) {
    const poll = Buffer.from(`GET ${url.pathname}${url.search} HTTP/1.1\r\n${usual}\r\n`)
    return () => poll
  }
  const { source, path, destination } = order.submit
  const name = `${connection}/${'0'.repeat(DIGITS)}.bin`
  const body = JSON.stringify({ kind: 'copy', items: [{ source: { collection: source, path }, destination: { collection: destination, path: name } }] })
  const head = `POST /v1/jobs HTTP/1.1\r\n${usual}Content-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n`
  const submission = Buffer.from(head + body)
  const at = submission.lastIndexOf(name) + name.indexOf('/') + 1
  let sent = 0
  return () => {
    submission.write(String(sent++).padStart(DIGITS, '0'), at, 'latin1')
    return submission
  }
}
