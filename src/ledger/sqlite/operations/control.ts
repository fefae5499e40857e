import type { Job } from '../../../model/job.ts'
import { toJob } from '../../shared/codec.ts'
import { jobFinished } from '../../shared/refusals.ts'
import { recordJob } from './audit.ts'
import { jobRow, type Tx } from './tx.ts'

/** Cancelling is a mark: the job's turns then settle its chunks as cancelled, so that no transaction grows with the job. A paused job goes on, to its end. */
export function cancel(tx: Tx, id: string): Job {
  const job = jobRow(tx, id)
  if (job['state'] === 3) {
    if (toJob(job).outcome === 'cancelled') return toJob(job)
    throw jobFinished(id)
  }
  const changed = tx.db.run('UPDATE job SET cancelling = 1, paused = 0, change = change + 1 WHERE key = :key AND cancelling = 0', { key: job['key'] as number })
  if (changed > 0) recordJob(tx, 'job.cancel', job)
  return toJob(jobRow(tx, id))
}

/** No further chunk is leased until `resume`; those under way end. Throws `job_finished`. */
export function pause(tx: Tx, id: string): Job {
  return setPaused(tx, id, 1)
}

/** Ends a pause. Throws `job_finished`. */
export function resume(tx: Tx, id: string): Job {
  return setPaused(tx, id, 0)
}

function setPaused(tx: Tx, id: string, paused: 0 | 1): Job {
  const job = jobRow(tx, id)
  if (job['state'] === 3) throw jobFinished(id)
  // a job that is being cancelled cannot be held up: there is only its end left
  const changed = tx.db.run('UPDATE job SET paused = :paused, change = change + 1 WHERE key = :key AND paused <> :paused AND cancelling = 0', {
    key: job['key'] as number,
    paused,
  })
  if (changed > 0) recordJob(tx, paused === 1 ? 'job.pause' : 'job.resume', job)
  return toJob(jobRow(tx, id))
}
