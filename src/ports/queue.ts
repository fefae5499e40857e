/** What a turn left behind: more to do at once, or nothing for now. */
export type TurnResult = 'more' | 'idle'

/** A wake-up for a job: who it belongs to and how often its turn comes relative to the tenant's other jobs. */
export interface Wake {
  readonly job: string
  readonly tenant: string
  readonly priority: number
  /** Most turns of it at once in this process; default: as the queue finds best. */
  readonly width?: number
}

/** Runs one statement in a transaction that is open. */
export type RunSql = (text: string, values: unknown[]) => Promise<{ rows: unknown[] }>

/** Sends wake-ups in a transaction of the ledger: they are there once it is committed, or never were. */
export interface WakeSender {
  sendWithin(run: RunSql, wakes: readonly Wake[]): Promise<void>
}

/** How many turns may run at once; see `Queue.work`. */
export interface TurnLimits {
  readonly concurrency: number
  readonly quick?: number
}

/**
 * Wake-ups only; the ledger is the truth. Losing a wake-up loses nothing, a doubled one does nothing twice.
 * - MUST share turns evenly between tenants, and between a tenant's jobs by priority.
 * - MUST call the handler again for a job whose turn ended with `more`.
 * - `stop` MUST wait for the running turns and take no new ones.
 */
export interface Queue {
  wake(wake: Wake): void
  /** A wake-up was sent by the ledger, in a transaction that is committed now (`Ledger.sendsWakes`): it may be looked for at once. */
  look(): void
  /** How many jobs this process has in hand, for people only. */
  inHand(): number
  /** `concurrency`: turns at once; `quick` (default: the same): as many while fewer than `concurrency` are of jobs that have said `more`. */
  work(handler: (job: string) => Promise<TurnResult>, options: TurnLimits): void
  stop(): Promise<void>
}
