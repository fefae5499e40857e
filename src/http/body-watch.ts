import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { WaybillError } from '../model/errors.ts'

/** Least number of bytes a body must bring in one time-out, unless it ends: a caller that drips single bytes holds nothing for long. */
const LEAST_BYTES = 1024

/**
 * Looks after the bodies of requests, whoever reads them:
 * - one that stalls is refused: each must end or bring at least 1 KiB in `timeoutMs`, else 408 and the connection closes. A body of any length may
 *   take as long as it needs while it flows; the time that we ourselves do not read does not count;
 * - what is left of one that was answered early is read and thrown away, so that its connection can be used again, for one `timeoutMs` at most.
 */
export function watchBodies(app: FastifyInstance, timeoutMs: number): void {
  app.addHook('preParsing', (request, reply, _payload, done) => {
    if (hasBody(request)) {
      refuseStalled(request, reply, timeoutMs)
      drainAfterAnswer(request, reply)
    }
    done()
  })
}

/** What came of reading a body; null when it failed because the watch had given it up and answered already. */
export async function unlessGivenUp<T>(reply: FastifyReply, reading: Promise<T>): Promise<T | null> {
  try {
    return await reading
  } catch (error) {
    if (reply.sent) return null
    throw error
  }
}

function hasBody(request: FastifyRequest): boolean {
  const length = request.headers['content-length']
  return request.headers['transfer-encoding'] !== undefined || (length !== undefined && length !== '0')
}

/** Node does that itself only for bodies of which nothing was read; one read in part would hold its connection, and the requests behind it, for ever. */
function drainAfterAnswer({ raw }: FastifyRequest, reply: FastifyReply): void {
  reply.raw.once('finish', () => {
    if (!raw.readableEnded && !raw.destroyed) raw.resume()
  })
}

function refuseStalled(request: FastifyRequest, reply: FastifyReply, timeoutMs: number): void {
  const { raw } = request
  let seen = raw.socket.bytesRead
  const look = (): void => {
    if (raw.complete) return void clearInterval(timer)
    // answered already, and still being sent to: whoever does not hear is cut off
    if (reply.raw.headersSent) return void raw.destroy()
    const arrived = raw.socket.bytesRead - seen
    seen += arrived
    // bytes that wait in our buffer mean that we are slow, not the caller
    if (arrived >= LEAST_BYTES || raw.readableLength > 0) return
    refuse(request, reply)
  }
  const timer = setInterval(look, timeoutMs)
  timer.unref()
  raw.once('close', () => clearInterval(timer))
}

function refuse({ raw }: FastifyRequest, reply: FastifyReply): void {
  reply.raw.once('finish', () => raw.destroy())
  reply.header('connection', 'close')
  reply.send(new WaybillError('request_timeout', 'the body stopped arriving; send it again without pauses'))
}
