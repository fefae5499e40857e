import { EACH, type LoadOrder } from './load.ts'

/** Makes the bytes of a connection's next request. The same buffer is used again: one connection has one request on its way at a time. */
export type NextRequest = () => Buffer

/** Digits of the number that tells requests apart: more than are ever sent, and always as many, so that the length of the body stays. */
const DIGITS = 8

/** The requests of one connection, rendered beforehand: a generator that shares the machine with the server should cost next to nothing. */
export function requestsOf(order: LoadOrder, connection: number): NextRequest {
  const { host, pathname, search } = new URL(order.url)
  const usual = `${pathname}${search} HTTP/1.1\r\nHost: ${host}\r\nAuthorization: Bearer ${order.token}\r\n`
  if (order.post === undefined) return always(Buffer.from(`GET ${usual}\r\n`))
  const name = `${connection}/${'0'.repeat(DIGITS)}.bin`
  const body = order.post.replace(EACH, name)
  const request = Buffer.from(`POST ${usual}Content-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`)
  if (!order.post.includes(EACH)) return always(request)
  const at = request.lastIndexOf(name) + name.indexOf('/') + 1
  let sent = 0
  return () => {
    request.write(String(sent++).padStart(DIGITS, '0'), at, 'latin1')
    return request
  }
}

function always(request: Buffer): NextRequest {
  return () => request
}
