/** Types of stored events; `job.progress` is never stored, it is sent from the job's present counters. */
export const EVENT_TYPES = ['job.submitted', 'job.resolved', 'item.failed', 'item.evicted', 'job.finished'] as const
export type EventType = (typeof EVENT_TYPES)[number]

/** One event of a job, `id` growing over the whole ledger in the order of commits. */
export interface JobEvent {
  readonly id: number
  readonly type: EventType
  readonly job: string
  readonly at: number
  readonly data: Readonly<Record<string, unknown>>
}
