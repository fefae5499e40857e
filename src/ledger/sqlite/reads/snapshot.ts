import type { Item } from '../../../model/item.ts'
import type { Job } from '../../../model/job.ts'
import type { Clock } from '../../../ports/clock.ts'
import type { ItemFilter, JobSnapshot } from '../../../ports/ledger.ts'
import { toJob } from '../../shared/codec.ts'
import { Places } from '../../shared/places.ts'
import { Database } from '../database.ts'
import { acknowledged } from './jobs.ts'
import { take } from './items.ts'

/** Items that one step of a snapshot reads. */
const STEP = 1_000

/** Idle connections that are kept for the next snapshot: opening one and preparing its statements costs more than a small job's whole report. */
const KEPT = 4

/** Snapshots open at once: each keeps the log from being folded in while it is read, and holds memory of its own. */
const MOST_OPEN = 32

/** Opens snapshots, each on a connection of its own: a read transaction belongs to one. */
export class Snapshots {
  readonly #file: string
  readonly #idle: Database[] = []
  readonly #clock: Clock
  readonly #places: Places
  #closed = false

  constructor(file: string, clock: Clock) {
    this.#file = file
    this.#clock = clock
    this.#places = new Places(MOST_OPEN, clock)
  }

  /** A job as of one commit, until it is closed; null for an unknown one. Throws `job_expired`, `unavailable` while too many stay open. */
  async open(idOrNumber: string, reader: string | null): Promise<JobSnapshot | null> {
    await this.#places.take(reader)
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

  #connection(reader: string | null): Database {
    try {
      return this.#idle.pop() ?? Database.openReader(this.#file)
    } catch (error) {
      this.#places.leave(reader)
      throw error
    }
  }

  #giveBack(db: Database, reader: string | null): void {
    db.rollback()
    if (this.#closed || this.#idle.length >= KEPT) db.close()
    else this.#idle.push(db)
    this.#places.leave(reader)
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
