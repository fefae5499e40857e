import { isWaybillError } from '../../src/model/errors.ts'
import { isTerminal } from '../../src/model/item.ts'
import type { Item } from '../../src/model/item.ts'
import type { Job } from '../../src/model/job.ts'
import { uuidText } from '../../src/ledger/shared/codec.ts'
import { items } from '../../src/ledger/sqlite/reads/items.ts'
import { versions } from '../../src/ledger/sqlite/reads/entries.ts'
import { acknowledged, job as readJob } from '../../src/ledger/sqlite/reads/jobs.ts'
import { ORDERED, type KnownJob, type SimulatedClient } from './client.ts'
import type { Schedule } from './schedule.ts'
import type { SimulatedDatabase } from './simulated-ledger.ts'
import type { SimulatedBytes } from './simulated-store.ts'
import { readWritten, type Written } from './written.ts'

const ALL = { limit: 1000 }

/** Says what is wrong with a job or a file, and by which invariant. */
function fault(invariant: string, what: string): never {
  throw new Error(`${invariant}: ${what}`)
}

/** Reads everything back and compares it with what was acknowledged. Counts what it looked at. */
export class Checks {
  readonly looked = { jobs: 0, items: 0, versions: 0, expired: 0, deliveries: 0, uploads: 0, deeds: 0 }
  readonly #client: SimulatedClient
  readonly #database: SimulatedDatabase
  readonly #schedule: Schedule
  readonly #far: SimulatedBytes
  /** How often each job had changed when it was looked at, by its id. */
  readonly #changes = new Map<string, number>()
  #written: ReadonlyMap<string, Written> = new Map()
  /** Jobs that were found expired. */
  readonly #over = new Set<KnownJob>()

  constructor(parts: { client: SimulatedClient; database: SimulatedDatabase; schedule: Schedule; far: SimulatedBytes }) {
    this.#client = parts.client
    this.#database = parts.database
    this.#schedule = parts.schedule
    this.#far = parts.far
  }

  /** What has changed since the last time, by the jobs' own count of changes. */
  run(): void {
    const changes = new Map(this.#database.db.all('SELECT id, change FROM job').map(row => [uuidText(row['id']), row['change'] as number]))
    this.#written = readWritten(this.#database.db)
    for (const known of this.#client.jobs) {
      const change = changes.get(known.id) ?? -1
      if (this.#changes.get(known.id) === change) continue
      this.#changes.set(known.id, change)
      this.#checkJob(known)
    }
    for (const path of ORDERED) this.#checkOrder(path)
  }

  /** All of it, also what says that it has not changed. */
  runToEnd(): void {
    this.#changes.clear()
    this.run()
  }

  /** Jobs that are not finished, by id. */
  unfinished(): string[] {
    return this.#client.jobs
      .filter(known => !this.#over.has(known))
      .map(({ id }) => id)
      .filter(id => {
        const job = this.#job(id)
        return job !== 'expired' && job?.state !== 'finished'
      })
  }

  #checkJob(known: KnownJob): void {
    const job = this.#job(known.id)
    if (job === null) fault('I8', `the acknowledged job ${known.id} is unknown`)
    if (job === 'expired') {
      this.looked.expired += 1
      this.#over.add(known)
      for (const item of known.items) this.#checkWritten(known, item, null)
      return
    }
    this.looked.jobs += 1
    const all = this.#items(job)
    this.#checkCounts(job, all, known.items.length)
    for (const item of all) {
      this.#checkTerminal(known, item)
      this.#checkWritten(known, known.items[item.seq] as KnownJob['items'][number], item)
    }
  }

  #checkCounts({ id, counts, state }: Job, all: readonly Item[], submitted: number): void {
    if (all.length !== submitted || counts.total !== submitted)
      fault('I1', `of ${submitted} items of job ${id} ${all.length} are there, ${counts.total} counted`)
    for (const name of ['pending', 'running', 'done', 'skipped', 'failed', 'evicted', 'cancelled'] as const) {
      const n = all.filter(item => item.state === name).length
      if (n !== counts[name]) fault('I3', `job ${id} counts ${counts[name]} ${name}, and has ${n}`)
    }
    if (state === 'finished' && counts.pending + counts.running > 0) fault('I3', `job ${id} is finished with items left`)
  }

  #checkTerminal(known: KnownJob, item: Item): void {
    this.looked.items += 1
    const before = known.seen.get(item.seq)
    if (before !== undefined && before !== item.state) fault('I2', `item ${item.seq} of job ${known.id} was ${before} and is ${item.state}`)
    if (isTerminal(item.state)) known.seen.set(item.seq, item.state)
  }

  /** I6: the destination is the item's own: one version when it was done, none when it was not. */
  #checkWritten(known: KnownJob, { source, destination }: KnownJob['items'][number], item: Item | null): void {
    if (destination?.path === undefined) return
    const name = `${destination.collection}/${destination.path}`
    const made = this.#written.get(name)
    const versions = made?.versions ?? 0
    this.looked.versions += versions
    const wanted = item === null ? Math.min(versions, 1) : item.state === 'done' ? 1 : 0
    if (versions !== wanted) fault('I6', `${name} has ${versions} versions, its item is ${item?.state ?? 'expired'}`)
    const digest = made?.digest ?? null
    if (digest !== null && destination.collection === 'far' && !this.#far.blobs.has(digest)) fault('I4', `${name} is there without its bytes`)
    if (known.kind !== 'move' || item?.state !== 'done') return
    if (this.#written.get(`${source.collection}/${source.path ?? ''}`)?.deleted !== true) fault('I6', `${source.path ?? ''} was moved and is still there`)
  }

  /** Ordered updates happen in the order in which they were acknowledged. */
  #checkOrder(path: string): void {
    const written = versions(this.#database.db, 'near', path, ALL).items.map(({ fields }) => Number(fields['n'] ?? 0))
    for (const [index, n] of written.entries()) {
      const before = written[index + 1] // newest first
      if (before !== undefined && before > n) fault('order', `${path} was written by update ${before} and then by ${n}`)
    }
  }

  #items(job: Job): readonly Item[] {
    const row = acknowledged(this.#database.db, job.id, this.#schedule.now)
    return row === undefined ? [] : items(this.#database.db, row['key'] as number, {}, ALL).items
  }

  #job(id: string): Job | 'expired' | null {
    try {
      return readJob(this.#database.db, id, this.#schedule.now)
    } catch (error) {
      if (isWaybillError(error, 'job_expired')) return 'expired'
      throw error
    }
  }
}
