import { countByHook } from '../../shared/webhook-codec.ts'
import type { Row } from '../../shared/row.ts'
import { WEBHOOK_LOCK } from '../advisory-locks.ts'
import { lastEvent } from '../reads/jobs.ts'
import type { Tx } from './tx.ts'

const ACTIVE = 'SELECT 1 FROM webhook WHERE removed = 0 AND disabled IS NULL LIMIT 1'
/** Before the first event of interest nothing need be looked at: hooks that are younger than the counter, or the first after a long time without any. */
const POSITION = `SELECT greatest((SELECT value FROM counter WHERE name = 'webhook_event'), (SELECT min(since) FROM webhook WHERE removed = 0 AND disabled IS NULL)) AS position`

const PAGE_END = 'SELECT max(id) AS last, count(*) AS n FROM (SELECT id FROM event WHERE id > :from AND id <= :horizon ORDER BY id LIMIT :limit) page'

const WANTED = 'w.removed = 0 AND w.disabled IS NULL AND e.id > w.since AND (w.events >> e.type) & 1 = 1'
const SPREAD = `INSERT INTO webhook_delivery (hook, event, job, type, due_at)
  SELECT w.key, e.id, e.job, e.type, :now::bigint FROM event e JOIN webhook w ON w.job = e.job WHERE e.id > :from AND e.id <= :through AND ${WANTED}
  UNION ALL SELECT w.key, e.id, e.job, e.type, :now::bigint FROM event e JOIN job_collection c ON c.job = e.job JOIN webhook w ON w.collection = c.collection
    WHERE e.id > :from AND e.id <= :through AND ${WANTED}
  ON CONFLICT DO NOTHING RETURNING hook`

const MOVE = `UPDATE counter SET value = :through WHERE name = 'webhook_event'`

/**
 * Spreads events over the hooks that want them, from where it was left: one node at a time, and no further than where no earlier event can turn up any more. Without
 * hooks it writes nothing.
 */
export async function spreadEvents(tx: Tx, limit: number): Promise<{ readonly active: boolean; readonly more: boolean }> {
  if ((await tx.db.get(ACTIVE)) === undefined) return { active: false, more: false }
  await tx.db.run(`SELECT pg_advisory_xact_lock(${WEBHOOK_LOCK}, 0)`)
  if (await fill(tx, limit)) return { active: true, more: true }
  const horizon = await lastEvent(tx.db)
  const from = (await tx.db.get(POSITION))?.['position'] as number
  const page = await tx.db.get(PAGE_END, { from, horizon, limit })
  const n = Number(page?.['n'])
  if (n === 0) return { active: true, more: false }
  const through = page?.['last'] as number
  await count(tx, await tx.db.all(SPREAD, { from, through, now: tx.now }))
  await tx.db.run(MOVE, { through })
  return { active: true, more: n === limit }
}

const FILLING = 'SELECT key, job, events, fill_after, fill_through FROM webhook WHERE fill_through IS NOT NULL AND disabled IS NULL LIMIT 1'
const FILL = `INSERT INTO webhook_delivery (hook, event, job, type, due_at)
  SELECT :hook::bigint, id, job, type, :now::bigint FROM event WHERE job = :job AND id > :after AND id <= :last AND (:events::integer >> type) & 1 = 1
  ON CONFLICT DO NOTHING RETURNING hook`
const FILL_END =
  'SELECT max(id) AS last, count(*) AS n FROM (SELECT id FROM event WHERE job = :job AND id > :after AND id <= :through ORDER BY id LIMIT :limit) page'
const FILLED = 'UPDATE webhook SET fill_after = :after, fill_through = :through WHERE key = :hook'

/** Spreads a page of the events that a job had before its hook was made. False: no hook has such. */
async function fill(tx: Tx, limit: number): Promise<boolean> {
  const row = await tx.db.get(FILLING)
  if (row === undefined) return false
  const { key: hook, job, fill_after: after, fill_through: through, events } = row
  const page = await tx.db.get(FILL_END, { job, after, through, limit })
  const last = page?.['last'] as number | null
  if (last !== null) await count(tx, await tx.db.all(FILL, { hook, job, after, last, events, now: tx.now }))
  const over = Number(page?.['n']) < limit
  await tx.db.run(FILLED, { hook, after: over ? null : last, through: over ? null : through })
  return true
}

/** A leased hook looks again at the end of its lease, one that fails at the time that was set. */
const COUNT = `UPDATE webhook SET pending = pending + :n,
  ready_at = CASE WHEN ready_at IS NOT NULL AND (lease_until > :now OR failing_since IS NOT NULL) THEN ready_at ELSE :now END WHERE key = :hook`

async function count(tx: Tx, rows: readonly Row[]): Promise<void> {
  for (const [hook, n] of [...countByHook(rows)].toSorted(([a], [b]) => a - b)) await tx.db.run(COUNT, { hook, n, now: tx.now })
}

const LAST = 'SELECT max(id) AS last FROM event WHERE job = :job'
const BEHIND = 'SELECT 1 FROM webhook WHERE job = :job AND fill_through IS NOT NULL AND disabled IS NULL AND removed = 0'

/** True while events of a job are still to be spread. */
export async function isSpreading(tx: Tx, job: number): Promise<boolean> {
  if ((await tx.db.get(ACTIVE)) === undefined) return false
  const last = (await tx.db.get(LAST, { job }))?.['last'] as number | null
  if (last === null) return false
  const position = (await tx.db.get(POSITION))?.['position'] as number
  return position < last || (await tx.db.get(BEHIND, { job })) !== undefined
}
