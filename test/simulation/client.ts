import type { ItemState } from '../../src/model/item.ts'
import { isWaybillError } from '../../src/model/errors.ts'
import type { JobKind, JobOptions, SubmitItem } from '../../src/model/job.ts'
import type { Ids } from '../../src/ports/clock.ts'
import type { Random } from '../support/random.ts'
import type { Schedule } from './schedule.ts'
import type { SimulatedDatabase } from './simulated-ledger.ts'
import type { SimulatedBytes } from './simulated-store.ts'

const MINUTE_MS = 60_000
/** Files that jobs copy; some of them come and go. */
const SOURCES = Array.from({ length: 12 }, (_, n) => `source/${n}`)
/** Files that ordered updates write, one after the other. */
export const ORDERED = ['ordered/0', 'ordered/1']

/** A job that was acknowledged, and what became of it as far as the client has seen. */
export interface KnownJob {
  readonly id: string
  readonly kind: JobKind
  readonly ordered: boolean
  readonly items: readonly SubmitItem[]
  /** Items that were seen in a terminal state since the last retry. */
  readonly seen: Map<number, ItemState>
  isPaused: boolean
}

/** Submits jobs, steers them and changes files, at random; what it is told, it remembers. */
export class SimulatedClient {
  readonly jobs: KnownJob[] = []
  /** The collections that each job names, by its id. */
  readonly collections = new Map<string, ReadonlySet<string>>()
  readonly rotten = new Set<string>()
  readonly #random: Random
  readonly #database: SimulatedDatabase
  readonly #schedule: Schedule
  readonly #stores: readonly SimulatedBytes[]
  readonly #ids: Ids
  #texts = 0
  #updates = 0

  constructor(parts: { random: Random; database: SimulatedDatabase; schedule: Schedule; stores: readonly SimulatedBytes[]; ids: Ids }) {
    this.#random = parts.random
    this.#database = parts.database
    this.#schedule = parts.schedule
    this.#stores = parts.stores
    this.#ids = parts.ids
  }

  /** Two collections in the first store and one in the second, with files. */
  begin(): void {
    for (const [id, store] of [
      ['near', 0],
      ['near2', 0],
      ['far', 1],
    ] as const) {
      const name = this.#stores[store]?.name as string
      this.#database.transact('createCollection', this.#now, { id, name: id, store: name, attributes: {}, createdBy: 'alice' })
      this.#database.transact('setGrant', this.#now, id, 'bob', 'readwrite')
    }
    for (const path of [...SOURCES, ...ORDERED]) this.#put(path)
  }

  /** Does one thing; the id of a job that is to be woken, if any. */
  act(): string | null {
    const act = this.#random.pick(['submit', 'submit', 'submit', 'ordered', 'steer', 'steer', 'put', 'remove', 'rot'] as const)
    if (act === 'submit') return this.#submit()
    if (act === 'ordered') return this.#submitOrdered()
    if (act === 'steer') return this.#steer()
    if (act === 'put') this.#put(this.#random.pick(SOURCES))
    if (act === 'remove')
      this.#tolerate(() => this.#database.transact('removeEntry', this.#now, { collection: 'near', path: this.#random.pick(SOURCES), subject: 'alice' }))
    if (act === 'rot') this.#rot()
    return null
  }

  /** What is paused goes on. */
  resumeAll(): void {
    for (const job of this.jobs) if (job.isPaused) this.#tolerate(() => this.#database.transact('resume', this.#now, job.id))
  }

  get #now(): number {
    return this.#schedule.now
  }

  #submit(): string {
    const kind = this.#random.pick(['copy', 'copy', 'copy', 'move', 'delete'] as const)
    const to = this.#random.pick(['near2', 'near2', 'far'])
    const id = this.#ids.uuid()
    const batches = this.#batches(n => this.#item(kind, to, `${id}/${n}`))
    const verify = this.#random.chance(0.3) ? 'digest' : 'none'
    return this.#acknowledge(id, batches, { kind, verify, ordered: false })
  }

  #item(kind: JobKind, to: string, name: string): SubmitItem {
    // what is moved or deleted is the job's own, so that its end says whether it was done
    const path = kind === 'copy' ? this.#random.pick(SOURCES) : `own/${name}`
    if (kind !== 'copy' && this.#random.chance(0.9)) this.#put(path)
    return { source: { collection: 'near', path }, ...(kind === 'delete' ? {} : { destination: { collection: to, path: name } }) }
  }

  #submitOrdered(): string {
    const batches = this.#batches(() => ({ source: { collection: 'near', path: this.#random.pick(ORDERED) }, fields: { n: ++this.#updates } }))
    return this.#acknowledge(this.#ids.uuid(), batches, { kind: 'update', verify: 'none', ordered: true })
  }

  #batches(item: (n: number) => SubmitItem): SubmitItem[][] {
    let n = 0
    return Array.from({ length: this.#random.between(1, 4) }, () => Array.from({ length: this.#random.between(1, 3) }, () => item(n++)))
  }

  /** Each batch becomes a chunk of its own, as those of a long manifest do. */
  #acknowledge(id: string, batches: readonly SubmitItem[][], wish: Pick<JobOptions, 'kind' | 'verify'> & { readonly ordered: boolean }): string {
    const priority = this.#random.between(1, 9)
    // some are purged before others have heard of their end
    const retentionMs = this.#random.chance(0.2) ? this.#random.between(1, 2_000) : this.#random.between(1, 90) * MINUTE_MS
    const options = { ...wish, conflict: 'version', dryRun: false, priority, label: null, dialect: 'v1', retentionMs } as const
    const submittedBy = this.#random.pick(['alice', 'bob'])
    const [first = [], ...others] = batches
    const job = { id, number: this.#ids.number(), submittedBy, options, items: first, select: [], sealed: false, idempotency: null }
    this.#database.transact('createJob', this.#now, job)
    for (const batch of others) this.#database.transact('appendItems', this.#now, id, batch)
    this.#database.transact('seal', this.#now, id, null)
    const named = batches.flat().flatMap(({ source, destination }) => [source.collection, ...(destination === undefined ? [] : [destination.collection])])
    this.collections.set(id, new Set(named))
    this.jobs.push({ id, kind: wish.kind, ordered: wish.ordered, items: batches.flat(), seen: new Map(), isPaused: false })
    return id
  }

  #steer(): string | null {
    const job = this.jobs.length === 0 ? undefined : this.#random.pick(this.jobs.slice(-20))
    if (job === undefined) return null
    const how = this.#random.pick(['pause', 'resume', 'resume', 'cancel', 'retry', 'retry'] as const)
    if (how === 'retry' && job.ordered) return null // a later attempt has lost its place in the line
    this.#tolerate(() => {
      if (how !== 'retry') this.#database.transact(how, this.#now, job.id)
      else {
        this.#database.transact('retry', this.#now, job.id, ['failed', 'cancelled', 'evicted'])
        job.seen.clear()
      }
      job.isPaused = how === 'pause' || (job.isPaused && how === 'retry')
    })
    return job.id
  }

  #put(path: string): void {
    const text = `text ${this.#random.chance(0.3) ? 0 : ++this.#texts}`
    const digest = this.#stores[0]?.put(Buffer.from(text), this.#now) as string
    this.rotten.delete(digest)
    const entry = { subject: 'alice', kind: 'file', mediaType: 'text/plain', fields: null, digest, size: text.length } as const
    this.#database.transact('putEntry', this.#now, { ...entry, collection: 'near', path })
  }

  /** A disk that forgets: bytes are no longer what was put. */
  #rot(): void {
    const digest = this.#random.pick([...(this.#stores[0]?.blobs.keys() ?? [])])
    const blob = this.#stores[0]?.blobs.get(digest)
    if (blob === undefined) return
    blob.bytes = Buffer.from(blob.bytes.map(byte => byte ^ 1))
    this.rotten.add(digest)
  }

  /** A refusal is an answer, too. */
  #tolerate(call: () => void): void {
    try {
      call()
    } catch (error) {
      const refusals = ['entry_not_found', 'job_finished', 'job_not_finished', 'job_expired', 'entry_exists'] as const
      if (!refusals.some(code => isWaybillError(error, code))) throw error
    }
  }
}
