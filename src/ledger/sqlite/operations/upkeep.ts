import { uuidText } from '../../shared/codec.ts'
import { itemsOfJob } from '../item-range.ts'
import { IDEMPOTENCY_MS } from '../../shared/intake.ts'
import { deleteDue, dueRows } from './due-rows.ts'
import { JOBS, MARK_PURGED, NO_JOB, type PurgedJob } from '../../shared/purged-job.ts'
import type { Row } from '../../shared/row.ts'
import { releaseAll } from './lease.ts'
import { forgetCollections } from './leftovers.ts'
import { dropUnsealed } from './seal.ts'
import type { Tx } from './tx.ts'
import { purgeUploads } from './uploads.ts'
import { endWebhooks, isHooked, keepUndelivered, purgeWebhooks } from './webhook-purge.ts'
import { releaseWebhooks } from './webhook-send.ts'
import { isSpreading, spreadEvents } from './webhook-spread.ts'

/** After a start: leases of the process before are freed, of chunks and webhooks, jobs that were still arriving are dropped (nobody was told of them). */
export function recover(tx: Tx): void {
  for (const row of tx.db.all('SELECT id FROM job WHERE state < 3 AND sealed = 0')) dropUnsealed(tx, uuidText(row['id']))
  releaseAll(tx)
  releaseWebhooks(tx)
}

const OLD_KEYS = dueRows({ table: 'idempotency', key: 'subject, key', where: 'created_at < :before' })

/** Purges at most about `batch` rows; what is left goes in later calls. A purged job's row stays: its id is 410 for ever, not 404 (I8). */
export function purge(tx: Tx, batch: number): number {
  let gone = deleteDue(tx, OLD_KEYS, batch, { before: tx.now - IDEMPOTENCY_MS })
  gone += tx.db.run('DELETE FROM lock WHERE expires_at <= :now', { now: tx.now })
  gone += purgeUploads(tx, batch)
  gone += purgeWebhooks(tx, batch)
  return gone + purgeJobs(tx, batch - gone)
}

export const DROPPED = 'SELECT key FROM job WHERE state < 3 AND sealed = 2 LIMIT 1'
const EXPIRED = 'SELECT key, id FROM job WHERE expires_at IS NOT NULL AND purged = 0 AND expires_at <= :now ORDER BY expires_at LIMIT 1'

/** Those that were dropped go first. To find that there are none is to look at all that are unfinished, so that is done once. */
function purgeJobs(tx: Tx, batch: number): number {
  let gone = 0
  let anyDropped = true
  for (let jobs = 0; jobs < JOBS && gone < batch; jobs++) {
    const dropped: Row | undefined = anyDropped ? tx.db.get(DROPPED) : undefined
    anyDropped = dropped !== undefined
    const { rows, whole } = dropped === undefined ? purgeNextExpired(tx, batch - gone) : purgeDropped(tx, dropped['key'] as number, batch - gone)
    gone += rows
    if (!whole) break
  }
  return gone
}

function purgeNextExpired(tx: Tx, batch: number): PurgedJob {
  const job = tx.db.get(EXPIRED, { now: tx.now })
  return job === undefined ? NO_JOB : purgeExpired(tx, job['key'] as number, uuidText(job['id']), batch)
}

/** Nobody was told of a dropped job: nothing stays. */
function purgeDropped(tx: Tx, job: number, batch: number): PurgedJob {
  const rows = purgeRows(tx, job, batch)
  if (rows >= batch) return { rows, whole: false }
  forgetCollections(tx, job) // even where it has hooks, which end with it
  endWebhooks(tx, job)
  return { rows: rows + tx.db.run('DELETE FROM job WHERE key = :job', { job }), whole: true }
}

/** Half of its items are gone: a clock that is set back must not bring it back to life. */
const EXPIRED_FOR_GOOD = 'UPDATE job SET expires_at = 0 WHERE key = :job AND expires_at > 0'

/** Of an expired job the row stays: its id is 410 for ever, to whom it was. */
function purgeExpired(tx: Tx, job: number, id: string, batch: number): PurgedJob {
  if (isSpreading(tx, job)) return { rows: spreadEvents(tx, batch).more || !isSpreading(tx, job) ? 1 : 0, whole: false }
  const rows = purgeRows(tx, job, batch)
  if (rows >= batch) {
    tx.db.run(EXPIRED_FOR_GOOD, { job })
    return { rows, whole: false }
  }
  endWebhooks(tx, job)
  tx.jobs.add(id)
  return { rows: rows + tx.db.run(MARK_PURGED, { job }), whole: true }
}

/** Removes rows of a job, at most about `batch`; fewer mean that none are left. */
function purgeRows(tx: Tx, job: number, batch: number): number {
  const items = tx.db.run(`DELETE FROM item WHERE id IN (SELECT id FROM item WHERE ${itemsOfJob('item')} ORDER BY id LIMIT :batch)`, { job, batch })
  if (items >= batch) return items
  keepUndelivered(tx, job, batch)
  const events = tx.db.run('DELETE FROM event WHERE id IN (SELECT id FROM event WHERE job = :job ORDER BY id LIMIT :batch)', { job, batch })
  if (events >= batch) return events
  for (const table of ['held_blob', 'intent', 'unwritten', 'chunk', 'selection', 'entity_selection', 'entity_item'])
    tx.db.run(`DELETE FROM ${table} WHERE job = :job`, { job })
  if (!isHooked(tx, job)) forgetCollections(tx, job)
  return Math.min(items + events, batch - 1)
}
