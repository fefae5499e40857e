/** Jobs that one transaction purges at most: each takes a dozen statements, however few its rows are. */
export const JOBS = 50

/** How many rows of a job went, and whether it is done with. */
export interface PurgedJob {
  readonly rows: number
  readonly whole: boolean
}

/** There was none. */
export const NO_JOB: PurgedJob = { rows: 0, whole: false }

/** What a row holds that is of no use once only the id of its job is known, and the value that takes the least room. */
const EMPTIED = [
  'conflict',
  'verify',
  'dry_run',
  'priority',
  'retention_ms',
  'ordered',
  'total',
  'pending',
  'running',
  'done',
  'skipped',
  'failed',
  'evicted',
  'cancelled',
]
  .concat(['bytes_total', 'bytes_done', 'chunks', 'unresolved', 'retrying', 'retry_from', 'created_at', 'change'])
  .map(column => `${column} = 0`)

/** Leaves of a job (`:job`) its id and number, which are 410 for ever, and whose it was, for whom alone they are. */
export const MARK_PURGED = `UPDATE job SET purged = 1, label = NULL, actor = NULL, dialect = '', started_at = NULL, finished_at = NULL, expires_at = 0, ${EMPTIED.join(', ')} WHERE key = :job`
