import { JOB_KINDS, type Job } from '../../../model/job.ts'
import { isUuid } from '../../../model/text.ts'
import { toJob } from '../../shared/codec.ts'
import type { Row } from '../../shared/row.ts'
import { recordJob } from './audit.ts'
import { takePlace } from './order.ts'
import { addEvent, jobRow, lockedJob, wake, type Tx } from './tx.ts'

/** The row of a job that is still being received, locked. Throws `job_not_found`. */
export async function unsealed(tx: Tx, id: string): Promise<Row> {
  const row = await lockedJob(tx, id)
  if (row['sealed'] !== 0) throw new Error(`job ${id} is sealed: it takes nothing more`)
  return row
}

/** Ends a manifest: from now on the job runs, after `before`, which is sealed with it. `fingerprint` is kept for its idempotency key. */
export async function seal(tx: Tx, id: string, fingerprint: string | null, before?: string): Promise<Job> {
  const job = await unsealed(tx, id)
  const jobs = [job]
  if (before !== undefined) {
    const first = await unsealed(tx, before)
    jobs.unshift(first)
    await follow(tx, job, first)
  }
  await tx.db.run('UPDATE idempotency SET fingerprint = :fingerprint WHERE job = :job', { job: job['key'], fingerprint })
  for (const row of jobs) await acknowledge(tx, row)
  for (const row of jobs) if (row['ordered'] !== 0) await takePlace(tx, row['key'] as number)
  return toJob(await jobRow(tx, id))
}

const ACKNOWLEDGE = 'UPDATE job SET sealed = 1, node = NULL, change = change + 1 WHERE key = :job'

async function acknowledge(tx: Tx, job: Row): Promise<void> {
  await tx.db.run(ACKNOWLEDGE, { job: job['key'] })
  wake(tx, job)
  addEvent(tx, job['key'] as number, 'job.submitted', { kind: JOB_KINDS[job['kind'] as number], label: job['label'] })
  await recordJob(tx, 'job.submit', job, { kind: JOB_KINDS[job['kind'] as number] })
}

const NAME_THE_SAME = `INSERT INTO job_collection (job, collection, writes) SELECT :job, collection, writes FROM job_collection WHERE job = :first
  ON CONFLICT (job, collection) DO UPDATE SET writes = greatest(job_collection.writes, excluded.writes)`

/** An ordered job waits for those that write its collections: it names those of the one before it, too, and waits for it, whatever it writes itself. */
async function follow(tx: Tx, job: Row, first: Row): Promise<void> {
  if (job['ordered'] !== 0 && first['ordered'] !== 0) await tx.db.run(NAME_THE_SAME, { job: job['key'], first: first['key'] })
}

const DROP = 'UPDATE job SET sealed = 2 WHERE id = :id AND sealed = 0 RETURNING key'

/** Forgets a job that was never acknowledged: its key is free again at once, its rows go with the purge, however many had arrived. */
export async function dropUnsealed(tx: Tx, id: string): Promise<void> {
  const row = isUuid(id) ? await tx.db.get(DROP, { id }) : undefined
  if (row !== undefined) await tx.db.run('DELETE FROM idempotency WHERE job = :job', { job: row['key'] })
}
