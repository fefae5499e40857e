import { STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import { randomUUID } from 'node:crypto'
import { WaybillError } from '../model/errors.ts'
import type { ErrorCode } from '../model/errors.ts'
import { answerBefore, hasTime } from './in-turn.ts'

/** What Node's parser says, in words of the catalogue. */
const PARSER_ERRORS: Readonly<Record<string, readonly [ErrorCode, string]>> = {
  ERR_HTTP_REQUEST_TIMEOUT: ['request_timeout', 'the request header did not arrive in time; send it at once'],
  HPE_HEADER_OVERFLOW: ['headers_too_large', 'the request line and header are too large together; send less'],
}

/** A refusal in the form of one dialect, as it goes onto the socket. */
export interface RawAnswer {
  readonly status: number
  readonly type: string
  readonly body: object
}

/** Node's error, with what has arrived: a Buffer, whatever the types of fastify call it. */
interface ParserError extends Error {
  readonly code?: string
  readonly rawPacket?: unknown
}

/**
 * What answers that which is not even a request, straight on the socket, and then closes the connection. `answerOf` gives the form of the dialect that the
 * URL belongs to (empty when none can be read). The requests before it are answered first (RFC 9112 section 9.3.2). `headerTimeoutMs` is how long Node waits for a header.
 */
export function clientErrorHandler(
  answerOf: (error: WaybillError, url: string) => RawAnswer,
  headerTimeoutMs: number,
): (error: ParserError, socket: Socket) => void {
  const waiting = new WeakSet<Socket>()

  function refuse(error: ParserError, socket: Socket): void {
    if (socket.destroyed) return
    const { method, url } = requestLine(error.rawPacket)
    const { status, type, body } = answerOf(errorOf(error, method), url)
    const text = JSON.stringify(body)
    if (socket.writable) {
      const head = [
        `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`,
        `Content-Type: ${type}`,
        `Content-Length: ${Buffer.byteLength(text)}`,
        `X-Request-Id: ${randomUUID()}`,
        'Connection: close',
      ]
      socket.write(`${head.join('\r\n')}\r\n\r\n${text}`)
    }
    socket.destroy(error)
  }

  function refuseInTurn(error: ParserError, socket: Socket): void {
    if (waiting.has(socket)) return
    const answer = answerBefore(socket)
    if (answer === null) {
      refuse(error, socket)
      return
    }
    waiting.add(socket)
    answer.once('close', () => refuse(error, socket))
  }

  return (error, socket) => {
    if (error.code === 'ECONNRESET') return
    // Node tells this once of each header, and does not know whether we have read on meanwhile
    if (error.code === 'ERR_HTTP_REQUEST_TIMEOUT' && hasTime(socket, headerTimeoutMs, () => refuseInTurn(error, socket))) return
    refuseInTurn(error, socket)
  }
}

/** Methods are case-sensitive (RFC 9110 section 9.1), which a sample with `curl -X Get` forgets. */
function errorOf(error: ParserError, method: string): WaybillError {
  const capitals = method.toUpperCase()
  if (method !== capitals) {
    return new WaybillError('invalid_request', `the method ${JSON.stringify(method)} is not one of HTTP; methods are written in capitals: ${capitals}`)
  }
  const [code, detail] = PARSER_ERRORS[error.code ?? ''] ?? ['invalid_request', 'this is not a valid HTTP/1.1 request']
  return new WaybillError(code, detail)
}

/** Method and URL of what arrived, as far as it looks like a request; both empty otherwise. */
function requestLine(packet: unknown): { readonly method: string; readonly url: string } {
  const line = /^([A-Za-z]{1,20}) (\/[\x21-\x7e]*) HTTP\/1\.1\r\n/.exec(Buffer.isBuffer(packet) ? packet.toString('latin1', 0, 4096) : '')
  return { method: line?.[1] ?? '', url: line?.[2] ?? '' }
}
