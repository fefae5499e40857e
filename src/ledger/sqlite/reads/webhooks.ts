import { decodeCursor, pageOf } from '../../../model/cursor.ts'
import type { Page, PageQuery } from '../../../model/page.ts'
import type { Delivery } from '../../../model/webhook.ts'
import type { StoredWebhook, WebhookFilter } from '../../../ports/webhook-ledger.ts'
import { uuidBytes } from '../../shared/codec.ts'
import { toDelivery, toWebhook } from '../../shared/webhook-codec.ts'
import type { Database } from '../database.ts'

export const HOOKS = `SELECT w.*, c.id AS collection_id, j.id AS job_id, j.submitted_by FROM webhook w
  LEFT JOIN collection c ON c.key = w.collection LEFT JOIN job j ON j.key = w.job`

/** A hook that is there to be seen: not removed, and not of a job that is still arriving. */
export const KEPT = 'w.removed = 0 AND coalesce(j.sealed, 1) = 1'

/** A hook by its id; null for an unknown one. */
export function webhook(db: Database, id: string): StoredWebhook | null {
  const row = db.get(`${HOOKS} WHERE w.id = :id AND ${KEPT}`, { id: uuidBytes(id) })
  return row === undefined ? null : toWebhook(row)
}

/** Hooks in the order of their making. */
export function webhooks(db: Database, filter: WebhookFilter, page: PageQuery): Page<StoredWebhook> {
  const conditions = [
    ...(filter.collection === undefined ? [] : ['w.collection = (SELECT key FROM collection WHERE id = :collection AND deleted_at IS NULL)']),
    ...(filter.job === undefined ? [] : ['w.job = (SELECT key FROM job WHERE id = :job)']),
    ...(filter.createdBy === undefined ? [] : ['w.created_by = :createdBy']),
  ]
  const rows = db.all(`${HOOKS} WHERE ${[...conditions, KEPT, 'w.key > :after'].join(' AND ')} ORDER BY w.key LIMIT :limit`, {
    collection: filter.collection ?? null,
    job: filter.job === undefined ? null : uuidBytes(filter.job),
    createdBy: filter.createdBy ?? null,
    after: page.cursor === undefined ? 0 : decodeCursor(page.cursor, 'number'),
    limit: page.limit + 1,
  })
  return pageOf(rows, page.limit, row => row['key'] as number, toWebhook)
}

const DELIVERIES = `SELECT d.*, j.id AS job_id FROM webhook w CROSS JOIN webhook_delivery d ON d.hook = w.key CROSS JOIN job j ON j.key = d.job
  WHERE w.id = :id AND w.removed = 0 AND d.event < :before ORDER BY d.event DESC LIMIT :limit`

/** What was spread to a hook, newest first. */
export function deliveries(db: Database, id: string, page: PageQuery): Page<Delivery> {
  const before = page.cursor === undefined ? Number.MAX_SAFE_INTEGER : decodeCursor(page.cursor, 'number')
  const rows = db.all(DELIVERIES, { id: uuidBytes(id), before, limit: page.limit + 1 })
  return pageOf(rows, page.limit, row => row['event'] as number, toDelivery)
}

/** When the next hook has something due. */
export function webhookDueAt(db: Database): number | null {
  return (db.get('SELECT min(ready_at) AS at FROM webhook WHERE ready_at IS NOT NULL')?.['at'] as number | null | undefined) ?? null
}
