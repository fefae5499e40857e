import { decodeCursor, pageOf } from '../../../model/cursor.ts'
import { JOB_KINDS, JOB_STATES, OUTCOMES, type Job } from '../../../model/job.ts'
import type { JobEvent } from '../../../model/event.ts'
import type { Page, PageQuery } from '../../../model/page.ts'
import type { JobFilter } from '../../../ports/ledger.ts'
import { toEvent, toJob, uuidBytes, uuidText } from '../../shared/codec.ts'
import { jobExpired } from '../../shared/refusals.ts'
import type { Database, Params, Row } from '../database.ts'

const NUMBER = /^[0-9]{1,16}$/

/** The row of an acknowledged job, by UUID or number; undefined for an unknown one. Throws `job_expired`. */
export function acknowledged(db: Database, idOrNumber: string, now: number): Row | undefined {
  const row = NUMBER.test(idOrNumber)
    ? db.get('SELECT * FROM job WHERE number = :number AND sealed = 1', { number: Number(idOrNumber) })
    : db.get('SELECT * FROM job WHERE id = :id AND sealed = 1', { id: uuidBytes(idOrNumber) })
  if (row === undefined) return undefined
  const expired = jobExpired(row, idOrNumber, now)
  if (expired !== null) throw expired
  return row
}

/** One row, whatever the size of the job: its counters are kept beside it (I3). */
export function job(db: Database, idOrNumber: string, now: number): Job | null {
  const row = acknowledged(db, idOrNumber, now)
  return row === undefined ? null : toJob(row)
}

const FILTER = `j.sealed = 1 AND j.purged = 0 AND (j.expires_at IS NULL OR j.expires_at > :now) AND j.key < :before
  AND (:state IS NULL OR j.state = :state) AND (:outcome IS NULL OR j.outcome = :outcome) AND (:kind IS NULL OR j.kind = :kind)
  AND (:label IS NULL OR j.label = :label) AND (:words IS NULL OR instr(lower(j.label), lower(:words)) > 0) AND (:submittedBy IS NULL OR j.submitted_by = :submittedBy) AND (:dialect IS NULL OR j.dialect = :dialect)
  AND (:since IS NULL OR j.created_at >= :since) AND (:until IS NULL OR j.created_at < :until)`

const IN_COLLECTION = `AND (:collection IS NULL OR EXISTS (SELECT 1 FROM collection k CROSS JOIN job_collection jc ON jc.collection = k.key AND jc.job = j.key
  WHERE k.id = :collection AND k.deleted_at IS NULL))`

/** A job is seen by its submitter, and by whoever is admin (role 2) or more of every collection it names. */
const ALL_ADMIN = `NOT EXISTS (SELECT 1 FROM job_collection c LEFT JOIN access_grant g ON g.collection = c.collection AND g.subject = :who
  WHERE c.job = j.key AND (g.role IS NULL OR g.role < 2))`

export const VISIBLE_JOBS = `SELECT * FROM (SELECT j.* FROM job j WHERE j.submitted_by = :who AND ${FILTER} ${IN_COLLECTION} ORDER BY j.key DESC LIMIT :limit)
  UNION SELECT * FROM (SELECT j.* FROM job j WHERE j.key IN (SELECT c.job FROM access_grant g CROSS JOIN job_collection c ON c.collection = g.collection
      WHERE g.subject = :who AND g.role >= 2 AND c.job < :before)
    AND ${FILTER} ${IN_COLLECTION} AND ${ALL_ADMIN} ORDER BY j.key DESC LIMIT :limit)
  ORDER BY key DESC LIMIT :limit`

const JOBS_OF_COLLECTION = `SELECT j.* FROM collection k CROSS JOIN job_collection c ON c.collection = k.key CROSS JOIN job j ON j.key = c.job
  WHERE k.id = :collection AND k.deleted_at IS NULL AND c.job < :before AND ${FILTER} ORDER BY c.job DESC LIMIT :limit`

/** Jobs that a subject may see, or all of one collection; newest first. */
export function jobs(db: Database, filter: JobFilter, page: PageQuery, now: number): Page<Job> {
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
  const rows = db.all(filter.visibleTo === null ? JOBS_OF_COLLECTION : VISIBLE_JOBS, params)
  return pageOf(rows, page.limit, row => row['key'] as number, toJob)
}

function indexOrNull<T extends string>(list: readonly T[], value: T | undefined): number | null {
  return value === undefined ? null : list.indexOf(value)
}

/** True when the subject is admin or more of every collection the job names. */
export function administers(db: Database, subject: string, id: string): boolean {
  const row = db.get(`SELECT 1 FROM job j WHERE j.id = :id AND ${ALL_ADMIN} AND EXISTS (SELECT 1 FROM job_collection c WHERE c.job = j.key)`, {
    id: uuidBytes(id),
    who: subject,
  })
  return row !== undefined
}

/** True when the job names this (live) collection. */
export function touches(db: Database, id: string, collection: string): boolean {
  const row = db.get(
    `SELECT 1 FROM job j CROSS JOIN job_collection c ON c.job = j.key CROSS JOIN collection k ON k.key = c.collection
     WHERE j.id = :id AND k.id = :collection AND k.deleted_at IS NULL`,
    { id: uuidBytes(id), collection },
  )
  return row !== undefined
}

/** Stored events after a number, of all jobs or of one, in the order of their commits. */
export function eventsAfter(db: Database, after: number, limit: number, id?: string): JobEvent[] {
  const rows =
    id === undefined
      ? db.all('SELECT e.*, j.id AS job_id FROM event e CROSS JOIN job j ON j.key = e.job WHERE e.id > :after ORDER BY e.id LIMIT :limit', { after, limit })
      : db.all(`SELECT e.*, j.id AS job_id FROM job j CROSS JOIN event e ON e.job = j.key WHERE j.id = :id AND e.id > :after ORDER BY e.id LIMIT :limit`, {
          after,
          limit,
          id: uuidBytes(id),
        })
  return rows.map(toEvent)
}

/** The number of the newest event ever stored; 0 before the first. */
export function lastEvent(db: Database): number {
  return (db.get(`SELECT seq FROM sqlite_sequence WHERE name = 'event'`)?.['seq'] as number | undefined) ?? 0
}

/** Sealed jobs that are not finished, oldest first, to be woken after a start. */
export function unfinished(db: Database, after: number, limit: number): { job: string; position: number; tenant: string; priority: number }[] {
  return db
    .all('SELECT key, id, submitted_by, priority FROM job WHERE state < 3 AND sealed = 1 AND key > :after ORDER BY key LIMIT :limit', { after, limit })
    .map(row => ({ job: uuidText(row['id']), position: row['key'] as number, tenant: row['submitted_by'] as string, priority: row['priority'] as number }))
}

/** The job a key made since then, or null; its fingerprint is null while it is still being received. */
export function idempotent(db: Database, subject: string, key: string, since: number): { job: string; fingerprint: string | null } | null {
  const row = db.get(
    `SELECT i.fingerprint, j.id, j.sealed FROM idempotency i CROSS JOIN job j ON j.key = i.job WHERE i.subject = :subject AND i.key = :key AND i.created_at > :since`,
    { subject, key, since },
  )
  if (row === undefined) return null
  return { job: uuidText(row['id']), fingerprint: row['sealed'] === 0 ? null : (row['fingerprint'] as string | null) }
}
