import type { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { FastifyInstance } from 'fastify'

/**
 * Works on one request of a connection at a time. Answers go out in the order of their requests anyway (RFC 9112 section 9.3.2), so whoever sends hundreds at once would
 * else have that many answers made and held before the first is read. What a client did not wait for is not begun.
 */
export function workInTurn(app: FastifyInstance): void {
  const latest = new WeakMap<Socket, ServerResponse>()
  app.addHook('onRequest', ({ raw: { socket } }, reply, done) => {
    const before = latest.get(socket)
    latest.set(socket, reply.raw)
    if (before === undefined || before.writableFinished) {
      done()
      return
    }
    before.once('close', () => {
      if (!socket.destroyed) done()
    })
  })
}
