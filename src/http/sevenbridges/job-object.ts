import type { Job, JobState } from '../../model/job.ts'
import { PREFIX, timeWords } from './words.ts'

/** The jobs that can be asked for here, by the last segment of their path. */
export const ASYNC_KINDS = ['copy', 'move', 'delete'] as const
export type AsyncKind = (typeof ASYNC_KINDS)[number]

/** What the jobs submitted here are marked with: only they are answered and listed here. */
export const DIALECT = 'sevenbridges'

/** A job, key for key as documented, but for its `result`. Counts count files, and are integers; `id` is a string of digits. */
export interface JobObject {
  readonly href: string
  readonly id: string
  readonly type: Uppercase<AsyncKind>
  readonly state: Uppercase<JobState>
  readonly total_files: number
  readonly completed_files: number
  readonly failed_files: number
  readonly started_on: string | null
  readonly finished_on: string | null
}

/** The URL of a job. `base` is that of the server (http/base-url.ts). */
export function jobHref(base: string, job: Pick<Job, 'kind' | 'number'>): string {
  return `${base}${PREFIX}/async/files/${job.kind}/${job.number}`
}

/** A job in the dialect's words. It never fails as a whole: outcomes are those of its files. */
export function jobObject(job: Job, base: string): JobObject {
  const { total, done, skipped, failed, evicted, cancelled } = job.counts
  return {
    href: jobHref(base, job),
    id: job.number,
    type: job.kind.toUpperCase() as Uppercase<AsyncKind>,
    state: job.state.toUpperCase() as Uppercase<JobState>,
    total_files: total,
    completed_files: done + skipped,
    failed_files: failed + evicted + cancelled,
    started_on: job.startedAt === null ? null : timeWords(job.startedAt),
    finished_on: job.finishedAt === null ? null : timeWords(job.finishedAt),
  }
}
