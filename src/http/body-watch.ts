import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { WaybillError } from '../model/errors.ts'

/** Least number of bytes a body must bring in one time-out, unless it ends: a caller that drips single bytes holds nothing for long. */
const LEAST_BYTES = 1024

/**
 * Refuses bodies that stall: each must end or bring at least 1 KiB in `timeoutMs`, else 408 and the connection closes. A body of any length may
 * take as long as it needs while it flows; the time that we ourselves do not read does not count. Zero or less means no limit.
 */
export function watchBody(app: FastifyInstance, timeoutMs: number): void {
  if (timeoutMs <= 0) return
  app.addHook('preParsing', (request, reply, _payload, done) => {
    if (hasBody(request)) startWatch(request, reply, timeoutMs)
    done()
  })
}

function hasBody(request: FastifyRequest): boolean {
  const length = request.headers['content-length']
  return request.headers['transfer-encoding'] !== undefined || (length !== undefined && length !== '0')
}

function startWatch(request: FastifyRequest, reply: FastifyReply, timeoutMs: number): void {
  const { raw } = request
  let seen = raw.socket.bytesRead
  const timer = setInterval(() => {
    if (raw.complete || raw.destroyed) return clearInterval(timer)
    const arrived = raw.socket.bytesRead - seen
    seen += arrived
    // bytes that wait in our buffer mean that we are slow, not the caller
    if (arrived >= LEAST_BYTES || raw.readableLength > 0) return
    clearInterval(timer)
    refuse(request, reply)
  }, timeoutMs)
  timer.unref()
  raw.once('close', () => clearInterval(timer))
}

function refuse(request: FastifyRequest, reply: FastifyReply): void {
  const { raw } = request
  if (reply.sent) {
    raw.destroy()
    return
  }
  reply.raw.once('finish', () => raw.destroy())
  reply.header('connection', 'close')
  reply.send(new WaybillError('request_timeout', 'the body stopped arriving; send it again without pauses'))
}
