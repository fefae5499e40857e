import { decodeCursor, pageOf } from '../../../model/cursor.ts'
import type { Page, PageQuery } from '../../../model/page.ts'
import { isUuid } from '../../../model/text.ts'
import type { Delivery } from '../../../model/webhook.ts'
import type { StoredWebhook, WebhookFilter } from '../../../ports/webhook-ledger.ts'
import { toDelivery, toWebhook } from '../../shared/webhook-codec.ts'
import type { Queries } from '../connection/queries.ts'

export const HOOKS = `SELECT w.*, c.id AS collection_id, j.id AS job_id, j.submitted_by FROM webhook w
  LEFT JOIN collection c ON c.key = w.collection LEFT JOIN job j ON j.key = w.job`

/** A hook that is there to be seen: not removed, and not of a job that is still arriving. */
export const KEPT = 'w.removed = 0 AND coalesce(j.sealed, 1) = 1'

const HOOK = `${HOOKS} WHERE w.id = :id AND ${KEPT}`

/** A hook by its id; null for an unknown one. */
export async function webhook(db: Queries, id: string): Promise<StoredWebhook | null> {
  const row = isUuid(id) ? await db.get(HOOK, { id }) : undefined
  return row === undefined ? null : toWebhook(row)
}

/** Hooks in the order of their making. */
export async function webhooks(db: Queries, filter: WebhookFilter, page: PageQuery): Promise<Page<StoredWebhook>> {
  if (filter.job !== undefined && !isUuid(filter.job)) return { items: [], nextCursor: null }
  const conditions = [
    ...(filter.collection === undefined ? [] : ['w.collection = (SELECT key FROM collection WHERE id = :collection AND deleted_at IS NULL)']),
    ...(filter.job === undefined ? [] : ['w.job = (SELECT key FROM job WHERE id = :job)']),
    ...(filter.createdBy === undefined ? [] : ['w.created_by = :createdBy']),
  ]
  const rows = await db.all(`${HOOKS} WHERE ${[...conditions, KEPT, 'w.key > :after'].join(' AND ')} ORDER BY w.key LIMIT :limit`, {
    ...filter,
    after: page.cursor === undefined ? 0 : decodeCursor(page.cursor, 'number'),
    limit: page.limit + 1,
  })
  return pageOf(rows, page.limit, row => row['key'] as number, toWebhook)
}

const DELIVERIES = `SELECT d.*, j.id AS job_id FROM webhook w JOIN webhook_delivery d ON d.hook = w.key JOIN job j ON j.key = d.job
  WHERE w.id = :id AND w.removed = 0 AND d.event < :before ORDER BY d.event DESC LIMIT :limit`

/** What was spread to a hook, newest first. */
export async function deliveries(db: Queries, id: string, page: PageQuery): Promise<Page<Delivery>> {
  const before = page.cursor === undefined ? Number.MAX_SAFE_INTEGER : decodeCursor(page.cursor, 'number')
  const rows = isUuid(id) ? await db.all(DELIVERIES, { id, before, limit: page.limit + 1 }) : []
  return pageOf(rows, page.limit, row => row['event'] as number, toDelivery)
}

/** When the next hook has something due. */
export async function webhookDueAt(db: Queries): Promise<number | null> {
  return (await db.get('SELECT min(ready_at) AS at FROM webhook WHERE ready_at IS NOT NULL'))?.['at'] as number | null
}
