import { KEPT_FOR_HOOKS } from '../../shared/leftovers.ts'
import { SETTLED_MS } from '../../shared/webhook-codec.ts'
import type { Tx } from './tx.ts'

const OLD = `DELETE FROM webhook_delivery WHERE (hook, event) IN
  (SELECT hook, event FROM webhook_delivery WHERE due_at IS NULL AND last_at < :before ORDER BY last_at LIMIT :batch FOR UPDATE SKIP LOCKED)`
const REMOVED = 'SELECT key, job FROM webhook WHERE removed = 1 LIMIT 1 FOR UPDATE SKIP LOCKED'
const DELIVERIES =
  'DELETE FROM webhook_delivery WHERE (hook, event) IN (SELECT hook, event FROM webhook_delivery WHERE hook = :hook ORDER BY event LIMIT :batch)'
const DELETE = 'DELETE FROM webhook WHERE key = :hook'

/** Purges deliveries that are over, and removed hooks; returns how many rows went. Into `named` goes the job whose collections were kept for its hooks alone. */
export async function purgeWebhooks(tx: Tx, batch: number, named: number[]): Promise<number> {
  const old = await tx.db.run(OLD, { before: tx.now - SETTLED_MS, batch })
  const row = await tx.db.get(REMOVED)
  if (row === undefined) return old
  const { key: hook, job } = row
  const gone = await tx.db.run(DELIVERIES, { hook, batch })
  if (gone === batch) return old + gone
  if (job !== null && (await tx.db.get(KEPT_FOR_HOOKS, { job })) !== undefined) named.push(job as number)
  return old + gone + (await tx.db.run(DELETE, { hook }))
}

const ANY = 'SELECT 1 FROM webhook LIMIT 1'
const KEEP = `UPDATE webhook_delivery d SET at = e.at, data = e.data FROM event e
  WHERE e.id IN (SELECT id FROM event WHERE job = :job ORDER BY id LIMIT :batch) AND d.event = e.id AND d.due_at IS NOT NULL AND d.data IS NULL`

/** Before the next `batch` events of a job go: what they say is kept for those who are still to be told. */
export async function keepUndelivered(tx: Tx, job: number, batch: number): Promise<void> {
  if ((await tx.db.get(ANY)) !== undefined) await tx.db.run(KEEP, { job, batch })
}

const IS_HOOKED = 'SELECT 1 FROM webhook WHERE job = :job AND removed = 0 LIMIT 1'

/** True when hooks of a job are left, which ask who may see it. */
export async function isHooked(tx: Tx, job: number): Promise<boolean> {
  return (await tx.db.get(IS_HOOKED, { job })) !== undefined
}

const END = `UPDATE webhook SET ending = 1, removed = CASE WHEN pending = 0 OR disabled IS NOT NULL THEN 1 ELSE removed END,
  ready_at = CASE WHEN pending = 0 OR disabled IS NOT NULL THEN NULL ELSE ready_at END WHERE job = :job AND removed = 0`

/** Of a purged job nothing more will happen: its hooks go with their last deliveries. Those that were removed go anyway: another node may be about it. */
export async function endWebhooks(tx: Tx, job: number): Promise<void> {
  await tx.db.run(END, { job })
}
