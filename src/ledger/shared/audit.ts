import type { Actor, AuditAction, AuditRecord } from '../../model/audit.ts'
import { encodeCursor } from '../../model/cursor.ts'
import type { Page, PageQuery } from '../../model/page.ts'
import type { AuditFilter } from '../../ports/audit-ledger.ts'
import { behind, placeOf, type Behind } from './newest-first.ts'
import type { Row } from './row.ts'
import { toWebhook } from './webhook-codec.ts'

/** What an operation tells of what it did. `collection` is the key of the one it did it to. */
export interface Deed {
  readonly action: AuditAction
  readonly collection?: number
  readonly collectionId?: string
  readonly path?: string | null
  readonly job?: string
  readonly details?: Readonly<Record<string, unknown>>
}

/** What was done with a hook (its row, of a live collection or a job). Its URL is not told: it may have a secret in it. */
export function hookDeed(action: 'webhook.create' | 'webhook.delete', row: Row): Deed {
  const { id, collection, job } = toWebhook(row)
  const details = { webhook: id }
  return collection === null
    ? { action, details, ...(job === null ? {} : { job }) }
    : { action, details, collection: Number(row['collection']), collectionId: collection }
}

/** Of a job that names more collections than this so many get a record each, and one more, without a collection, says how many they are. */
export const MOST_COLLECTIONS = 1_000
/** Rows that one call looks at where not all of them match: some milliseconds. */
const LOOK_ROWS = 2_000

const COLUMNS = 'at, subject, token, dialect, request, action, job, details, collection, collection_id, path'

/** Stores what one operation did. */
export const INSERT_DEED = `INSERT INTO audit (${COLUMNS})
  VALUES (:now, :subject, :token, :dialect, :request, :action, :job, :details, :collection, :collectionId, :path)`

/** Stores what was done with a job, once for each collection that it names. `cast` gives a parameter its type, where the database must be told. */
export function insertForJob(cast: (name: string, type: 'bigint' | 'text') => string): string {
  const [now, text] = [cast('now', 'bigint'), ['subject', 'token', 'dialect', 'request', 'action', 'job', 'details'].map(name => cast(name, 'text'))]
  return `INSERT INTO audit (${COLUMNS}) SELECT ${now}, ${text.join(', ')}, c.key, c.id, NULL
    FROM job_collection n JOIN collection c ON c.key = n.collection WHERE n.job = :key ORDER BY n.collection LIMIT ${MOST_COLLECTIONS}`
}

/** What all records of a transaction have from its actor. */
export function actorParams(actor: Actor): { subject: string; token: string | null; dialect: string; request: string | null } {
  return { subject: actor.subject, token: actor.tokenId, dialect: actor.dialect, request: actor.requestId }
}

/** What a record has from its deed. */
export function deedParams({ action, collection, collectionId, path, job, details }: Deed): Record<string, string | number | null> {
  return {
    ...{ action, collection: collection ?? null, collectionId: collectionId ?? null },
    ...{ path: path ?? null, job: job ?? null, details: JSON.stringify(details ?? {}) },
  }
}

/** An attribute's name may be as long as its writer likes, and there may be many. */
const MOST_NAMES = 20
const MOST_NAME_LENGTH = 100

/** What changed of a collection: of attributes their names alone, as values may be secrets. */
export function changeDetails({
  name,
  attributes,
}: {
  readonly name?: string
  readonly attributes?: Readonly<Record<string, unknown>>
}): Record<string, unknown> {
  const names = Object.keys(attributes ?? {})
  return {
    ...(name === undefined ? {} : { name }),
    ...(attributes === undefined ? {} : { attributes: names.slice(0, MOST_NAMES).map(each => each.slice(0, MOST_NAME_LENGTH)) }),
    ...(names.length > MOST_NAMES ? { attributesInAll: names.length } : {}),
  }
}

/** The collection that has the id now, if the subject is admin (role 2) of it or more. */
const ADMINISTERED = `(SELECT c.key FROM collection c JOIN access_grant g ON g.collection = c.key
  WHERE c.id = :collection AND c.deleted_at IS NULL AND g.subject = :administeredBy AND g.role >= 2)`

/** A look at records: the statement by which an index finds them, what it needs, and which of them match. */
export interface Look {
  readonly sql: string
  readonly params: Record<string, string | number> & { readonly look: number }
  readonly matches: (row: Row) => boolean
}

/** How to look for a page of records: one index finds them in their order, the rest of the filter is applied to so many rows at most. */
export function lookFor(filter: AuditFilter, page: PageQuery): Look {
  const { collection, administeredBy, subject, action } = filter
  const before = endOf(filter, behind(page.cursor))
  const params = { at: before.at, id: Number(before.id), since: filter.since ?? 0 }
  const [where, scope] =
    collection !== undefined && administeredBy !== undefined
      ? [`collection = ${ADMINISTERED}`, { collection, administeredBy }]
      : collection !== undefined
        ? ['collection_id = :collection', { collection }]
        : subject !== undefined
          ? ['subject = :subject', { subject }]
          : ['at >= 0', {}]
  const selective = action !== undefined || (subject !== undefined && collection !== undefined)
  return {
    sql: `SELECT * FROM audit WHERE ${where} AND (at, id) < (:at, :id) AND at >= :since ORDER BY at DESC, id DESC LIMIT :look`,
    params: { ...params, ...scope, look: selective ? LOOK_ROWS : page.limit + 1 },
    matches: row => (action === undefined || row['action'] === action) && (subject === undefined || row['subject'] === subject),
  }
}

/** No record has the id 0: what lies behind it at a time is earlier. */
function endOf({ until }: AuditFilter, from: Behind): Behind {
  const id = /^\d{1,16}$/.test(from.id) ? from.id : '0'
  return until === undefined || until > from.at ? { at: from.at, id } : { at: until, id: '0' }
}

/** The page that the rows of a look make. */
export function pageOfLook(rows: readonly Row[], { params, matches }: Look, limit: number): Page<AuditRecord> {
  const items: AuditRecord[] = []
  for (const [index, row] of rows.entries()) {
    if (matches(row)) items.push(toAuditRecord(row))
    const last = index === rows.length - 1
    if (items.length === limit || last) return { items, nextCursor: last && rows.length < params.look ? null : cursorOf(row) }
  }
  return { items, nextCursor: null }
}

function cursorOf(row: Row): string {
  return encodeCursor(placeOf({ at: row['at'] as number, id: String(row['id']) }))
}

function toAuditRecord(row: Row): AuditRecord {
  return {
    id: String(row['id']),
    at: row['at'] as number,
    subject: row['subject'] as string,
    tokenId: row['token'] as string | null,
    action: row['action'] as AuditAction,
    collection: row['collection_id'] as string | null,
    path: row['path'] as string | null,
    job: row['job'] as string | null,
    dialect: row['dialect'] as string,
    requestId: row['request'] as string | null,
    details: JSON.parse(row['details'] as string) as Record<string, unknown>,
  }
}
