import type { Book } from './book.ts'
import type { Target } from './targets.ts'
import type { Victim } from './victim.ts'

/** Where a run takes place: a kind of ledger, its stores, and servers on them. */
export interface Stage {
  /** Of a subject with all rights, and of one with none. */
  readonly token: string
  readonly stranger: string
  /** Starts a server; with a target it may die on the way: then the answer is where. */
  start(target?: Target): Promise<Victim | string>
  /** What else happens while a server is at work; resolves when that is over. */
  disturb(): Promise<void>
  /** Checks what lies on the disk, or in the database, now that a server is dead. */
  look(book: Book): Promise<string[]>
  /** How many rows are left that belong to deleted collections; of these those that no job names count themselves. */
  leftovers(): Promise<number>
  /** True where a living server may be without its ledger for a while. */
  readonly mayBeAway: boolean
  /** Jobs that were not finished at the last look. */
  readonly unfinished: number
  close(): Promise<void>
}

/** One caller would run into the usual limits of requests; what was deleted is purged while servers are killed. */
export const LIMITS = { WAYBILL_REQUESTS_PER_MINUTE: '100000000', WAYBILL_SEVENBRIDGES_REQUESTS: '100000000', WAYBILL_DELETED_RETENTION_MS: '1000' }

/** What `leftovers` counts, as `n`; `schema`: what comes before the names of tables. */
export function countLeftovers(schema: string): string {
  const deleted = `SELECT key FROM ${schema}collection WHERE deleted_at IS NOT NULL`
  const counts = [
    ...['entry', 'history', 'upload'].map(table => `SELECT count(*) AS rows FROM ${schema}${table} WHERE collection IN (${deleted})`),
    `SELECT count(*) FROM ${schema}collection WHERE key IN (${deleted}) AND key NOT IN (SELECT collection FROM ${schema}job_collection)`,
  ]
  return `SELECT sum(rows) AS n FROM (${counts.join(' UNION ALL ')}) AS counted`
}
