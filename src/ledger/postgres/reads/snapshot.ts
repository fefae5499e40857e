import type { Pool, PoolClient } from 'pg'
import type { Item } from '../../../model/item.ts'
import type { Job } from '../../../model/job.ts'
import type { Clock } from '../../../ports/clock.ts'
import type { ItemFilter, JobSnapshot } from '../../../ports/ledger.ts'
import { toJob } from '../../shared/codec.ts'
import { Places } from '../../shared/places.ts'
import { faultOf, translateFault } from '../connection/faults.ts'
import { SNAPSHOTS } from '../connection/pools.ts'
import { ConnectionQueries, type Queries } from '../connection/queries.ts'
import { closedError, Retries } from '../connection/transactions.ts'
import { take, type Slice } from './items.ts'
import { acknowledged } from './jobs.ts'

/** Items that one step of a snapshot reads. */
const STEP = 1_000

/** Opens snapshots, each a transaction of its own that sees one commit. */
export class Snapshots {
  readonly #pool: Pool
  readonly #clock: Clock
  readonly #places: Places
  #closed = false

  constructor(pool: Pool, clock: Clock) {
    this.#pool = pool
    this.#clock = clock
    this.#places = new Places(SNAPSHOTS, clock)
  }

  /** A job as of one commit, until it is closed; null for an unknown one. Throws `job_expired`, `unavailable` while too many stay open. */
  async open(idOrNumber: string, reader: string | null): Promise<JobSnapshot | null> {
    await this.#places.take(reader)
    try {
      const snapshot = await this.#tryToOpen(idOrNumber, reader)
      if (snapshot === null) this.#places.leave(reader)
      return snapshot
    } catch (error) {
      this.#places.leave(reader)
      throw error
    }
  }

  async #tryToOpen(idOrNumber: string, reader: string | null): Promise<JobSnapshot | null> {
    const retries = new Retries()
    for (;;) {
      if (this.#closed) throw closedError()
      try {
        return await this.#begin(await this.#pool.connect(), idOrNumber, reader)
      } catch (error) {
        await retries.next(error, false)
      }
    }
  }

  async #begin(client: PoolClient, idOrNumber: string, reader: string | null): Promise<JobSnapshot | null> {
    const db = new ConnectionQueries(client)
    try {
      await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY')
      const row = await acknowledged(db, idOrNumber, this.#clock.now())
      if (row !== undefined) return new PostgresJobSnapshot(db, row['key'] as number, toJob(row), () => this.#end(client, reader))
    } catch (error) {
      client.release(faultOf(error) === 'lost' ? true : await rolledBack(client))
      throw error
    }
    client.release(await rolledBack(client))
    return null
  }

  #end(client: PoolClient, reader: string | null): void {
    void rolledBack(client).then(broken => {
      client.release(broken)
      this.#places.leave(reader)
    })
  }

  close(): void {
    this.#closed = true
  }
}

/** Ends a transaction; true when the connection is of no more use. */
async function rolledBack(client: PoolClient): Promise<boolean> {
  try {
    await client.query('ROLLBACK')
    return false
  } catch (error) {
    if (faultOf(error) === 'other') process.emitWarning(`a report of the ledger did not end well: ${String(error)}`)
    return true
  }
}

class PostgresJobSnapshot implements JobSnapshot {
  readonly job: Job
  readonly #db: Queries
  readonly #key: number
  readonly #giveBack: () => void
  #open = true

  constructor(db: Queries, key: number, job: Job, giveBack: () => void) {
    this.#db = db
    this.#key = key
    this.job = job
    this.#giveBack = giveBack
  }

  /** Throws `unavailable` when the connection is lost: what it saw cannot be had again. */
  async *items(filter: ItemFilter): AsyncGenerator<readonly Item[]> {
    let after: number | null = filter.afterSeq ?? -1
    while (after !== null) {
      const step: Slice = await this.#take(filter, after)
      after = step.next
      if (step.items.length > 0) yield step.items
    }
  }

  async #take(filter: ItemFilter, after: number): Promise<Slice> {
    try {
      return await take(this.#db, this.#key, filter, after, STEP)
    } catch (error) {
      throw translateFault(error)
    }
  }

  close(): void {
    if (!this.#open) return
    this.#open = false
    this.#giveBack()
  }
}
