import { KEPT_FOR_HOOKS } from '../../shared/leftovers.ts'
import { SETTLED_MS } from '../../shared/webhook-codec.ts'
import { deleteDue, dueRows } from './due-rows.ts'
import { forgetCollections } from './leftovers.ts'
import type { Tx } from './tx.ts'

const OLD = dueRows({ table: 'webhook_delivery', key: 'hook, event', where: 'due_at IS NULL AND last_at < :before', order: 'last_at' })
const REMOVED = 'SELECT key, job FROM webhook WHERE removed = 1 LIMIT 1'
const DELIVERIES =
  'DELETE FROM webhook_delivery WHERE (hook, event) IN (SELECT hook, event FROM webhook_delivery WHERE hook = :hook ORDER BY event LIMIT :batch)'

/** Purges deliveries that are over, and removed hooks; returns how many rows went. */
export function purgeWebhooks(tx: Tx, batch: number): number {
  const old = deleteDue(tx, OLD, batch, { before: tx.now - SETTLED_MS })
  const row = tx.db.get(REMOVED)
  if (row === undefined) return old
  const hook = row['key'] as number
  const gone = tx.db.run(DELIVERIES, { hook, batch })
  if (gone === batch) return old + gone
  const job = row['job'] as number | null
  if (job !== null && tx.db.get(KEPT_FOR_HOOKS, { job }) !== undefined) forgetCollections(tx, job)
  return old + gone + tx.db.run('DELETE FROM webhook WHERE key = :hook', { hook })
}

const ANY = 'SELECT 1 FROM webhook LIMIT 1'
const KEEP = `UPDATE webhook_delivery SET at = e.at, data = e.data FROM event e
  WHERE e.id IN (SELECT id FROM event WHERE job = :job ORDER BY id LIMIT :batch) AND webhook_delivery.event = e.id
    AND webhook_delivery.due_at IS NOT NULL AND webhook_delivery.data IS NULL`

/** Before the next `batch` events of a job go: what they say is kept for those who are still to be told. */
export function keepUndelivered(tx: Tx, job: number, batch: number): void {
  if (tx.db.get(ANY) !== undefined) tx.db.run(KEEP, { job, batch })
}

const IS_HOOKED = 'SELECT 1 FROM webhook WHERE job = :job AND removed = 0 LIMIT 1'

/** True when hooks of a job are left, which ask who may see it. */
export function isHooked(tx: Tx, job: number): boolean {
  return tx.db.get(IS_HOOKED, { job }) !== undefined
}

const END = `UPDATE webhook SET ending = 1, removed = CASE WHEN pending = 0 OR disabled IS NOT NULL THEN 1 ELSE removed END,
  ready_at = CASE WHEN pending = 0 OR disabled IS NOT NULL THEN NULL ELSE ready_at END WHERE job = :job`

/** Of a purged job nothing more will happen: its hooks go with their last deliveries. */
export function endWebhooks(tx: Tx, job: number): void {
  tx.db.run(END, { job })
}
