import type { ClientBase } from 'pg'
import type { Row } from '../../shared/row.ts'
import { statement, valuesOf, type Params } from './statements.ts'

export type { Params }

/** Runs statements: in a transaction, or each by itself. */
export interface Queries {
  /** Runs a statement; returns how many rows it changed. */
  run(sql: string, params?: Params): Promise<number>
  get(sql: string, params?: Params): Promise<Row | undefined>
  all(sql: string, params?: Params): Promise<Row[]>
}

/** The statements of one connection. */
export class ConnectionQueries implements Queries {
  readonly #client: ClientBase

  constructor(client: ClientBase) {
    this.#client = client
  }

  async run(sql: string, params: Params = {}): Promise<number> {
    return (await this.#query(sql, params)).rowCount ?? 0
  }

  async get(sql: string, params: Params = {}): Promise<Row | undefined> {
    return (await this.#query(sql, params)).rows[0]
  }

  async all(sql: string, params: Params = {}): Promise<Row[]> {
    return (await this.#query(sql, params)).rows
  }

  #query(sql: string, params: Params): Promise<{ rowCount: number | null; rows: Row[] }> {
    const prepared = statement(sql)
    return this.#client.query<Row>({ name: prepared.name, text: prepared.text, values: valuesOf(prepared, params) })
  }
}
