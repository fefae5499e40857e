import type { JobEvent } from '../../model/event.ts'
import type { Reason } from '../../model/item.ts'
import type { Job } from '../../model/job.ts'
import type { Clock } from '../../ports/clock.ts'
import { encodeReason, time } from './encode.ts'
import type { JobWire } from './schemas/job.ts'

/** What a stream of the engine yields. */
export type EventOrProgress = { readonly event: JobEvent } | { readonly progress: Job }

/** A comment after so long without anything else: proxies cut what is silent (docs/reference/v1.md, Events). */
export const KEEP_ALIVE_MS = 15_000

/** The first bytes of a stream: they bring the header to the client at once, and how soon it should come back after a break. */
export const OPENING = 'retry: 2000\n\n'

const COMMENT = ': alive\n\n'

/** One event in the form of the HTML standard. Progress has no id: it is not stored, and a replay goes on after the last stored event. */
export async function frameOf(one: EventOrProgress, encodeJob: (job: Job) => Promise<JobWire>): Promise<string> {
  if ('progress' in one) return `event: job.progress\ndata: ${JSON.stringify(await encodeJob(one.progress))}\n\n`
  const { id, type, job, at, data } = one.event
  return `id: ${id}\nevent: ${type}\ndata: ${JSON.stringify({ type, job, at: time(at), ...encodeData(data) })}\n\n`
}

/** Reasons as the items of the job have them: what the ledger keeps beside them is not for the wire. */
function encodeData(data: JobEvent['data']): JobEvent['data'] {
  return data['reason'] === undefined ? data : { ...data, reason: encodeReason(data['reason'] as Reason) }
}

/** Reads a stream with a time limit on each step; a step that took too long is not lost, the next one waits for it again. */
export class PatientReader<T> {
  readonly #clock: Clock
  readonly #stop = new AbortController()
  readonly #source: AsyncIterator<T>
  #pending: Promise<IteratorResult<T>> | null = null

  /** `open` gets a signal that aborts with `signal` and with `close`. */
  constructor(clock: Clock, signal: AbortSignal, open: (signal: AbortSignal) => AsyncIterable<T>) {
    this.#clock = clock
    this.#source = open(AbortSignal.any([signal, this.#stop.signal]))[Symbol.asyncIterator]()
  }

  /** The next step, or `silence` when there was none within `ms`. */
  async next(ms: number): Promise<IteratorResult<T> | 'silence'> {
    this.#pending ??= this.#source.next()
    const over = new AbortController()
    try {
      const first = await Promise.race([this.#pending, this.#clock.sleep(ms, over.signal).then(() => 'silence' as const)])
      if (first !== 'silence') this.#pending = null
      return first
    } finally {
      over.abort()
    }
  }

  /** Gives a step back: the next `next` returns it. */
  unread(step: IteratorResult<T>): void {
    this.#pending = Promise.resolve(step)
  }

  /** Ends the source, and with it the step that is under way. */
  async close(): Promise<void> {
    this.#stop.abort()
    await this.#pending
    await this.#source.return?.()
  }
}

/** When a stream may end: asked after `settleMs` of silence behind something that may be the last, and after every longer silence. */
export interface Ending {
  readonly settleMs: number
  mayBeLast(one: EventOrProgress): boolean
  isOver(): Promise<boolean>
}

/** The text of a stream: each event as it comes, comments in between. */
export async function* eventText(reader: PatientReader<EventOrProgress>, encodeJob: (job: Job) => Promise<JobWire>, ending: Ending): AsyncGenerator<string> {
  let last = false
  try {
    yield OPENING
    while (true) {
      const step = await reader.next(last ? ending.settleMs : KEEP_ALIVE_MS)
      if (step === 'silence') {
        if (await ending.isOver()) return
        if (!last) yield COMMENT
        last = false
      } else {
        if (step.done === true) return
        last = ending.mayBeLast(step.value)
        yield await frameOf(step.value, encodeJob)
      }
    }
  } finally {
    await reader.close()
  }
}
