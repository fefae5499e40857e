import type { ItemState } from '../model/item.ts'
import type { Counts, JobKind, Outcome } from '../model/job.ts'

/** States in which an item is settled. */
export type SettledState = Exclude<ItemState, 'pending' | 'running'>

/** A job that has come to its end; one that is retried comes to it again. */
export interface FinishedJob {
  readonly id: string
  readonly kind: JobKind
  readonly dialect: string
  readonly outcome: Outcome
  readonly counts: Counts
  /** Since it was submitted. */
  readonly seconds: number
}

/** A chunk whose worker fell silent, and that another gets. */
export interface Takeover {
  readonly job: string
  readonly chunk: number
  /** Who fell silent. */
  readonly worker: string
}

/** What a transaction of this process did, once it is durable: all that many nodes commit is told once, by the one that did it. */
export interface CommittedWork {
  /** From its beginning until it was durable. */
  readonly seconds: number
  /** Calls of the ledger that shared it. */
  readonly operations: number
  /** How many items got into each state. */
  readonly items: Readonly<Record<SettledState, number>>
  readonly finished: readonly FinishedJob[]
  readonly takeovers: readonly Takeover[]
}

/** Most rows that `backlog` counts of a kind: it stays a matter of milliseconds. */
export const BACKLOG_BOUND = 10_000

/** States of a job that is not finished, as they are counted: a paused one is nothing else. */
export const BACKLOG_STATES = ['submitted', 'resolving', 'running', 'paused'] as const
export type BacklogState = (typeof BACKLOG_STATES)[number]

/** What waits in the ledger, whoever works on it. */
export interface Backlog {
  /** Sealed jobs that are not finished, the oldest `BACKLOG_BOUND` of them. */
  readonly jobs: Readonly<Record<BacklogState, number>>
  /** When the oldest of these that nobody has begun (`submitted`) was submitted: epoch milliseconds; null: there is none. */
  readonly oldestWaiting: number | null
  /** Uploads in parts under way, up to `BACKLOG_BOUND`. */
  readonly uploads: number
}

/** What can be watched of a ledger. */
export interface ObservedLedger {
  /** Calls the listener after each transaction that this process committed; there is one listener at most. */
  onWork(listener: (work: CommittedWork) => void): void
  /** MUST take no longer than its bounds allow, however long the history is. */
  backlog(): Promise<Backlog>
}
