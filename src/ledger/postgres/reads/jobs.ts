import { decodeCursor, pageOf } from '../../../model/cursor.ts'
import { JOB_KINDS, JOB_STATES, OUTCOMES, type Job } from '../../../model/job.ts'
import type { JobEvent } from '../../../model/event.ts'
import type { Page, PageQuery } from '../../../model/page.ts'
import { isUuid } from '../../../model/text.ts'
import type { JobFilter } from '../../../ports/ledger.ts'
import { toEvent, toJob } from '../../shared/codec.ts'
import { jobExpired } from '../../shared/refusals.ts'
import type { Row } from '../../shared/row.ts'
import type { Params, Queries } from '../connection/queries.ts'

const NUMBER = /^[0-9]{1,16}$/
const BY_NUMBER = 'SELECT * FROM job WHERE number = :number AND sealed = 1'
const BY_ID = 'SELECT * FROM job WHERE id = :id AND sealed = 1'

/** The row of an acknowledged job, by UUID or number; undefined for an unknown one. Throws `job_expired`. */
export async function acknowledged(db: Queries, idOrNumber: string, now: number): Promise<Row | undefined> {
  const row = NUMBER.test(idOrNumber)
    ? await db.get(BY_NUMBER, { number: Number(idOrNumber) })
    : isUuid(idOrNumber)
      ? await db.get(BY_ID, { id: idOrNumber })
      : undefined
  if (row === undefined) return undefined
  const expired = jobExpired(row, idOrNumber, now)
  if (expired !== null) throw expired
  return row
}

/** One row, whatever the size of the job: its counters are kept beside it (I3). */
export async function job(db: Queries, idOrNumber: string, now: number): Promise<Job | null> {
  const row = await acknowledged(db, idOrNumber, now)
  return row === undefined ? null : toJob(row)
}

const FILTER = `j.sealed = 1 AND j.purged = 0 AND (j.expires_at IS NULL OR j.expires_at > :now) AND j.key < :before
  AND (:state::smallint IS NULL OR j.state = :state) AND (:outcome::smallint IS NULL OR j.outcome = :outcome) AND (:kind::smallint IS NULL OR j.kind = :kind)
  AND (:label::text IS NULL OR j.label = :label)
  AND (:words::text IS NULL OR strpos(lower(j.label COLLATE "C"), lower(:words COLLATE "C")) > 0) AND (:submittedBy::text IS NULL OR j.submitted_by = :submittedBy)
  AND (:dialect::text IS NULL OR j.dialect = :dialect) AND (:since::bigint IS NULL OR j.created_at >= :since) AND (:until::bigint IS NULL OR j.created_at < :until)`

const IN_COLLECTION = `AND (:collection::text IS NULL OR EXISTS (SELECT 1 FROM collection k JOIN job_collection jc ON jc.collection = k.key AND jc.job = j.key
  WHERE k.id = :collection AND k.deleted_at IS NULL))`

/** A job is seen by its submitter, and by whoever is admin (role 2) or more of every collection it names. */
const ALL_ADMIN = `NOT EXISTS (SELECT 1 FROM job_collection c LEFT JOIN access_grant g ON g.collection = c.collection AND g.subject = :who
  WHERE c.job = j.key AND (g.role IS NULL OR g.role < 2))`

const VISIBLE_JOBS = `SELECT * FROM ((SELECT j.* FROM job j WHERE j.submitted_by = :who AND ${FILTER} ${IN_COLLECTION} ORDER BY j.key DESC LIMIT :limit)
  UNION (SELECT j.* FROM job j WHERE j.key IN (SELECT c.job FROM access_grant g JOIN job_collection c ON c.collection = g.collection
      WHERE g.subject = :who AND g.role >= 2 AND c.job < :before)
    AND ${FILTER} ${IN_COLLECTION} AND ${ALL_ADMIN} ORDER BY j.key DESC LIMIT :limit)) seen
  ORDER BY key DESC LIMIT :limit`

const JOBS_OF_COLLECTION = `SELECT j.* FROM collection k JOIN job_collection c ON c.collection = k.key JOIN job j ON j.key = c.job
  WHERE k.id = :collection AND k.deleted_at IS NULL AND c.job < :before AND ${FILTER} ORDER BY c.job DESC LIMIT :limit`

/** Jobs that a subject may see, or all of one collection; newest first. */
export async function jobs(db: Queries, filter: JobFilter, page: PageQuery, now: number): Promise<Page<Job>> {
  const params: Params = {
    who: filter.visibleTo,
    now,
    before: page.cursor === undefined ? Number.MAX_SAFE_INTEGER : decodeCursor(page.cursor, 'number'),
    state: indexOrNull(JOB_STATES, filter.state),
    outcome: indexOrNull(OUTCOMES, filter.outcome),
    kind: indexOrNull(JOB_KINDS, filter.kind),
    label: filter.label ?? null,
    words: filter.labelContains ?? null,
    submittedBy: filter.submittedBy ?? null,
    dialect: filter.dialect ?? null,
    collection: filter.collection ?? null,
    since: filter.since ?? null,
    until: filter.until ?? null,
    limit: page.limit + 1,
  }
  const rows = await db.all(filter.visibleTo === null ? JOBS_OF_COLLECTION : VISIBLE_JOBS, params)
  return pageOf(rows, page.limit, row => row['key'] as number, toJob)
}

function indexOrNull<T extends string>(list: readonly T[], value: T | undefined): number | null {
  return value === undefined ? null : list.indexOf(value)
}

const ADMINISTERS = `SELECT 1 FROM job j WHERE j.id = :id AND ${ALL_ADMIN} AND EXISTS (SELECT 1 FROM job_collection c WHERE c.job = j.key)`

/** True when the subject is admin or more of every collection the job names. */
export async function administers(db: Queries, subject: string, id: string): Promise<boolean> {
  return isUuid(id) && (await db.get(ADMINISTERS, { id, who: subject })) !== undefined
}

const TOUCHES = `SELECT 1 FROM job j JOIN job_collection c ON c.job = j.key JOIN collection k ON k.key = c.collection
  WHERE j.id = :id AND k.id = :collection AND k.deleted_at IS NULL`

/** True when the job names this (live) collection. */
export async function touches(db: Queries, id: string, collection: string): Promise<boolean> {
  return isUuid(id) && (await db.get(TOUCHES, { id, collection })) !== undefined
}

const EVENTS = 'SELECT e.*, j.id AS job_id FROM event e JOIN job j ON j.key = e.job WHERE e.id > :after AND e.id <= :horizon ORDER BY e.id LIMIT :limit'
const EVENTS_OF_JOB = `SELECT e.*, j.id AS job_id FROM job j JOIN event e ON e.job = j.key WHERE j.id = :id AND e.id > :after AND e.id <= :horizon ORDER BY e.id LIMIT :limit`

/**
 * Stored events after a number, of all jobs or of one, in the order of their numbers; none that another with a lower number may still precede. The horizon is
 * asked for first, and not within the transaction or statement that reads.
 */
export async function eventsAfter(db: Queries, after: number, limit: number, id?: string): Promise<JobEvent[]> {
  const horizon = await lastEvent(db)
  if (horizon <= after || (id !== undefined && !isUuid(id))) return []
  const rows = await db.all(id === undefined ? EVENTS : EVENTS_OF_JOB, { after, limit, horizon, id: id ?? null })
  return rows.map(toEvent)
}

/** The number of the newest event that no earlier one can follow any more; 0 before the first. */
export async function lastEvent(db: Queries): Promise<number> {
  return (await db.get('SELECT event_horizon() AS horizon'))?.['horizon'] as number
}

const UNFINISHED = 'SELECT key, id, submitted_by, priority FROM job WHERE state < 3 AND sealed = 1 AND key > :after ORDER BY key LIMIT :limit'

/** Sealed jobs that are not finished, oldest first, to be woken after a start. */
export async function unfinished(db: Queries, after: number, limit: number): Promise<{ job: string; position: number; tenant: string; priority: number }[]> {
  const rows = await db.all(UNFINISHED, { after, limit })
  return rows.map(row => ({
    job: row['id'] as string,
    position: row['key'] as number,
    tenant: row['submitted_by'] as string,
    priority: row['priority'] as number,
  }))
}

const IDEMPOTENT = `SELECT i.fingerprint, j.id, j.sealed FROM idempotency i JOIN job j ON j.key = i.job
  WHERE i.subject = :subject AND i.key = :key AND i.created_at > :since`

/** The job a key made since then, or null; its fingerprint is null while it is still being received. */
export async function idempotent(db: Queries, subject: string, key: string, since: number): Promise<{ job: string; fingerprint: string | null } | null> {
  const row = await db.get(IDEMPOTENT, { subject, key, since })
  if (row === undefined) return null
  return { job: row['id'] as string, fingerprint: row['sealed'] === 0 ? null : (row['fingerprint'] as string | null) }
}
