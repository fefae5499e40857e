import type { Counts, Outcome } from '../../model/job.ts'
import { BACKLOG_STATES, type Backlog, type CommittedWork, type FinishedJob, type SettledState, type Takeover } from '../../ports/observed-ledger.ts'
import { uuidText } from './codec.ts'
import { kindOf } from './job-row.ts'
import type { Row } from './row.ts'

/** What a transaction does, gathered on its way to the commit: part of `CommittedWork`, in a form that crosses threads. */
export class Work implements Omit<CommittedWork, 'seconds' | 'operations'> {
  readonly items: Record<SettledState, number> = { done: 0, skipped: 0, failed: 0, evicted: 0, cancelled: 0 }
  readonly finished: FinishedJob[] = []
  readonly takeovers: Takeover[] = []

  /** Items of a job got into these states. Told last of all that settles them: what is undone with a savepoint must not have been told. */
  settled(counts: Partial<Record<SettledState, number>>): void {
    for (const [state, n] of Object.entries(counts)) if (state in this.items) this.items[state as SettledState] += n
  }

  /** A job, by its row, has come to its end. */
  finish(job: Row, outcome: Outcome, counts: Counts, now: number): void {
    this.finished.push({
      id: uuidText(job['id']),
      kind: kindOf(job),
      dialect: job['dialect'] as string,
      outcome,
      counts,
      seconds: (now - (job['created_at'] as number)) / 1000,
    })
  }

  /** A chunk, by its row, is taken from a worker that fell silent. */
  takeOver(job: string, chunk: Row): void {
    this.takeovers.push({ job, chunk: chunk['no'] as number, worker: chunk['worker'] as string })
  }

  add({ items, finished, takeovers }: Work): void {
    this.settled(items)
    this.finished.push(...finished)
    this.takeovers.push(...takeovers)
  }
}

/** A backlog from rows of `state`, `paused`, `n` and `oldest`, each of jobs that have the same state. */
export function toBacklog(rows: readonly Row[], uploads: number): Backlog {
  const jobs = { submitted: 0, resolving: 0, running: 0, paused: 0 }
  let oldestWaiting: number | null = null
  for (const row of rows) {
    const state = row['paused'] === 1 ? 'paused' : BACKLOG_STATES[row['state'] as number]
    if (state === undefined) throw new Error(`a job in the state ${String(row['state'])} is not unfinished`)
    jobs[state] += row['n'] as number
    if (state === 'submitted') oldestWaiting = row['oldest'] as number
  }
  return { jobs, oldestWaiting, uploads }
}
