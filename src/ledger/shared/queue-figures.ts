import { COUNTED_JOBS, type QueueFigures } from '../../ports/system-ledger.ts'
import type { Row } from './row.ts'

/** Of one job more than are counted, so that it is known whether there are more. Both databases answer it from the index of unfinished jobs. */
export const UNFINISHED_JOBS = `SELECT count(*) AS jobs, coalesce(sum(CASE WHEN paused = 0 AND state = 0 THEN 1 END), 0) AS waiting,
  coalesce(sum(CASE WHEN paused = 0 AND state > 0 THEN 1 END), 0) AS running, min(CASE WHEN paused = 0 AND state = 0 THEN created_at END) AS oldest
  FROM (SELECT state, paused, created_at FROM job WHERE state < 3 AND sealed = 1 ORDER BY key LIMIT ${COUNTED_JOBS + 1}) counted`

/** The figures that the row of `UNFINISHED_JOBS` tells. */
export function toQueueFigures(row: Row): QueueFigures {
  return {
    waitingJobs: Number(row['waiting']),
    runningJobs: Number(row['running']),
    oldestWaitingAt: row['oldest'] === null ? null : Number(row['oldest']),
    exact: Number(row['jobs']) <= COUNTED_JOBS,
  }
}
