/** Time, injected: retention, leases, locks and retries are tested on virtual time. Epoch milliseconds. */
export interface Clock {
  now(): number
  /** Milliseconds since some moment of this process: for how long something takes. Nobody sets it, while `now` may jump by days, forth and back. */
  steady(): number
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
