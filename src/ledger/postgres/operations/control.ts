import type { Job } from '../../../model/job.ts'
import { toJob } from '../../shared/codec.ts'
import { jobFinished } from '../../shared/refusals.ts'
import { recordJob } from './audit.ts'
import { jobRow, lockedJob, wake, type Tx } from './tx.ts'

const CANCEL = 'UPDATE job SET cancelling = 1, paused = 0, change = change + 1 WHERE key = :key AND cancelling = 0'
/** A job that is being cancelled cannot be held up: there is only its end left. */
const SET_PAUSED = 'UPDATE job SET paused = :paused, change = change + 1 WHERE key = :key AND paused <> :paused AND cancelling = 0'

/** Cancelling is a mark: the job's turns then settle its chunks as cancelled, so that no transaction grows with the job. A paused job goes on, to its end. */
export async function cancel(tx: Tx, id: string): Promise<Job> {
  const job = await lockedJob(tx, id)
  if (job['state'] === 3) {
    if (toJob(job).outcome === 'cancelled') return toJob(job)
    throw jobFinished(id)
  }
  if ((await tx.db.run(CANCEL, { key: job['key'] })) > 0) await recordJob(tx, 'job.cancel', job)
  wake(tx, job)
  return toJob(await jobRow(tx, id))
}

/** No further chunk is leased until `resume`; those under way end. Throws `job_finished`. */
export async function pause(tx: Tx, id: string): Promise<Job> {
  return setPaused(tx, id, 1)
}

/** Ends a pause. Throws `job_finished`. */
export async function resume(tx: Tx, id: string): Promise<Job> {
  return setPaused(tx, id, 0)
}

async function setPaused(tx: Tx, id: string, paused: 0 | 1): Promise<Job> {
  const job = await lockedJob(tx, id)
  if (job['state'] === 3) throw jobFinished(id)
  const changed = await tx.db.run(SET_PAUSED, { key: job['key'], paused })
  if (changed > 0) await recordJob(tx, paused === 1 ? 'job.pause' : 'job.resume', job)
  if (paused === 0) wake(tx, job)
  return toJob(await jobRow(tx, id))
}
