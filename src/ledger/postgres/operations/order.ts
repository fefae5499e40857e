import type { JobAhead } from '../../../ports/waiting-ledger.ts'
import type { Row } from '../../shared/row.ts'
import type { Queries } from '../connection/queries.ts'
import { isUuid } from '../../../model/text.ts'
import type { Tx } from './tx.ts'

const NEXT_PLACE = `UPDATE counter SET value = value + 1 WHERE name = 'job_order' RETURNING value`
const TAKE_PLACE = 'UPDATE job SET ordered = :place WHERE key = :job'

/**
 * Gives a job (its key) the next place in the line of ordered jobs. The last thing that a transaction does: until its commit nobody else gets a place, so that
 * places are in the order of the acknowledgements, and whoever has one sees all those before it.
 */
export async function takePlace(tx: Tx, job: number): Promise<void> {
  const place = (await tx.db.get(NEXT_PLACE))?.['value']
  await tx.db.run(TAKE_PLACE, { job, place })
}

/** Ordered jobs `j` that are acknowledged and not finished. */
const UNFINISHED = 'j.ordered <> 0 AND j.sealed = 1 AND j.state < 3'

const BEFORE = `SELECT j.number, j.submitted_by FROM job j JOIN job_collection theirs ON theirs.job = j.key AND theirs.writes = 1
  JOIN job_collection ours ON ours.job = :job AND ours.collection = theirs.collection AND ours.writes = 1
  WHERE ${UNFINISHED} AND j.ordered < :place LIMIT 1`

/** True while an ordered job has to wait for one that was acknowledged before it. Once it runs, or is cancelled, it is never held up again. */
export async function waitsItsTurn(tx: Tx, job: Row): Promise<boolean> {
  return (await jobBefore(tx.db, job)) !== undefined
}

async function jobBefore(db: Queries, job: Row): Promise<Row | undefined> {
  if (job['ordered'] === 0 || (job['state'] as number) > 1 || job['cancelling'] === 1) return undefined
  return db.get(BEFORE, { job: job['key'], place: job['ordered'] })
}

/** A job that an ordered one (its UUID) has to wait for; null when there is none. */
export async function heldUpBy(db: Queries, id: string): Promise<JobAhead | null> {
  const job = isUuid(id) ? await db.get('SELECT * FROM job WHERE id = :id', { id }) : undefined
  const before = job === undefined ? undefined : await jobBefore(db, job)
  return before === undefined ? null : { number: String(before['number']), submittedBy: before['submitted_by'] as string }
}

const ENDED = 'SELECT key, ordered FROM job WHERE id = :id AND ordered <> 0 AND state = 3'

/** The first job of each collection, found in the order of the line: all others wait for one of these. */
const FIRST = `SELECT j.key FROM job j WHERE ${UNFINISHED} AND j.ordered > :place
  AND EXISTS (SELECT 1 FROM job_collection theirs WHERE theirs.job = j.key AND theirs.collection = ours.collection AND theirs.writes = 1)
  ORDER BY j.ordered LIMIT 1`
const NEXT = `SELECT DISTINCT id FROM job WHERE key IN (SELECT (${FIRST}) FROM job_collection ours WHERE ours.job = :job AND ours.writes = 1)`

/** The jobs (UUIDs) that may have waited for this one: none unless it is ordered and finished. */
export async function successors(db: Queries, id: string): Promise<string[]> {
  const ended = await db.get(ENDED, { id })
  if (ended === undefined) return []
  return (await db.all(NEXT, { job: ended['key'], place: ended['ordered'] })).map(row => row['id'] as string)
}
