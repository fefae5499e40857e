import { ClientError } from './client-error.ts'
import { readEventStream, type StreamMessage } from './event-stream.ts'
import { backoffMs, passes, pause } from './patience.ts'
import type { ServerEvent } from './server-event.ts'
import { chunksOf } from './streams.ts'
import type { Transport } from './transport.ts'
import type { Stoppable } from './types.ts'

/** The events of every job the caller may see; this stream has no end. */
export const ALL_EVENTS = '/v1/events'

/** Before reconnecting, unless the stream set its own; doubled with each attempt that brought nothing. */
const RECONNECT_MS = 500
/** A server says something every 15 seconds, if only a comment: three times that is a line that broke without a word. */
const SILENCE_MS = 45_000

/** Which events to follow, and from where. */
export interface EventsRequest extends Stoppable {
  /** Only events after this one (an earlier event's `id`); `0` replays all that are kept. */
  readonly after?: string
  /** A connection that is silent for so long is taken for broken; default 45,000. The server says something every 15,000. */
  readonly silenceMs?: number
}

/** A stream of one job that ends after this event has said everything: coming back would only fetch the 204. */
const LAST_OF_JOB = 'job.finished'

/**
 * The events of a stream, for as long as the server has any: a connection that breaks or falls silent is made again with `Last-Event-ID`, however long
 * the server is away, so that no stored event is missed or seen twice. Ends with 204, the standard's way of saying "do not come back". A refusal
 * throws, and an aborted signal its reason.
 */
export async function* readEvents(transport: Transport, path: string, request: EventsRequest): AsyncGenerator<ServerEvent, void, undefined> {
  let lastId = request.after ?? ''
  let lastType = ''
  let retryMs = RECONNECT_MS
  for (let failures = 0; ; failures++) {
    try {
      for await (const message of connection(transport, path, lastId, request)) {
        failures = 0
        lastId = message.lastId
        retryMs = message.retryMs ?? retryMs
        if (message.hasId) lastType = message.event
        yield eventOf(message)
      }
      if (lastType === LAST_OF_JOB && path !== ALL_EVENTS) return
    } catch (error) {
      if (error instanceof NothingLeft) return
      if (!isBroken(error) || request.signal?.aborted) throw error
    }
    await pause(backoffMs(failures, retryMs), request.signal)
  }
}

function eventOf(message: StreamMessage): ServerEvent {
  return { id: message.hasId ? message.lastId : null, type: message.event, data: JSON.parse(message.data) as unknown } as ServerEvent
}

/** The server has no more events, now or later. */
class NothingLeft extends Error {}

/** A connection that said nothing for too long. */
class Silence extends Error {}

/** What one connection brings. */
async function* connection(transport: Transport, path: string, lastId: string, request: EventsRequest): AsyncGenerator<StreamMessage, void, undefined> {
  const silent = new AbortController()
  const signal = request.signal === undefined ? silent.signal : AbortSignal.any([request.signal, silent.signal])
  const headers = { accept: 'text/event-stream', ...(lastId === '' ? {} : { 'last-event-id': lastId }) }
  let timer: ReturnType<typeof setTimeout> | undefined
  const heard = (): void => {
    clearTimeout(timer)
    timer = setTimeout(() => silent.abort(new Silence()), request.silenceMs ?? SILENCE_MS)
  }
  try {
    heard()
    // here it is waited for longer than other calls are
    const response = await transport.send({ path, headers, signal, patience: { patienceMs: 0, awayMs: 0 } })
    if (response.status === 204 || response.body === null) throw new NothingLeft()
    yield* readEventStream(noting(chunksOf(response.body as ReadableStream<Uint8Array<ArrayBuffer>>), heard), lastId)
  } finally {
    clearTimeout(timer)
  }
}

async function* noting<T>(chunks: AsyncIterable<T>, note: () => void): AsyncGenerator<T, void, undefined> {
  for await (const chunk of chunks) {
    note()
    yield chunk
  }
}

/** A connection that could not be made, was told to come later, fell silent, or broke while it was read (fetch throws a TypeError then). */
function isBroken(error: unknown): boolean {
  return error instanceof ClientError ? passes(error) : error instanceof TypeError || error instanceof Silence
}
