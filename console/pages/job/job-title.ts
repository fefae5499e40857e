import type { JobInfo } from '../../api/types.ts'

/** A job's label, or its kind and number where it has none. */
export function jobTitle(job: Pick<JobInfo, 'label' | 'kind' | 'number'>): string {
  return job.label ?? `${job.kind} ${job.number}`
}
