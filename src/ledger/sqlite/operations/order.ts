import { uuidBytes, uuidText } from '../codec.ts'
import type { Row } from '../database.ts'
import type { Tx } from './tx.ts'

/** Ordered jobs `j` that are not finished. */
const UNFINISHED = 'j.ordered = 1 AND j.state < 3 AND j.sealed = 1'

const BEFORE = `SELECT 1 FROM job j CROSS JOIN job_collection theirs ON theirs.job = j.key AND theirs.writes = 1
  CROSS JOIN job_collection ours ON ours.job = :job AND ours.collection = theirs.collection AND ours.writes = 1
  WHERE ${UNFINISHED} AND j.key < :job LIMIT 1`

/** True while an ordered job has to wait for one that was submitted before it. Once it runs, or is cancelled, it is never held up again. */
export function waitsItsTurn(tx: Tx, job: Row): boolean {
  return job['ordered'] === 1 && (job['state'] as number) < 2 && job['cancelling'] === 0 && tx.db.get(BEFORE, { job: job['key'] as number }) !== undefined
}

const ENDED = 'SELECT key FROM job WHERE id = :id AND ordered = 1 AND state = 3'

/** The first job of each collection, found in the order of submission: all others wait for one of these. */
const FIRST = `SELECT j.key FROM job j WHERE ${UNFINISHED} AND j.key > :job
  AND EXISTS (SELECT 1 FROM job_collection theirs WHERE theirs.job = j.key AND theirs.collection = ours.collection AND theirs.writes = 1) ORDER BY j.key LIMIT 1`
const NEXT = `SELECT DISTINCT id FROM job WHERE key IN (SELECT (${FIRST}) FROM job_collection ours WHERE ours.job = :job AND ours.writes = 1)`

/** The jobs (UUIDs) that may have waited for this one: none unless it is ordered and finished. */
export function successors(tx: Tx, id: string): string[] {
  const ended = tx.db.get(ENDED, { id: uuidBytes(id) })
  return ended === undefined ? [] : tx.db.all(NEXT, { job: ended['key'] as number }).map(row => uuidText(row['id']))
}
