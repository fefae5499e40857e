import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { FastifyInstance } from 'fastify'

/** The last request that has come on a connection, its answer, and that of the one before it. */
interface Turn {
  readonly request: IncomingMessage
  readonly reply: ServerResponse
  readonly before: ServerResponse | undefined
}

const latest = new WeakMap<Socket, Turn>()

/** Connections of which nothing is read at the moment, with what is to be done once they are read again. */
const held = new WeakMap<Socket, (() => void)[]>()
/** Since when a connection is read again, by `performance.now()`. */
const readSince = new WeakMap<Socket, number>()

/** The answer that has to go out on a connection before a refusal of what came last, which was no request, or was wrong in the body of one; null: none. */
export function answerBefore(socket: Socket): ServerResponse | null {
  const turn = latest.get(socket)
  const answer = turn === undefined || turn.request.complete || turn.reply.headersSent ? turn?.reply : turn.before
  return answer === undefined || answer.writableFinished ? null : answer
}

/**
 * A header counts as late when it has not come `timeoutMs` after it began, but of a connection that was not read meanwhile only when it has not come so long after it
 * is read again: `late` is called then. False for one that is late now.
 */
export function hasTime(socket: Socket, timeoutMs: number, late: () => void): boolean {
  const wait = (ms: number): void => {
    const before = latest.get(socket)
    const timer = setTimeout(() => {
      if (latest.get(socket) === before) late()
    }, ms)
    socket.once('close', () => clearTimeout(timer))
  }
  const whenRead = held.get(socket)
  if (whenRead !== undefined) {
    whenRead.push(() => wait(timeoutMs))
    return true
  }
  const left = (readSince.get(socket) ?? -Infinity) + timeoutMs - performance.now()
  if (left <= 0) return false
  wait(left)
  return true
}

/**
 * Works on one request of a connection at a time. Answers go out in the order of their requests anyway (RFC 9112 section 9.3.2), so whoever sends hundreds at once would
 * else have that many answers made and held before the first is read. While requests wait, no more of them are read than have come; and what a client did not wait for,
 * or what came behind an answer that closes the connection (section 9.6), is not begun.
 */
export function workInTurn(app: FastifyInstance): void {
  /** Reads nothing more of a connection. Node itself reads on whenever the client has taken some of an answer. */
  function hold(socket: Socket): void {
    if (held.has(socket)) return
    held.set(socket, [])
    socket.on('resume', pause)
    socket.pause()
  }
  function release(socket: Socket): void {
    const whenRead = held.get(socket) ?? []
    held.delete(socket)
    readSince.set(socket, performance.now())
    socket.off('resume', pause)
    socket.resume()
    for (const begin of whenRead) begin()
  }

  app.addHook('onRequest', ({ raw: request }, { raw: reply }, done) => {
    const { socket } = request
    const before = latest.get(socket)?.reply
    latest.set(socket, { request, reply, before })
    if (before === undefined || before.writableFinished) {
      done()
      return
    }
    hold(socket)
    before.once('close', () => {
      if (!socket.writable) return
      if (latest.get(socket)?.reply === reply) release(socket)
      done()
    })
  })
}

function pause(this: Socket): void {
  this.pause()
}
