import { BACKLOG_BOUND, type Backlog } from '../../../ports/observed-ledger.ts'
import { toBacklog } from '../../shared/work.ts'
import type { Queries } from '../connection/queries.ts'

const JOBS = `SELECT state, paused, count(*) AS n, min(created_at) AS oldest
  FROM (SELECT state, paused, created_at FROM job WHERE state < 3 AND sealed = 1 ORDER BY key LIMIT :bound) AS unfinished GROUP BY state, paused`

const UPLOADS = 'SELECT count(*) AS n FROM (SELECT 1 FROM upload WHERE expires_at > :now AND version IS NULL LIMIT :bound) AS under_way'

/** See `ObservedLedger.backlog`. */
export async function backlog(db: Queries, now: number): Promise<Backlog> {
  const uploads = await db.get(UPLOADS, { now, bound: BACKLOG_BOUND })
  return toBacklog(await db.all(JOBS, { bound: BACKLOG_BOUND }), uploads?.['n'] as number)
}
