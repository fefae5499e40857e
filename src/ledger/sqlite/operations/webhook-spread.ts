import { countByHook } from '../../shared/webhook-codec.ts'
import type { Row } from '../database.ts'
import type { Tx } from './tx.ts'

/** Before the first event of interest nothing need be looked at: hooks that are younger than the counter, or the first after a long time without any. */
const POSITION = `SELECT max((SELECT value FROM counter WHERE name = 'webhook_event'), coalesce((SELECT min(since) FROM webhook WHERE removed = 0 AND disabled IS NULL), 0)) AS position,
  EXISTS (SELECT 1 FROM webhook WHERE removed = 0 AND disabled IS NULL) AS active`

const PAGE_END = 'SELECT max(id) AS last, count(*) AS n FROM (SELECT id FROM event WHERE id > :from ORDER BY id LIMIT :limit)'

const WANTED = 'w.removed = 0 AND w.disabled IS NULL AND e.id > w.since AND (w.events >> e.type) & 1'
const SPREAD = `INSERT OR IGNORE INTO webhook_delivery (hook, event, job, type, due_at)
  SELECT w.key, e.id, e.job, e.type, :now FROM event e CROSS JOIN webhook w ON w.job = e.job WHERE e.id > :from AND e.id <= :through AND ${WANTED}
  UNION ALL SELECT w.key, e.id, e.job, e.type, :now FROM event e CROSS JOIN job_collection c ON c.job = e.job CROSS JOIN webhook w ON w.collection = c.collection
    WHERE e.id > :from AND e.id <= :through AND ${WANTED}
  RETURNING hook`

/** Spreads events over the hooks that want them, from where it was left. Without hooks it writes nothing. */
export function spreadEvents(tx: Tx, limit: number): { readonly active: boolean; readonly more: boolean } {
  const at = tx.db.get(POSITION)
  if (at?.['active'] !== 1) return { active: false, more: false }
  if (fill(tx, limit)) return { active: true, more: true }
  const from = at['position'] as number
  const page = tx.db.get(PAGE_END, { from, limit })
  const n = page?.['n'] as number
  if (n === 0) return { active: true, more: false }
  const through = page?.['last'] as number
  count(tx, tx.db.all(SPREAD, { from, through, now: tx.now }))
  tx.db.run(`UPDATE counter SET value = :through WHERE name = 'webhook_event'`, { through })
  return { active: true, more: n === limit }
}

const FILLING = 'SELECT key, job, events, fill_after, fill_through FROM webhook WHERE fill_through IS NOT NULL AND disabled IS NULL LIMIT 1'
const FILL = `INSERT INTO webhook_delivery (hook, event, job, type, due_at)
  SELECT :hook, id, job, type, :now FROM event WHERE job = :job AND id > :after AND id <= :last AND (:events >> type) & 1 RETURNING hook`
const FILL_END =
  'SELECT max(id) AS last, count(*) AS n FROM (SELECT id FROM event WHERE job = :job AND id > :after AND id <= :through ORDER BY id LIMIT :limit)'
const FILLED = 'UPDATE webhook SET fill_after = :after, fill_through = :through WHERE key = :hook'

/** Spreads a page of the events that a job had before its hook was made. False: no hook has such. */
function fill(tx: Tx, limit: number): boolean {
  const row = tx.db.get(FILLING)
  if (row === undefined) return false
  const [hook, job, through] = [row['key'] as number, row['job'] as number, row['fill_through'] as number]
  const page = tx.db.get(FILL_END, { job, after: row['fill_after'] as number, through, limit })
  const last = page?.['last'] as number | null
  if (last !== null) count(tx, tx.db.all(FILL, { hook, job, after: row['fill_after'] as number, last, events: row['events'] as number, now: tx.now }))
  const over = (page?.['n'] as number) < limit
  tx.db.run(FILLED, { hook, after: over ? null : last, through: over ? null : through })
  return true
}

/** A leased hook looks again at the end of its lease, one that fails at the time that was set. */
const COUNT = `UPDATE webhook SET pending = pending + :n,
  ready_at = CASE WHEN ready_at IS NOT NULL AND (lease_until > :now OR failing_since IS NOT NULL) THEN ready_at ELSE :now END WHERE key = :hook`

function count(tx: Tx, rows: readonly Row[]): void {
  for (const [hook, n] of countByHook(rows)) tx.db.run(COUNT, { hook, n, now: tx.now })
}

const BEHIND = `SELECT 1 FROM webhook w WHERE w.job = :job AND w.fill_through IS NOT NULL AND w.disabled IS NULL AND w.removed = 0`

/** True while events of a job are still to be spread. */
export function isSpreading(tx: Tx, job: number): boolean {
  const at = tx.db.get(POSITION)
  if (at?.['active'] !== 1) return false
  const last = tx.db.get('SELECT max(id) AS last FROM event WHERE job = :job', { job })?.['last'] as number | null
  if (last === null) return false
  return (at['position'] as number) < last || tx.db.get(BEHIND, { job }) !== undefined
}
