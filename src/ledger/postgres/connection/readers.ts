import type { Pool, PoolClient } from 'pg'
import type { Row } from '../../shared/row.ts'
import { faultOf } from './faults.ts'
import { ConnectionQueries, type Params, type Queries } from './queries.ts'
import { closedError, Retries } from './transactions.ts'

/** Reads on any connection of a pool: what is lost with one is asked again. */
export class Readers implements Queries {
  readonly #pool: Pool
  #closed = false

  constructor(pool: Pool) {
    this.#pool = pool
  }

  run(sql: string, params?: Params): Promise<number> {
    return this.#trying(client => new ConnectionQueries(client).run(sql, params))
  }

  get(sql: string, params?: Params): Promise<Row | undefined> {
    return this.#trying(client => new ConnectionQueries(client).get(sql, params))
  }

  all(sql: string, params?: Params): Promise<Row[]> {
    return this.#trying(client => new ConnectionQueries(client).all(sql, params))
  }

  /** Reads with several statements that all see the same commit. */
  atOnce<T>(work: (db: Queries) => Promise<T>): Promise<T> {
    return this.#trying(async client => {
      await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY')
      try {
        const result = await work(new ConnectionQueries(client))
        await client.query('COMMIT')
        return result
      } catch (error) {
        if (faultOf(error) !== 'lost') await client.query('ROLLBACK')
        throw error
      }
    })
  }

  async #trying<T>(work: (client: PoolClient) => Promise<T>): Promise<T> {
    const retries = new Retries()
    for (;;) {
      if (this.#closed) throw closedError()
      try {
        return await this.#once(work)
      } catch (error) {
        await retries.next(error, false)
      }
    }
  }

  async #once<T>(work: (client: PoolClient) => Promise<T>): Promise<T> {
    const client = await this.#pool.connect()
    try {
      const result = await work(client)
      client.release()
      return result
    } catch (error) {
      client.release(faultOf(error) === 'lost')
      throw error
    }
  }

  close(): void {
    this.#closed = true
  }
}
