import type { Caller } from '../../model/access.ts'
import { WaybillError } from '../../model/errors.ts'
import { lockedBy } from '../../model/lock.ts'
import { anotherBody, stillArriving } from '../../model/idempotency.ts'
import type { Job, JobOptions, SubmitItem, SubmitJob } from '../../model/job.ts'
import type { Ids } from '../../ports/clock.ts'
import type { Ledger, NewJob, Submitted } from '../../ports/ledger.ts'
import type { Access } from '../access.ts'
import type { Jobs, ManifestIntake } from '../api.ts'
import { checkEntities, checkItems, checkOptions, checkSelections } from './check.ts'

type SubmitOptions = NonNullable<Parameters<Jobs['submit']>[2]>

/** Selections of one job; each is resolved page by page, so many are no danger, but a body of thousands is a mistake. */
const MOST_SELECTIONS = 1_000

export interface IntakeParts {
  readonly ledger: Ledger
  readonly access: Access
  readonly ids: Ids
  readonly maxItems: number
  /** Wakes the queue for a job that may run now. */
  readonly wake: (job: Job) => void
}

/** How jobs come in. Everything that can be checked is checked before anything is stored; an id is given out only after the commit (I1). */
export class Intake {
  readonly #parts: IntakeParts

  constructor(parts: IntakeParts) {
    this.#parts = parts
  }

  async submit(caller: Caller, command: SubmitJob, given: SubmitOptions = {}): Promise<Submitted> {
    const { options, items, select, entities = [] } = command
    checkOptions(options)
    this.#checkAmount(items.length + entities.length, select.length)
    checkEntities(options.kind, entities)
    await this.#parts.access.requireAll(caller, [...checkItems(options.kind, items), ...checkSelections(options.kind, select)])
    if (given.refuseLocked === true) await this.#refuseLocked(caller, items)
    const submitted = await this.#parts.ledger.createJob({
      ...this.#newJob(caller, options),
      items,
      select,
      entities,
      sealed: true,
      idempotency: given.idempotency ?? null,
    })
    if (!submitted.replayed) this.#parts.wake(submitted.job)
    return submitted
  }

  async openManifest(caller: Caller, options: JobOptions, key?: string): Promise<Awaited<ReturnType<Jobs['openManifest']>>> {
    checkOptions(options)
    if (key !== undefined) {
      const used = await this.#parts.ledger.idempotent(caller.subject, key)
      if (used !== null) return { replay: this.#replay(used) }
    }
    const { job } = await this.#parts.ledger.createJob({
      ...this.#newJob(caller, options),
      items: [],
      select: [],
      sealed: false,
      idempotency: key === undefined ? null : { key, fingerprint: null },
    })
    return { intake: new Manifest(this.#parts, caller, job) }
  }

  /** The same key again: the body must arrive whole before it can be compared. */
  #replay(used: { readonly job: string; readonly fingerprint: string | null }): { finish(fingerprint: string): Promise<Submitted> } {
    if (used.fingerprint === null) throw stillArriving()
    const finish = async (fingerprint: string): Promise<Submitted> => {
      const job = await this.#parts.ledger.job(used.job)
      if (job === null) throw new WaybillError('job_not_found', 'the job of this Idempotency-Key is gone')
      if (fingerprint !== used.fingerprint) throw anotherBody()
      return { job, replayed: true }
    }
    return { finish }
  }

  #newJob(caller: Caller, options: JobOptions): Pick<NewJob, 'id' | 'number' | 'submittedBy' | 'options'> {
    return { id: this.#parts.ids.uuid(), number: this.#parts.ids.number(), submittedBy: caller.subject, options }
  }

  #checkAmount(items: number, selections: number): void {
    if (items + selections === 0) throw new WaybillError('invalid_request', 'the job has no items and selects none; give "items", "select" or both')
    if (items > this.#parts.maxItems) {
      throw new WaybillError(
        'too_many_items',
        `the body holds ${items} items; at most ${this.#parts.maxItems} are taken in one JSON body: send a manifest instead`,
      )
    }
    if (selections > MOST_SELECTIONS) throw new WaybillError('too_many_items', `the body holds ${selections} selections; at most ${MOST_SELECTIONS} are taken`)
  }

  /** For dialects that refuse a request on locked files as a whole (Apollo, 423) rather than failing its items. */
  async #refuseLocked(caller: Caller, items: readonly SubmitItem[]): Promise<void> {
    const places = items.flatMap(({ source, destination }) => [
      { collection: source.collection, path: source.path },
      ...(destination === undefined ? [] : [{ collection: destination.collection, path: destination.path ?? source.path }]),
    ])
    const lock = await this.#parts.ledger.lockAgainst(caller.subject, places)
    if (lock !== null) throw lockedBy(lock)
  }
}

/** A manifest on its way in: stored batch by batch, invisible and never run until it is sealed. */
class Manifest implements ManifestIntake {
  readonly #parts: IntakeParts
  readonly #caller: Caller
  readonly #job: Job
  readonly #granted = new Set<string>()
  #received = 0

  constructor(parts: IntakeParts, caller: Caller, job: Job) {
    this.#parts = parts
    this.#caller = caller
    this.#job = job
  }

  async append(items: readonly SubmitItem[]): Promise<void> {
    const wants = checkItems(this.#job.kind, items, this.#received).filter(want => !this.#granted.has(`${want.least} ${want.collection}`))
    await this.#parts.access.requireAll(this.#caller, wants)
    for (const want of wants) this.#granted.add(`${want.least} ${want.collection}`)
    await this.#parts.ledger.appendItems(this.#job.id, items)
    this.#received += items.length
  }

  async seal(fingerprint: string): Promise<Submitted> {
    if (this.#received === 0) throw new WaybillError('invalid_manifest', 'the manifest has no items; give at least one line')
    const job = await this.#parts.ledger.seal(this.#job.id, fingerprint)
    this.#parts.wake(job)
    return { job, replayed: false }
  }

  async abort(): Promise<void> {
    await this.#parts.ledger.dropUnsealed(this.#job.id)
  }
}
