import type { Caller } from '../../model/access.ts'
import { WaybillError } from '../../model/errors.ts'
import type { Job, JobOptions, Selection, SubmitItem } from '../../model/job.ts'
import type { Ids } from '../../ports/clock.ts'
import type { ItemPart, Ledger, NewJob, Submitted } from '../../ports/ledger.ts'
import type { Observer } from '../../ports/observer.ts'
import type { Access } from '../access.ts'
import type { ManifestIntake } from '../api.ts'
import type { PlaceRefusals } from '../places/refusals.ts'
import { checkItems, checkSelections, type Want } from './check.ts'

export interface ManifestParts {
  readonly ledger: Ledger
  readonly access: Access
  readonly ids: Ids
  readonly placeRefusals: PlaceRefusals
  readonly observer: Observer
  /** Has a job that was taken just now worked on. */
  readonly begin: (job: Job) => void
}

/** What every new job has. */
export function newJob(ids: Ids, caller: Caller, options: JobOptions): Pick<NewJob, 'id' | 'number' | 'submittedBy' | 'options'> {
  return { id: ids.uuid(), number: ids.number(), submittedBy: caller.subject, options }
}

/** A manifest on its way in: stored batch by batch, invisible and never run until it is sealed. */
export class Manifest implements ManifestIntake {
  readonly #parts: ManifestParts
  readonly #caller: Caller
  readonly #options: JobOptions
  readonly #job: Job
  readonly #granted = new Set<string>()
  #before: Job | null = null
  #received = 0

  constructor(parts: ManifestParts, caller: Caller, options: JobOptions, job: Job) {
    this.#parts = parts
    this.#caller = caller
    this.#options = options
    this.#job = job
  }

  get received(): number {
    return this.#received
  }

  async append(items: readonly SubmitItem[]): Promise<void> {
    await this.#require(checkItems(this.#options.kind, items, this.#received), items)
    await this.#parts.ledger.appendItems(this.#job.id, items)
    this.#received += items.length
  }

  async merge(parts: readonly ItemPart[]): Promise<void> {
    const wants = parts.flatMap(({ seq, item }) => checkItems(this.#options.kind, [item], seq))
    await this.#require(
      wants,
      parts.map(({ item }) => item),
    )
    await this.#parts.ledger.mergeItems(this.#job.id, parts)
  }

  async precede(select: readonly Selection[]): Promise<Job> {
    if (this.#options.ordered !== true || this.#before !== null) throw new Error('one job at most can precede a manifest, which must be ordered')
    await this.#require(checkSelections(this.#options.kind, select))
    const job = newJob(this.#parts.ids, this.#caller, this.#options)
    this.#before = (await this.#parts.ledger.createJob({ ...job, items: [], select, sealed: false, idempotency: null })).job
    return this.#before
  }

  seal(fingerprint: string): Promise<Submitted> {
    const { dialect, kind } = this.#options
    return this.#parts.observer.during({ name: 'submit', dialect, kind }, () => this.#seal(fingerprint))
  }

  async #seal(fingerprint: string): Promise<Submitted> {
    if (this.#received === 0 && this.#options.ordered !== true) throw new WaybillError('invalid_manifest', 'the manifest has no items; give at least one line')
    const job = await this.#parts.ledger.seal(this.#job.id, fingerprint, this.#before?.id)
    if (this.#before !== null) this.#parts.begin(this.#before)
    this.#parts.begin(job)
    return { job, replayed: false }
  }

  async abort(): Promise<void> {
    await this.#parts.ledger.dropUnsealed(this.#job.id)
    if (this.#before !== null) await this.#parts.ledger.dropUnsealed(this.#before.id)
  }

  /** Asks for each grant once: a manifest of many batches mostly names the same collections. */
  async #require(wants: readonly Want[], items: readonly SubmitItem[] = []): Promise<void> {
    const missing = wants.filter(want => !this.#granted.has(`${want.least} ${want.collection}`))
    await this.#parts.access.requireAll(this.#caller, missing)
    await this.#parts.placeRefusals.refuse(this.#options.kind, missing, { items })
    for (const want of missing) this.#granted.add(`${want.least} ${want.collection}`)
  }
}
