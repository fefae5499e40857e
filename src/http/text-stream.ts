import { Readable } from 'node:stream'
import type { FastifyReply } from 'fastify'

/** Answers JSON text piece by piece, as `sendPieces` does. */
export function sendJsonText(reply: FastifyReply, pieces: AsyncGenerator<string>): Promise<FastifyReply> {
  return sendPieces(reply, 'application/json; charset=utf-8', pieces)
}

/**
 * Answers text of a media type piece by piece, none being kept. The first piece is made before the answer begins, so that a refusal still is one. However the
 * answer ends, also when its reader has gone, the iteration is ended and with it whatever it holds open.
 */
export async function sendPieces(reply: FastifyReply, type: string, pieces: AsyncGenerator<string>): Promise<FastifyReply> {
  const first = await pieces.next()
  reply.header('content-type', type)
  if (reply.request.method === 'HEAD') {
    await pieces.return(undefined)
    return reply.send()
  }
  const stream = Readable.from(withFirst(first, pieces), { objectMode: false })
  stream.once('close', () => {
    pieces.return(undefined).catch((error: unknown) => reply.log.error({ err: error }, 'ending a streamed answer failed'))
  })
  return reply.send(stream)
}

async function* withFirst(first: IteratorResult<string, unknown>, rest: AsyncGenerator<string>): AsyncGenerator<string> {
  if (first.done !== true) yield first.value
  yield* rest
}

/** The text of an array, page by page: `head`, the elements with commas between them, `tail`. */
export async function* arrayText(head: string, pages: AsyncIterable<readonly string[]>, tail: string): AsyncGenerator<string> {
  let before = head
  for await (const elements of pages) {
    if (elements.length === 0) continue
    yield before + elements.join(',')
    before = ','
  }
  yield before === head ? head + tail : tail
}
