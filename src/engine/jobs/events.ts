import type { Caller } from '../../model/access.ts'
import { isWaybillError } from '../../model/errors.ts'
import type { JobEvent } from '../../model/event.ts'
import type { Job } from '../../model/job.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Ledger } from '../../ports/ledger.ts'
import { LOOK_AGAIN_MS, type Watch } from './watch.ts'

/** At most 4 `job.progress` a second (docs/reference/v1.md, Events). */
const PROGRESS_MS = 250
/** Commits of a big job come by the dozen a second; events of this long go out together. */
const GATHER_MS = 50
const BATCH = 500

export type StreamEvent = { readonly event: JobEvent } | { readonly progress: Job }

export interface EventParts {
  readonly ledger: Ledger
  readonly watch: Watch
  readonly clock: Clock
  /** True when the caller may see the job. */
  readonly maySee: (caller: Caller, job: string) => Promise<boolean>
}

/** Events of one job: stored ones after `after`, then live, with its progress between; until the caller may no longer see it. */
export async function* jobEvents(parts: EventParts, caller: Caller, id: string, after: number, signal: AbortSignal): AsyncGenerator<StreamEvent> {
  const flag = parts.watch.flag(raise => parts.watch.onJob(id, raise))
  const sight = new Sight(parts, caller)
  const progress = new Progress(parts)
  let last = after
  try {
    while (!signal.aborted && (await sight.of(id))) {
      const batch = await parts.ledger.eventsAfter(last, BATCH, id)
      for (const event of batch) yield { event }
      last = batch.at(-1)?.id ?? last
      if (batch.length === BATCH) continue
      const job = await progress.due(id)
      if (job !== null) yield { progress: job }
      await flag.wait(progress.pending ? PROGRESS_MS : LOOK_AGAIN_MS, signal)
      await parts.clock.sleep(GATHER_MS, signal)
    }
  } finally {
    flag.close()
  }
}

/** Events of all jobs the caller may see. */
export async function* allEvents(parts: EventParts, caller: Caller, after: number, signal: AbortSignal): AsyncGenerator<StreamEvent> {
  const changed = new Set<string>()
  const flag = parts.watch.flag(raise =>
    parts.watch.onAny(jobs => {
      for (const job of jobs) changed.add(job)
      raise()
    }),
  )
  const sight = new Sight(parts, caller)
  const progress = new Progress(parts)
  let last = after
  try {
    while (!signal.aborted) {
      const batch = await parts.ledger.eventsAfter(last, BATCH)
      for (const event of batch) if (await sight.of(event.job)) yield { event }
      last = batch.at(-1)?.id ?? last
      if (batch.length === BATCH) continue
      for (const id of [...changed]) {
        const job = (await sight.of(id)) ? await progress.due(id) : null
        if (job !== null) yield { progress: job }
        if (!progress.pending) changed.delete(id)
      }
      await flag.wait(changed.size > 0 ? PROGRESS_MS : LOOK_AGAIN_MS, signal)
      await parts.clock.sleep(GATHER_MS, signal)
    }
  } finally {
    flag.close()
  }
}

/** Decides when a job's progress is worth telling: it runs, it has changed, and the last telling is long enough ago. */
class Progress {
  readonly #parts: EventParts
  readonly #told = new Map<string, { at: number; change: number }>()
  /** True when the last `due` held something back that becomes due later. */
  pending = false

  constructor(parts: EventParts) {
    this.#parts = parts
  }

  async due(id: string): Promise<Job | null> {
    this.pending = false
    const told = this.#told.get(id)
    const now = this.#parts.clock.steady()
    if (told !== undefined && now - told.at < PROGRESS_MS) {
      this.pending = true
      return null
    }
    const job = await this.#find(id)
    if (job === null || job.state === 'finished') {
      this.#told.delete(id)
      return null
    }
    if (job.change === told?.change) return null
    this.#told.set(id, { at: now, change: job.change })
    return job
  }

  /** Null also for a job that has expired meanwhile: being purged is a change, too, and ends no stream. */
  async #find(id: string): Promise<Job | null> {
    try {
      return await this.#parts.ledger.job(id)
    } catch (error) {
      if (isWaybillError(error, 'job_expired')) return null
      throw error
    }
  }
}

/** How long a look at the grants counts: a stream lives long, and a grant that is taken back must end it soon. */
const SIGHT_MS = 1_000

/** Remembers which jobs the caller may see; a stream lives long and events of one job come by the thousand. */
class Sight {
  readonly #parts: EventParts
  readonly #caller: Caller
  readonly #known = new Map<string, { readonly seen: boolean; readonly at: number }>()

  constructor(parts: EventParts, caller: Caller) {
    this.#parts = parts
    this.#caller = caller
  }

  async of(job: string): Promise<boolean> {
    const now = this.#parts.clock.steady()
    const known = this.#known.get(job)
    if (known !== undefined && now - known.at < SIGHT_MS) return known.seen
    const seen = await this.#parts.maySee(this.#caller, job)
    if (this.#known.size > 10_000) this.#known.clear()
    this.#known.set(job, { seen, at: now })
    return seen
  }
}
