import { ClientError } from './client-error.ts'
import { readEventStream } from './event-stream.ts'
import { pause, type Transport } from './transport.ts'
import type { ServerEvent } from './types.ts'

/** The events of every job the caller may see; this stream has no end. */
export const ALL_EVENTS = '/v1/events'

/** Pauses between attempts to reconnect: the first unless the stream set its own, doubling up to the last. */
const RECONNECT_MS = { first: 500, most: 10_000 }

/** Which events to follow, and from where. */
export interface EventsRequest {
  /** Only events after this one (an earlier event's `id`); `0` replays all that are kept. */
  readonly after?: string
  /** Ends the iteration without an error. */
  readonly signal?: AbortSignal
}

/** A stream of one job that ends after this event has said everything: coming back would only fetch the 204. */
const LAST_OF_JOB = 'job.finished'

/**
 * The events of a stream, for as long as the server has any: a connection that breaks is made again with `Last-Event-ID`, so that no stored
 * event is missed or seen twice. Ends when the signal aborts, or with 204, the standard's way of saying "do not come back". A refusal throws.
 */
export async function* readEvents(transport: Transport, path: string, request: EventsRequest): AsyncGenerator<ServerEvent, void, undefined> {
  let lastId = request.after ?? ''
  let lastType = ''
  let retryMs = RECONNECT_MS.first
  for (let failures = 0; ; failures++) {
    try {
      const response = await transport.send({ path, headers: headersOf(lastId), signal: request.signal })
      if (response.status === 204 || response.body === null) return
      for await (const message of readEventStream(response.body, lastId)) {
        failures = 0
        lastId = message.lastId
        retryMs = message.retryMs ?? retryMs
        if (message.hasId) lastType = message.event
        yield { id: message.hasId ? message.lastId : null, type: message.event as ServerEvent['type'], data: JSON.parse(message.data) as unknown }
      }
      if (lastType === LAST_OF_JOB && path !== ALL_EVENTS) return
    } catch (error) {
      if (request.signal?.aborted) return
      if (!isBroken(error)) throw error
    }
    if (!(await rest(Math.min(retryMs * 2 ** failures, RECONNECT_MS.most), request.signal))) return
  }
}

function headersOf(lastId: string): Record<string, string> {
  return { accept: 'text/event-stream', ...(lastId === '' ? {} : { 'last-event-id': lastId }) }
}

/** A connection that could not be made, was told to come later, or broke while it was read (fetch throws a TypeError then). */
function isBroken(error: unknown): boolean {
  return error instanceof ClientError ? error.passing : error instanceof TypeError
}

/** False when the signal aborted meanwhile. */
async function rest(ms: number, signal: AbortSignal | undefined): Promise<boolean> {
  try {
    await pause(ms, signal)
    return true
  } catch (error) {
    if (signal?.aborted) return false
    throw error
  }
}
