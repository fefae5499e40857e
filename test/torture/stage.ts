import type { Http } from '../support/http.ts'
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
  /** Makes what only an operator makes, once. */
  prepare(http: Http): Promise<void>
  /** What else happens while a server is at work; resolves when that is over. */
  disturb(): Promise<void>
  /** Checks what lies on the disk, or in the database, now that a server is dead. */
  look(book: Book): Promise<string[]>
  /** True where a living server may be without its ledger for a while. */
  readonly mayBeAway: boolean
  /** Jobs that were not finished at the last look. */
  readonly unfinished: number
  close(): Promise<void>
}

/** One caller would run into the usual limits of requests. */
export const LIMITS = { WAYBILL_REQUESTS_PER_MINUTE: '100000000', WAYBILL_SEVENBRIDGES_REQUESTS: '100000000' }
