/** Time, injected: retention, leases, locks and retries are tested on virtual time. Epoch milliseconds. */
export interface Clock {
  now(): number
  /** Resolves after `ms`, or at once when the signal aborts. Never keeps the process alive by itself. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>
}

/** Identifiers, injected. */
export interface Ids {
  /** A UUID v7. */
  uuid(): string
  /** The job's second name: a positive integer below 2^53, growing, unique in the process. */
  number(): number
}
