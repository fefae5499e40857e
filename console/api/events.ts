import type { Api } from './api.ts'
import { ApiError } from './api.ts'

/** One event as it came; `id` null for those that are not stored. */
export interface LiveEvent {
  readonly id: string | null
  readonly type: string
  readonly data: unknown
}

export interface Listener {
  /** The stream has begun, or begun again: bytes arrive. */
  opened(): void
  /** It broke, or nothing has come for too long; it is tried again by itself. */
  lost(): void
  event(event: LiveEvent): void
}

const RETRY_MS = { first: 500, most: 10_000 } as const
/** The server says something every 15 s: twice as long without a word means that the line is dead. */
const SILENCE_MS = 35_000

/**
 * Follows a stream of server-sent events until the signal aborts or the server says that there is no more (204, or an end behind `job.finished`).
 * By fetch and not EventSource: the token belongs into a header. Resolves then; throws an ApiError when the server refuses for good.
 */
export async function followEvents(api: Api, path: string, query: Readonly<Record<string, string>>, listener: Listener, signal: AbortSignal): Promise<void> {
  let lastId = ''
  let finished = false
  for (let failures = 0; !signal.aborted; failures++) {
    const silence = new Silence(signal)
    try {
      const headers = { accept: 'text/event-stream', ...(lastId === '' ? {} : { 'last-event-id': lastId }) }
      const response = await api.send('GET', path, { query, headers, signal: silence.signal })
      if (response.status === 204 || response.body === null) return
      for await (const message of messagesOf(response.body, silence)) {
        if (signal.aborted) return // a chunk may hold thousands that nobody wants any more
        failures = 0
        if (message === 'open') {
          listener.opened()
          continue
        }
        if (message.id !== null) lastId = message.id
        finished = message.type === 'job.finished'
        listener.event(message)
      }
      if (finished && path !== '/v1/events') return
    } catch (error) {
      if (signal.aborted) return
      const passing = !(error instanceof ApiError) || error.status === 0 || error.status === 429 || error.status >= 500
      if (!passing) throw error
    } finally {
      silence.end()
    }
    listener.lost()
    await rest(Math.min(RETRY_MS.first * 2 ** failures, RETRY_MS.most), signal)
  }
}

/** A signal that aborts with another one, and when nothing is heard for too long. */
class Silence {
  readonly #controller = new AbortController()
  readonly signal: AbortSignal
  #timer = 0

  constructor(outer: AbortSignal) {
    this.signal = AbortSignal.any([outer, this.#controller.signal])
    this.heard()
  }

  heard(): void {
    clearTimeout(this.#timer)
    this.#timer = window.setTimeout(() => this.#controller.abort(new Error('nothing was heard for too long')), SILENCE_MS)
  }

  end(): void {
    clearTimeout(this.#timer)
    this.#controller.abort(new Error('over'))
  }
}

/** HTML standard, section 9.2.6: `open` with the first bytes, then each block that has data. Our server ends its lines with LF. */
async function* messagesOf(body: ReadableStream<Uint8Array>, silence: Silence): AsyncGenerator<LiveEvent | 'open'> {
  const reader = body.pipeThrough(new TextDecoderStream() as ReadableWritablePair<string, Uint8Array>).getReader()
  let rest = ''
  let open = false
  for (;;) {
    const { value, done } = await reader.read()
    if (done) return
    silence.heard()
    if (!open) yield 'open'
    open = true
    const blocks = (rest + value).split('\n\n')
    rest = blocks.pop() ?? ''
    for (const block of blocks) {
      const message = messageOf(block)
      if (message !== null) yield message
    }
  }
}

function messageOf(block: string): LiveEvent | null {
  const fields = new Map(block.split('\n').map(line => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1).trimStart()]))
  const data = fields.get('data')
  return data === undefined ? null : { id: fields.get('id') ?? null, type: fields.get('event') ?? 'message', data: JSON.parse(data) as unknown }
}

/** Waits; less when the signal aborts. */
function rest(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    const timer = setTimeout(resolve, ms)
    signal.addEventListener('abort', () => {
      clearTimeout(timer)
      resolve()
    })
  })
}
