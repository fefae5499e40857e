import { WaybillError } from '../../../model/errors.ts'
import type { Item } from '../../../model/item.ts'
import type { Job } from '../../../model/job.ts'
import type { Clock } from '../../../ports/clock.ts'
import type { ItemFilter, JobSnapshot } from '../../../ports/ledger.ts'
import { toJob } from '../codec.ts'
import { Database } from '../database.ts'
import { acknowledged } from './jobs.ts'
import { take } from './items.ts'

/** Items that one step of a snapshot reads. */
const STEP = 1_000

/** Idle connections that are kept for the next snapshot: opening one and preparing its statements costs more than a small job's whole report. */
const KEPT = 4

/** Snapshots open at once: each keeps the log from being folded in while it is read, and holds memory of its own. */
const MOST_OPEN = 32

/** Of them one reader may have so many: who reads slowly, or not at all, keeps only themselves waiting. */
const MOST_EACH = MOST_OPEN / 4

/** How long a reader waits for one of them to close: most are open for some milliseconds, and those who poll by reports come by the dozen. */
const PATIENCE_MS = 10_000

/** Opens snapshots, each on a connection of its own: a read transaction belongs to one. */
export class Snapshots {
  readonly #file: string
  readonly #idle: Database[] = []
  readonly #clock: Clock
  /** Readers in line for a free place: who has come first and may have one. */
  readonly #waiting: { readonly reader: string | null; readonly go: () => void }[] = []
  /** How many places each reader has. */
  readonly #held = new Map<string, number>()
  #open = 0
  #closed = false

  constructor(file: string, clock: Clock) {
    this.#file = file
    this.#clock = clock
  }

  /** A job as of one commit, until it is closed; null for an unknown one. Throws `job_expired`, `unavailable` while too many stay open. */
  async open(idOrNumber: string, reader: string | null): Promise<JobSnapshot | null> {
    await this.#place(reader)
    const db = this.#connection(reader)
    try {
      db.exec('BEGIN')
      const row = acknowledged(db, idOrNumber, this.#clock.now())
      if (row !== undefined) return new SqliteJobSnapshot(db, row['key'] as number, toJob(row), () => this.#giveBack(db, reader))
    } catch (error) {
      this.#giveBack(db, reader)
      throw error
    }
    this.#giveBack(db, reader)
    return null
  }

  #mayHave(reader: string | null): boolean {
    return this.#open < MOST_OPEN && (reader === null || (this.#held.get(reader) ?? 0) < MOST_EACH)
  }

  #take(reader: string | null): void {
    this.#open += 1
    if (reader !== null) this.#held.set(reader, (this.#held.get(reader) ?? 0) + 1)
  }

  /** Takes a place, or waits for one that becomes free. */
  async #place(reader: string | null): Promise<void> {
    if (this.#mayHave(reader)) {
      this.#take(reader)
      return
    }
    const { promise, resolve } = Promise.withResolvers<void>()
    const inTime = new AbortController()
    const go = (): void => {
      inTime.abort()
      resolve()
    }
    const waiter = { reader, go }
    this.#waiting.push(waiter)
    await Promise.race([promise, this.#clock.sleep(PATIENCE_MS, inTime.signal)])
    if (inTime.signal.aborted) return
    this.#waiting.splice(this.#waiting.indexOf(waiter), 1)
    const most = this.#open < MOST_OPEN ? `${MOST_EACH} reports of yours` : `${MOST_OPEN} reports`
    throw new WaybillError('unavailable', `${most} are being read already; ask again shortly`, { retryAfterSeconds: 5 })
  }

  #connection(reader: string | null): Database {
    try {
      return this.#idle.pop() ?? Database.openReader(this.#file)
    } catch (error) {
      this.#leave(reader)
      throw error
    }
  }

  /** The place goes to whoever waits longest of those who may have one. */
  #leave(reader: string | null): void {
    this.#open -= 1
    if (reader !== null) this.#forget(reader)
    const next = this.#waiting.findIndex(waiter => this.#mayHave(waiter.reader))
    for (const waiter of next === -1 ? [] : this.#waiting.splice(next, 1)) {
      this.#take(waiter.reader)
      waiter.go()
    }
  }

  #forget(reader: string): void {
    const left = (this.#held.get(reader) ?? 0) - 1
    if (left > 0) this.#held.set(reader, left)
    else this.#held.delete(reader)
  }

  #giveBack(db: Database, reader: string | null): void {
    db.rollback()
    if (this.#closed || this.#idle.length >= KEPT) db.close()
    else this.#idle.push(db)
    this.#leave(reader)
  }

  close(): void {
    this.#closed = true
    for (const db of this.#idle.splice(0)) db.close()
  }
}

class SqliteJobSnapshot implements JobSnapshot {
  readonly job: Job
  readonly #db: Database
  readonly #key: number
  readonly #giveBack: () => void
  #open = true

  constructor(db: Database, key: number, job: Job, giveBack: () => void) {
    this.#db = db
    this.#key = key
    this.job = job
    this.#giveBack = giveBack
  }

  async *items(filter: ItemFilter): AsyncGenerator<readonly Item[]> {
    let after: number | null = filter.afterSeq ?? -1
    while (after !== null) {
      const step: { items: Item[]; next: number | null } = take(this.#db, this.#key, filter, after, STEP)
      after = step.next
      if (step.items.length > 0) yield step.items
      // let others have the thread between the steps of a long report
      if (after !== null) await new Promise(resolve => setImmediate(resolve))
    }
  }

  close(): void {
    if (!this.#open) return
    this.#open = false
    this.#giveBack()
  }
}
