import { JOB_KINDS, type Job } from '../../../model/job.ts'
import { toJob, uuidBytes } from '../../shared/codec.ts'
import type { Row } from '../database.ts'
import { recordJob } from './audit.ts'
import { addEvent } from './events.ts'
import { nextPlace } from './order.ts'
import { jobRow, type Tx } from './tx.ts'

/** The row of a job that is still being received. Throws `job_not_found`. */
export function unsealed(tx: Tx, id: string): Row {
  const row = jobRow(tx, id)
  if (row['sealed'] !== 0) throw new Error(`job ${id} is sealed: it takes nothing more`)
  return row
}

/** Ends a manifest: from now on the job runs, after `before`, which is sealed with it. `fingerprint` is kept for its idempotency key. */
export function seal(tx: Tx, id: string, fingerprint: string | null, before?: string): Job {
  const job = unsealed(tx, id)
  if (before !== undefined) {
    const first = unsealed(tx, before)
    acknowledge(tx, first)
    follow(tx, job, first)
  }
  acknowledge(tx, job)
  tx.db.run('UPDATE idempotency SET fingerprint = :fingerprint WHERE job = :job', { job: job['key'] as number, fingerprint })
  return toJob(jobRow(tx, id))
}

function acknowledge(tx: Tx, job: Row): void {
  const place = job['ordered'] === 0 ? 0 : nextPlace(tx)
  tx.db.run('UPDATE job SET sealed = 1, ordered = :place, change = change + 1 WHERE key = :job', { job: job['key'] as number, place })
  addEvent(tx, job['key'] as number, 'job.submitted', { kind: JOB_KINDS[job['kind'] as number], label: job['label'] })
  recordJob(tx, 'job.submit', job, { kind: JOB_KINDS[job['kind'] as number] })
}

const NAME_THE_SAME = `INSERT INTO job_collection (job, collection, writes) SELECT :job, collection, writes FROM job_collection WHERE job = :first
  ON CONFLICT (job, collection) DO UPDATE SET writes = max(writes, excluded.writes)`

/** An ordered job waits for those that write its collections: it names those of the one before it, too, and waits for it, whatever it writes itself. */
function follow(tx: Tx, job: Row, first: Row): void {
  if (job['ordered'] !== 0 && first['ordered'] !== 0) tx.db.run(NAME_THE_SAME, { job: job['key'] as number, first: first['key'] as number })
}

/** Forgets a job that was never acknowledged: its key is free again at once, its rows go with the purge, however many had arrived. */
export function dropUnsealed(tx: Tx, id: string): void {
  const row = tx.db.get('UPDATE job SET sealed = 2 WHERE id = :id AND sealed = 0 RETURNING key', { id: uuidBytes(id) })
  if (row !== undefined) tx.db.run('DELETE FROM idempotency WHERE job = :job', { job: row['key'] as number })
}
