import { uuidBytes, uuidText } from '../../shared/codec.ts'
import type { Database, Row } from '../database.ts'
import type { JobAhead } from '../../../ports/waiting-ledger.ts'
import { nextNumber, type Tx } from './tx.ts'

/** The next place in the line of ordered jobs. */
export function nextPlace(tx: Tx): number {
  return nextNumber(tx, 'job_order')
}

/** Ordered jobs `j` that are acknowledged and not finished. None of this bounds the range that is looked at, or the index may be walked from its beginning. */
const UNFINISHED = 'j.ordered <> 0 AND j.sealed = 1 AND j.state < 3'

const BEFORE = `SELECT j.number, j.submitted_by FROM job j CROSS JOIN job_collection theirs ON theirs.job = j.key AND theirs.writes = 1
  CROSS JOIN job_collection ours ON ours.job = :job AND ours.collection = theirs.collection AND ours.writes = 1
  WHERE ${UNFINISHED} AND j.ordered < :place LIMIT 1`

/** True while an ordered job has to wait for one that was acknowledged before it. Once it runs, or is cancelled, it is never held up again. */
export function waitsItsTurn(tx: Tx, job: Row): boolean {
  return jobBefore(tx.db, job) !== undefined
}

function jobBefore(db: Database, job: Row): Row | undefined {
  if (job['ordered'] === 0 || (job['state'] as number) > 1 || job['cancelling'] === 1) return undefined
  return db.get(BEFORE, { job: job['key'] as number, place: job['ordered'] as number })
}

/** A job that an ordered one (its UUID) has to wait for; null when there is none. */
export function heldUpBy(db: Database, id: string): JobAhead | null {
  const job = db.get('SELECT * FROM job WHERE id = :id', { id: uuidBytes(id) })
  const before = job === undefined ? undefined : jobBefore(db, job)
  return before === undefined ? null : { number: String(before['number']), submittedBy: before['submitted_by'] as string }
}

const ENDED = 'SELECT key, ordered FROM job WHERE id = :id AND ordered <> 0 AND state = 3'

/** The first job of each collection, found in the order of the line: all others wait for one of these. */
const FIRST = `SELECT j.key FROM job j WHERE ${UNFINISHED} AND j.ordered > :place
  AND EXISTS (SELECT 1 FROM job_collection theirs WHERE theirs.job = j.key AND theirs.collection = ours.collection AND theirs.writes = 1)
  ORDER BY j.ordered LIMIT 1`
const NEXT = `SELECT DISTINCT id FROM job WHERE key IN (SELECT (${FIRST}) FROM job_collection ours WHERE ours.job = :job AND ours.writes = 1)`

/** The jobs (UUIDs) that may have waited for this one: none unless it is ordered and finished. */
export function successors(tx: Tx, id: string): string[] {
  const ended = tx.db.get(ENDED, { id: uuidBytes(id) })
  if (ended === undefined) return []
  return tx.db.all(NEXT, { job: ended['key'] as number, place: ended['ordered'] as number }).map(row => uuidText(row['id']))
}
