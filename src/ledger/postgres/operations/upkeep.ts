import { IDEMPOTENCY_MS } from '../../shared/intake.ts'
import { JOBS, MARK_PURGED, NO_JOB, type PurgedJob } from '../../shared/purged-job.ts'
import type { Row } from '../../shared/row.ts'
import { releaseExpired } from './lease.ts'
import { forgetCollections } from './leftovers.ts'
import { dropUnsealed } from './seal.ts'
import type { Tx } from './tx.ts'
import { purgeUploads } from './uploads.ts'
import { endWebhooks, isHooked, keepUndelivered, purgeWebhooks } from './webhook-purge.ts'
import { isSpreading, spreadEvents } from './webhook-spread.ts'

/** Leases that one step frees. */
const LEASES = 500

/** A node that has been silent for so long is dead; not while the database itself has just come up, and the nodes with it. */
const SILENT = `interval '60 seconds'`

const FORSAKEN = `SELECT j.id FROM job j LEFT JOIN node n ON n.id = j.node
  WHERE j.state < 3 AND j.sealed = 0 AND j.node IS DISTINCT FROM :node AND (n.id IS NULL OR n.seen_at < clock_timestamp() - ${SILENT})
    AND (n.id IS NULL OR pg_postmaster_start_time() < clock_timestamp() - ${SILENT})
  ORDER BY j.key LIMIT 100 FOR UPDATE OF j SKIP LOCKED`

/** Long after they are taken for dead: whoever looks after the servers can see for a while which one is gone. */
const FORGOTTEN = `interval '10 minutes'`
const FORGET_NODES = `DELETE FROM node WHERE seen_at < clock_timestamp() - ${FORGOTTEN} AND pg_postmaster_start_time() < clock_timestamp() - ${FORGOTTEN}`

/** After a start: leases of workers that went silent are freed, and jobs whose node is dead while they were arriving dropped (nobody was told of them). */
export async function recover(tx: Tx): Promise<void> {
  await dropForsaken(tx)
  while ((await releaseExpired(tx, LEASES)) === LEASES);
}

async function dropForsaken(tx: Tx): Promise<number> {
  const forsaken = await tx.db.all(FORSAKEN, { node: tx.node })
  for (const row of forsaken) await dropUnsealed(tx, row['id'] as string)
  return forsaken.length
}

const PURGE_KEYS = `DELETE FROM idempotency WHERE (subject, key) IN
  (SELECT subject, key FROM idempotency WHERE created_at < :before ORDER BY created_at LIMIT :batch FOR UPDATE SKIP LOCKED)`
const PURGE_LOCKS = `DELETE FROM lock WHERE (collection, path) IN (SELECT collection, path FROM lock WHERE expires_at <= :now LIMIT :batch FOR UPDATE SKIP LOCKED)`
/** What another node is purging is passed over. */
const DROPPED = 'SELECT key FROM job WHERE state < 3 AND sealed = 2 LIMIT 1 FOR UPDATE SKIP LOCKED'
const EXPIRED = `SELECT key, id FROM job WHERE expires_at IS NOT NULL AND purged = 0 AND expires_at <= :now ORDER BY expires_at LIMIT 1 FOR UPDATE SKIP LOCKED`

/**
 * Purges at most about `batch` rows; what is left goes in later calls. A purged job's row stays: its id is 410 for ever, not 404 (I8). Jobs that a dead node
 * was receiving are dropped on the way, and leases that have run out are freed: no node need ever start again.
 */
export async function purge(tx: Tx, batch: number): Promise<number> {
  const named: number[] = []
  let gone = await tx.db.run(PURGE_KEYS, { before: tx.now - IDEMPOTENCY_MS, batch })
  for (const step of [
    () => tx.db.run(PURGE_LOCKS, { now: tx.now, batch }),
    () => tx.db.run(FORGET_NODES),
    () => dropForsaken(tx),
    () => releaseExpired(tx, LEASES),
    () => purgeUploads(tx, batch),
    () => purgeWebhooks(tx, batch, named),
  ]) {
    const n = await step()
    gone += n
  }
  const purged = await purgeJobs(tx, batch - gone, named)
  await forgetCollections(tx, named)
  return gone + purged
}

/** Those that were dropped go first. To find that there are none is to look at all that are unfinished, so that is done once. Into `named` go jobs whose collections are to be forgotten. */
async function purgeJobs(tx: Tx, batch: number, named: number[]): Promise<number> {
  let gone = 0
  let anyDropped = true
  for (let jobs = 0; jobs < JOBS && gone < batch; jobs++) {
    const dropped: Row | undefined = anyDropped ? await tx.db.get(DROPPED) : undefined
    anyDropped = dropped !== undefined
    const { rows, whole } = await (dropped === undefined
      ? purgeNextExpired(tx, batch - gone, named)
      : purgeDropped(tx, dropped['key'] as number, batch - gone, named))
    gone += rows
    if (!whole) break
  }
  return gone
}

async function purgeNextExpired(tx: Tx, batch: number, named: number[]): Promise<PurgedJob> {
  const job = await tx.db.get(EXPIRED, { now: tx.now })
  return job === undefined ? NO_JOB : purgeExpired(tx, job['key'] as number, job['id'] as string, batch, named)
}

/** Nobody was told of a dropped job: nothing stays. */
async function purgeDropped(tx: Tx, job: number, batch: number, named: number[]): Promise<PurgedJob> {
  const rows = await purgeRows(tx, job, batch)
  if (rows >= batch) return { rows, whole: false }
  named.push(job) // even where it has hooks, which end with it
  await endWebhooks(tx, job)
  return { rows: rows + (await tx.db.run('DELETE FROM job WHERE key = :job', { job })), whole: true }
}

/** Half of its items are gone: a clock that is set back must not bring it back to life. */
const EXPIRED_FOR_GOOD = 'UPDATE job SET expires_at = 0 WHERE key = :job AND expires_at > 0'

/** Of an expired job the row stays: its id is 410 for ever, to whom it was. */
async function purgeExpired(tx: Tx, job: number, id: string, batch: number, named: number[]): Promise<PurgedJob> {
  if (await isSpreading(tx, job)) return { rows: (await spreadEvents(tx, batch)).more || !(await isSpreading(tx, job)) ? 1 : 0, whole: false }
  const rows = await purgeRows(tx, job, batch)
  if (rows >= batch) {
    await tx.db.run(EXPIRED_FOR_GOOD, { job })
    return { rows, whole: false }
  }
  if (!(await isHooked(tx, job))) named.push(job)
  await endWebhooks(tx, job)
  tx.jobs.add(id)
  return { rows: rows + (await tx.db.run(MARK_PURGED, { job })), whole: true }
}

const PURGE_ITEMS = `DELETE FROM item WHERE job = :job AND seq <= (SELECT max(seq) FROM (SELECT seq FROM item WHERE job = :job ORDER BY seq LIMIT :batch) first)`
const PURGE_EVENTS = `DELETE FROM event WHERE job = :job AND id <= (SELECT max(id) FROM (SELECT id FROM event WHERE job = :job ORDER BY id LIMIT :batch) first)`

/** Removes rows of a job, at most about `batch`; fewer mean that none are left. */
async function purgeRows(tx: Tx, job: number, batch: number): Promise<number> {
  const items = await tx.db.run(PURGE_ITEMS, { job, batch })
  if (items >= batch) return items
  await keepUndelivered(tx, job, batch)
  const events = await tx.db.run(PURGE_EVENTS, { job, batch })
  if (events >= batch) return events
  for (const table of ['held_blob', 'intent', 'unwritten', 'chunk', 'selection', 'entity_selection', 'entity_item'])
    await tx.db.run(`DELETE FROM ${table} WHERE job = :job`, { job })
  return Math.min(items + events, batch - 1)
}
