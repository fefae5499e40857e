/** A job that another one has to wait for. */
export interface JobAhead {
  readonly number: string
  readonly submittedBy: string
}

/** What a ledger tells of jobs that wait for others. */
export interface WaitingLedger {
  /** An ordered job that this one (a UUID) has to wait for; null when it waits for none. One look at the line of the unfinished ordered jobs. */
  heldUpBy(job: string): Promise<JobAhead | null>
}
