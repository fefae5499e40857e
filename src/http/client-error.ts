import { STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import { randomUUID } from 'node:crypto'
import { CATALOGUE } from '../model/errors.ts'
import type { ErrorCode } from '../model/errors.ts'

/** What Node's parser says, in words of the catalogue. */
const PARSER_ERRORS: Readonly<Record<string, readonly [ErrorCode, string]>> = {
  ERR_HTTP_REQUEST_TIMEOUT: ['request_timeout', 'the request header did not arrive in time; send it at once'],
  HPE_HEADER_OVERFLOW: ['headers_too_large', 'the request line and header are too large together; send less'],
}

/** Answers what is not even a request, straight on the socket and as problem details, then closes the connection. */
export function answerClientError(error: Error & { readonly code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || socket.destroyed) return
  const [code, detail] = PARSER_ERRORS[error.code ?? ''] ?? ['invalid_request', 'this is not a valid HTTP/1.1 request']
  const { status, title } = CATALOGUE[code]
  const body = JSON.stringify({ type: `/errors/${code}`, title, status, detail, code })
  if (socket.writable) {
    const head = [
      `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`,
      'Content-Type: application/problem+json',
      `Content-Length: ${Buffer.byteLength(body)}`,
      `X-Request-Id: ${randomUUID()}`,
      'Connection: close',
    ]
    socket.write(`${head.join('\r\n')}\r\n\r\n${body}`)
  }
  socket.destroy(error)
}
