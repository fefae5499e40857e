/** What a process says of itself when it begins to work on the ledger. `startedAt`: epoch milliseconds, by its own clock. */
export interface NodeDescription {
  readonly host: string
  readonly pid: number
  readonly version: string
  readonly startedAt: number
}

/** A process that works on the ledger. `lastSeenAt` is by the ledger's clock, `self` true of the process that asks. */
export interface LedgerNode extends NodeDescription {
  readonly id: string
  readonly lastSeenAt: number
  readonly self: boolean
}

/** Unfinished jobs that are not paused: those that wait for their first turn, and those that had one. */
export interface QueueFigures {
  readonly waitingJobs: number
  readonly runningJobs: number
  /** When the oldest waiting one was submitted, epoch milliseconds; null when none waits. */
  readonly oldestWaitingAt: number | null
  /** False when there are more unfinished jobs than are counted. */
  readonly exact: boolean
}

/** Unfinished jobs that are looked at for the figures, the oldest first: some milliseconds of reading, however many there are. */
export const COUNTED_JOBS = 10_000

/**
 * What operators ask of a ledger. Part of `Ledger`.
 *
 * - A node that announced itself MUST be among the nodes until it closes; of a ledger for several processes among those of each, and one that died MUST go from
 *   them within 15 minutes.
 * - `queueFigures` MUST NOT read more than `COUNTED_JOBS` jobs.
 */
export interface SystemLedger {
  readonly kind: 'sqlite' | 'postgres'
  /** The number of the schema that this version works with. */
  readonly schema: number
  /** From now on this process is one of the nodes, until the ledger is closed. */
  announce(node: NodeDescription): Promise<void>
  /** The nodes in the order of their starts. */
  nodes(): Promise<readonly LedgerNode[]>
  queueFigures(): Promise<QueueFigures>
  /** When the ledger was restored from a backup, epoch milliseconds; null: it never was. */
  restoredAt(): Promise<number | null>
}
