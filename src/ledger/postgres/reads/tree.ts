import { isRevision, type Entry } from '../../../model/entry.ts'
import { fieldsMatch } from '../../../model/fields-match.ts'
import { isUuid } from '../../../model/text.ts'
import type { ChildFilter, Children } from '../../../ports/ledger.ts'
import { toEntry } from '../../shared/codec.ts'
import { READABLE } from '../../shared/readable.ts'
import type { Row } from '../../shared/row.ts'
import { liveChildren } from '../addressable.ts'
import type { Params, Queries } from '../connection/queries.ts'
import { keyOf } from './entries.ts'

const BY_ENTITIES = `SELECT e.*, c.id FROM entry e JOIN collection c ON c.key = e.collection AND c.deleted_at IS NULL
  WHERE e.entity = ANY(:entities::uuid[]) AND e.collection < 0 AND e.deleted = 0 AND ${READABLE}`

/** The live entries with these entity ids, each once, where the reader may know of them. */
export async function entriesById(db: Queries, entityIds: readonly string[], reader: string): Promise<Entry[]> {
  const entities = [...new Set(entityIds)].filter(isUuid)
  return entities.length === 0 ? [] : (await db.all(BY_ENTITIES, { entities, reader })).map(entryOf)
}

function entryOf(row: Row): Entry {
  return toEntry(row, row['id'] as string)
}

const byRevision = (table: 'entry' | 'history'): string =>
  `SELECT e.*, c.id FROM ${table} e JOIN collection c ON c.key = e.collection AND c.deleted_at IS NULL WHERE e.revision = :revision AND e.collection < 0 AND ${READABLE}`
const PRESENT = byRevision('entry')
const SUPERSEDED = byRevision('history')

/** The version with that revision, present or superseded, or null: both are looked for, that the time it takes does not tell which there is. */
export async function entryByRevision(db: Queries, revision: string, reader: string): Promise<Entry | null> {
  if (!isRevision(revision)) return null
  const present = await db.get(PRESENT, { revision, reader })
  const superseded = await db.get(SUPERSEDED, { revision, reader })
  const row = present ?? superseded
  return row === undefined ? null : entryOf(row)
}

const MATCHING = liveChildren('e', ':key', ':folder')
const NAMED = 'AND e.path = ANY(:paths::text[])'

/** Entries directly in a folder, in path order, and how many there are. The queries must see one commit. */
export async function children(
  db: Queries,
  collection: string,
  folder: string,
  filter: ChildFilter,
  page: { offset: number; limit: number },
): Promise<Children> {
  const key = await keyOf(db, collection)
  if (key === null) return { items: [], total: 0 }
  const paths = filter.names?.map(name => (folder === '' ? name : `${folder}/${name}`))
  const matching = paths === undefined ? MATCHING : `${MATCHING} ${NAMED}`
  const where: Params = { key, folder, paths: paths ?? null }
  if (filter.where !== undefined && filter.where.length > 0) return matchingChildren(db, collection, matching, where, filter.where, page)
  const total = (await db.get(`SELECT count(*) AS n FROM ${matching}`, where))?.['n'] as number
  const rows = await db.all(`SELECT e.* FROM ${matching} ORDER BY e.path LIMIT :limit OFFSET :offset`, { ...where, ...page })
  return { items: rows.map(row => toEntry(row, collection)), total }
}

/** Children that are looked at before others have the thread. */
const STEP = 1_000

/** What fields hold is decided here: PostgreSQL's JSON does not know every text that ours may hold. */
async function matchingChildren(
  db: Queries,
  collection: string,
  matching: string,
  where: Params,
  conditions: NonNullable<ChildFilter['where']>,
  { offset, limit }: { offset: number; limit: number },
): Promise<Children> {
  const items: Entry[] = []
  let total = 0
  let after = ''
  for (;;) {
    const rows: Row[] = await db.all(`SELECT e.* FROM ${matching} AND e.path > :after ORDER BY e.path LIMIT :limit`, { ...where, after, limit: STEP })
    for (const row of rows) {
      const entry = toEntry(row, collection)
      if (!fieldsMatch(entry.fields, conditions)) continue
      if (total >= offset && items.length < limit) items.push(entry)
      total += 1
    }
    const last = rows.at(-1)
    if (last === undefined || rows.length < STEP) return { items, total }
    after = last['path'] as string
  }
}
