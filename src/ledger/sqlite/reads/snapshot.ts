import type { Item } from '../../../model/item.ts'
import type { Job } from '../../../model/job.ts'
import type { ItemFilter, JobSnapshot } from '../../../ports/ledger.ts'
import { toJob } from '../codec.ts'
import { Database } from '../database.ts'
import { acknowledged } from './jobs.ts'
import { take } from './items.ts'

/** Items that one step of a snapshot reads. */
const STEP = 1_000

/** A job as of one commit: a read transaction on a connection of its own, open until it is closed. */
export function openSnapshot(file: string, idOrNumber: string, now: number): JobSnapshot | null {
  const db = Database.openReader(file)
  try {
    db.exec('BEGIN')
    const row = acknowledged(db, idOrNumber, now)
    if (row === undefined) {
      db.close()
      return null
    }
    return new SqliteJobSnapshot(db, row['key'] as number, toJob(row))
  } catch (error) {
    db.close()
    throw error
  }
}

class SqliteJobSnapshot implements JobSnapshot {
  readonly job: Job
  readonly #db: Database
  readonly #key: number
  #open = true

  constructor(db: Database, key: number, job: Job) {
    this.#db = db
    this.#key = key
    this.job = job
  }

  async *items(filter: ItemFilter): AsyncGenerator<readonly Item[]> {
    let after: number | null = -1
    while (after !== null) {
      const step: { items: Item[]; next: number | null } = take(this.#db, this.#key, filter, after, STEP)
      after = step.next
      if (step.items.length > 0) yield step.items
      // let others have the thread between the steps of a long report
      await new Promise(resolve => setImmediate(resolve))
    }
  }

  close(): void {
    if (!this.#open) return
    this.#open = false
    this.#db.close()
  }
}
