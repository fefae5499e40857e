import type { Caller } from '../../model/access.ts'
import { WaybillError, isWaybillError } from '../../model/errors.ts'
import type { Item, ItemState } from '../../model/item.ts'
import type { Job, JobOptions, SubmitJob } from '../../model/job.ts'
import type { Page, PageQuery } from '../../model/page.ts'
import type { Clock } from '../../ports/clock.ts'
import type { WebhookWish } from '../../model/webhook.ts'
import type { ItemFilter, JobFilter, JobSnapshot } from '../../ports/ledger.ts'
import type { Jobs, SubmittedJob } from '../api.ts'
import { allEvents, jobEvents, type EventParts, type StreamEvent } from './events.ts'
import { masked } from './mask.ts'
import { Intake, type IntakeParts } from './submit.ts'
import { waitingFor, type WaitingParts } from './waiting.ts'
import { LOOK_AGAIN_MS, Watch } from './watch.ts'

/** Terminal states that a retry may wake. */
const RETRIABLE: readonly ItemState[] = ['failed', 'evicted', 'skipped', 'cancelled']

/** A UUID that no job has (RFC 9562 section 5.9). */
const NO_JOB = '00000000-0000-0000-0000-000000000000'

interface JobParts extends IntakeParts {
  readonly clock: Clock
  /** Has a job worked on again. */
  readonly wake: (job: Job) => void
  readonly waiting: WaitingParts
}

/** Jobs: submitting (see Intake), tracking and steering. */
export class JobService implements Jobs {
  readonly #parts: JobParts
  readonly #intake: Intake
  readonly #watch: Watch
  readonly #events: EventParts

  constructor(parts: JobParts) {
    this.#parts = parts
    this.#intake = new Intake(parts)
    this.#watch = new Watch(parts.ledger, parts.clock)
    this.#events = { ledger: parts.ledger, watch: this.#watch, clock: parts.clock, maySee: (caller, id) => this.#maySee(caller, id) }
  }

  submit(caller: Caller, command: SubmitJob, options?: Parameters<Jobs['submit']>[2]): Promise<SubmittedJob> {
    const { dialect, kind } = command.options
    return this.#parts.observer.during({ name: 'submit', dialect, kind }, () => this.#intake.submit(caller, command, options))
  }

  openManifest(caller: Caller, options: JobOptions, idempotencyKey?: string, webhook?: WebhookWish): ReturnType<Jobs['openManifest']> {
    return this.#intake.openManifest(caller, options, idempotencyKey, webhook)
  }

  /** Seen by its submitter, and by whoever is admin or more of every collection it names; for all others it does not exist (I9). */
  async get(caller: Caller, id: string): Promise<Job> {
    let job: Job | null
    try {
      job = await this.#parts.ledger.job(id, caller.subject)
    } catch (error) {
      if (!isWaybillError(error, 'job_expired')) throw error
      // whose it was is all that is left of an expired job
      if (error.facts.holder === caller.subject) throw new WaybillError('job_expired', error.message)
      job = null
    }
    if (job?.submittedBy === caller.subject) return job
    // asked even where there is no such job: the time an answer takes is not to tell whether there is one
    const administers = await this.#parts.ledger.administers(caller.subject, job?.id ?? NO_JOB)
    if (job === null || !administers) throw unknownJob(id)
    return job
  }

  async #maySee(caller: Caller, id: string): Promise<boolean> {
    try {
      await this.get(caller, id)
      return true
    } catch (error) {
      if (isWaybillError(error, 'job_not_found') || isWaybillError(error, 'job_expired')) return false
      throw error
    }
  }

  list(caller: Caller, filter: Omit<JobFilter, 'visibleTo'>, page: PageQuery): Promise<Page<Job>> {
    return this.#parts.ledger.jobs({ ...filter, visibleTo: caller.subject }, page)
  }

  async items(caller: Caller, id: string, filter: ItemFilter, page: PageQuery): Promise<Page<Item>> {
    const job = await this.get(caller, id)
    return this.#parts.ledger.items(job.id, filter, page)
  }

  async report(caller: Caller, id: string, filter: ItemFilter): Promise<{ readonly job: Job; readonly items: AsyncIterable<readonly Item[]> }> {
    const job = await this.get(caller, id)
    return streamed(await this.#snapshot(caller.subject, job.id), filter)
  }

  async reportForHolder(id: string): Promise<{ readonly job: Job; readonly items: AsyncIterable<readonly Item[]> }> {
    try {
      const job = await this.#parts.ledger.job(id)
      if (job === null) throw unknownJob(id)
      // whoever holds the capability reads in the name of who gave it away
      return streamed(await this.#snapshot(job.submittedBy, job.id), {})
    } catch (error) {
      // whose job it was is not what the capability says
      throw isWaybillError(error, 'job_expired') ? new WaybillError('job_expired', error.message) : error
    }
  }

  async reportForCollection(
    caller: Caller,
    id: string,
    collection: string,
    afterSeq = -1,
  ): Promise<{ readonly job: Job; readonly items: AsyncIterable<readonly Item[]> }> {
    await this.#parts.access.requireRole(caller, collection, 'readonly')
    if (!(await this.#parts.ledger.touches(id, collection))) {
      await this.#parts.ledger.job(id) // an expired job has forgotten its collections: 410 for whoever has its id
      throw unknownJob(id)
    }
    const snapshot = await this.#snapshot(caller.subject, id)
    const report = streamed(snapshot, { collection, afterSeq })
    if (report.job.submittedBy === caller.subject) return report
    // an id may be that of another collection by now: what was deleted is not told to whoever has taken its id
    const sees = async (other: string): Promise<boolean> =>
      (await this.#parts.ledger.role(caller.subject, other)) !== null && (await this.#parts.ledger.touches(id, other))
    return { job: report.job, items: masked(report.items, sees) }
  }

  async listForCollection(
    caller: Caller,
    collection: string,
    filter: { readonly since?: number; readonly until?: number },
    page: PageQuery,
  ): Promise<Page<Job>> {
    await this.#parts.access.requireRole(caller, collection, 'readonly')
    return this.#parts.ledger.jobs({ ...filter, visibleTo: null, collection }, page)
  }

  async #snapshot(reader: string, id: string): Promise<JobSnapshot> {
    const snapshot = await this.#parts.ledger.snapshot(id, reader)
    if (snapshot === null) throw unknownJob(id)
    return snapshot
  }

  async cancel(caller: Caller, id: string): Promise<Job> {
    const { id: known } = await this.get(caller, id)
    return this.#woken(await this.#parts.by(caller).cancel(known))
  }

  async pause(caller: Caller, id: string): Promise<Job> {
    const { id: known } = await this.get(caller, id)
    return this.#parts.by(caller).pause(known)
  }

  async resume(caller: Caller, id: string): Promise<Job> {
    const { id: known } = await this.get(caller, id)
    return this.#woken(await this.#parts.by(caller).resume(known))
  }

  async retry(caller: Caller, id: string, states: readonly ItemState[]): Promise<Job> {
    const wrong = states.find(state => !RETRIABLE.includes(state))
    if (states.length === 0 || wrong !== undefined) {
      throw new WaybillError('invalid_request', `states must be among ${RETRIABLE.join(', ')}, and at least one`, {
        errors: [{ pointer: '/states', detail: wrong === undefined ? 'is empty' : `${wrong} cannot be retried` }],
      })
    }
    const { id: known } = await this.get(caller, id)
    return this.#woken(await this.#parts.by(caller).retry(known, [...new Set(states)]))
  }

  /** Also where the ledger sends wake-ups: one that was sent within the change may have been claimed before its commit, together with an older one. */
  #woken(job: Job): Job {
    if (job.state !== 'finished') this.#parts.wake(job)
    return job
  }

  async wait(caller: Caller, id: string, ms: number, signal?: AbortSignal): Promise<Job> {
    let job = await this.get(caller, id)
    const until = this.#parts.clock.steady() + ms
    const flag = this.#watch.flag(raise => this.#watch.onJob(job.id, raise))
    try {
      for (;;) {
        job = await this.get(caller, job.id)
        const left = until - this.#parts.clock.steady()
        if (job.state === 'finished' || left <= 0 || signal?.aborted === true) return job
        await flag.wait(Math.min(left, LOOK_AGAIN_MS), signal)
      }
    } finally {
      flag.close()
    }
  }

  waitingFor(job: Job): Promise<string | null> {
    return waitingFor(this.#parts.waiting, job)
  }

  rate(job: Job): number | null {
    if (job.startedAt === null) return null
    const { done, skipped, failed, evicted } = job.counts
    const settled = done + skipped + failed + evicted
    const ms = (job.finishedAt ?? this.#parts.clock.now()) - job.startedAt
    // a small job begins and ends within one tick of the clock
    return settled === 0 ? null : (settled / Math.max(ms, 1)) * 1000
  }

  async *events(
    caller: Caller,
    { id, after = id === undefined ? 'now' : 0 }: { readonly id?: string; readonly after?: number | 'now' },
    signal: AbortSignal,
  ): AsyncGenerator<StreamEvent> {
    const job = id === undefined ? null : await this.get(caller, id)
    const last = after === 'now' ? await this.#parts.ledger.lastEvent() : after
    const closed = this.#parts.observer.streamOpened()
    try {
      yield* job === null ? allEvents(this.#events, caller, last, signal) : jobEvents(this.#events, caller, job.id, last, signal)
    } finally {
      closed()
    }
  }
}

/** A snapshot as a stream that closes it, however the reading ends. */
function streamed(snapshot: JobSnapshot, filter: ItemFilter): { readonly job: Job; readonly items: AsyncIterable<readonly Item[]> } {
  async function* items(): AsyncGenerator<readonly Item[]> {
    try {
      yield* snapshot.items(filter)
    } finally {
      snapshot.close()
    }
  }
  return { job: snapshot.job, items: items() }
}

function unknownJob(id: string): WaybillError {
  return new WaybillError('job_not_found', `there is no job ${JSON.stringify(id.slice(0, 64))} that you may see`)
}
