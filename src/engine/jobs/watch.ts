import type { Clock } from '../../ports/clock.ts'
import type { CommitNotice, Ledger } from '../../ports/ledger.ts'

/**
 * Whoever waits looks again after this long without any commit: administration writes from another process, and what another node tells of a commit is lost when
 * a connection breaks.
 */
export const LOOK_AGAIN_MS = 5_000

/** Tells waiting requests that a job has changed: from the ledger's commits, not by polling. */
export class Watch {
  readonly #clock: Clock
  readonly #byJob = new Map<string, Set<() => void>>()
  readonly #all = new Set<(jobs: readonly string[]) => void>()

  constructor(ledger: Ledger, clock: Clock) {
    this.#clock = clock
    ledger.onCommit(notice => this.#notify(notice))
  }

  #notify({ jobs }: CommitNotice): void {
    for (const job of jobs) for (const listener of this.#byJob.get(job) ?? []) listener()
    for (const listener of this.#all) listener(jobs)
  }

  /** Calls the listener after every commit that changed the job; returns how to stop it. */
  onJob(job: string, listener: () => void): () => void {
    const listeners = this.#byJob.get(job) ?? new Set()
    this.#byJob.set(job, listeners.add(listener))
    return () => {
      listeners.delete(listener)
      if (listeners.size === 0) this.#byJob.delete(job)
    }
  }

  onAny(listener: (jobs: readonly string[]) => void): () => void {
    this.#all.add(listener)
    return () => this.#all.delete(listener)
  }

  /** A flag that commits raise and one waiter lowers: nothing that happens between two waits is missed. */
  flag(subscribe: (raise: () => void) => () => void): Flag {
    return new Flag(this.#clock, subscribe)
  }
}

/** See `Watch.flag`. */
export class Flag {
  readonly #clock: Clock
  readonly #unsubscribe: () => void
  #raised = false
  #wake: (() => void) | null = null

  constructor(clock: Clock, subscribe: (raise: () => void) => () => void) {
    this.#clock = clock
    this.#unsubscribe = subscribe(() => {
      this.#raised = true
      this.#wake?.()
    })
  }

  /** Resolves when the flag is raised (and lowers it), after `ms`, or when the signal aborts. */
  async wait(ms: number, signal?: AbortSignal): Promise<void> {
    if (!this.#raised && signal?.aborted !== true) {
      const timer = new AbortController()
      const raised = new Promise<void>(resolve => (this.#wake = resolve))
      const aborted = signal === undefined ? timer.signal : AbortSignal.any([timer.signal, signal])
      await Promise.race([raised, this.#clock.sleep(ms, aborted)])
      timer.abort()
      this.#wake = null
    }
    this.#raised = false
  }

  close(): void {
    this.#unsubscribe()
  }
}
