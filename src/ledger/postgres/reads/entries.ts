import { decodeCursor, encodeCursor, pageOf } from '../../../model/cursor.ts'
import { ENTRY_KINDS, type Entry } from '../../../model/entry.ts'
import type { Page, PageQuery } from '../../../model/page.ts'
import { prefixEnd } from '../../../model/paths.ts'
import type { EntryFilter, EntryPage } from '../../../ports/ledger.ts'
import { hexBytes, hexText, toEntry } from '../../shared/codec.ts'
import { folderOf, startOf } from '../../shared/roll-up.ts'
import type { Row } from '../../shared/row.ts'
import type { Params, Queries } from '../connection/queries.ts'
import { CONTENT } from '../../shared/entry-columns.ts'

/** The key of a live collection, or null. */
export async function keyOf(db: Queries, id: string): Promise<number | null> {
  return ((await db.get('SELECT key FROM collection WHERE id = :id AND deleted_at IS NULL', { id }))?.['key'] as number | undefined) ?? null
}

const PRESENT = 'SELECT * FROM entry WHERE collection = :key AND path = :path'
const SUPERSEDED = 'SELECT * FROM history WHERE collection = :key AND path = :path AND version = :version'

/** The present version of a path (a tombstone, too), or the given one; null when there is none. */
export async function entry(db: Queries, collection: string, path: string, version?: number): Promise<Entry | null> {
  const key = await keyOf(db, collection)
  if (key === null) return null
  const present = await db.get(PRESENT, { key, path })
  const row = version === undefined || present?.['version'] === version ? present : await db.get(SUPERSEDED, { key, path, version })
  return row === undefined ? null : toEntry(row, collection)
}

/** Written for each filter: a bound that may be null would be none to the index. */
function list({ end, kind, deleted }: Params): string {
  return `SELECT * FROM entry WHERE collection = :key AND path >= :from AND path <> :after ${end === null ? '' : 'AND path < :end'}
    ${deleted === true ? '' : 'AND deleted = 0'} ${kind === null ? '' : 'AND kind = :kind'} ORDER BY path LIMIT :limit`
}

/** Entries in path order, with a delimiter rolled up into prefixes. */
export async function entries(db: Queries, collection: string, filter: EntryFilter, page: PageQuery): Promise<EntryPage> {
  const key = await keyOf(db, collection)
  if (key === null) return { items: [], prefixes: [], nextCursor: null }
  const prefix = filter.prefix ?? ''
  const where: Params = {
    key,
    end: prefixEnd(prefix),
    deleted: filter.deleted === true,
    kind: filter.kind === undefined ? null : ENTRY_KINDS.indexOf(filter.kind),
  }
  const after = page.cursor === undefined ? '' : decodeCursor(page.cursor, 'string')
  if (filter.delimiter !== undefined) return rolledUp(db, collection, where, prefix, after, page.limit)
  const rows = await db.all(list(where), { ...where, ...startOf(prefix, after), limit: page.limit + 1 })
  return {
    ...pageOf(
      rows,
      page.limit,
      row => row['path'] as string,
      row => toEntry(row, collection),
    ),
    prefixes: [],
  }
}

/** One level of folders: what lies beneath the next "/" is told once and leapt over, however much it is. */
async function rolledUp(db: Queries, collection: string, where: Params, prefix: string, start: string, limit: number): Promise<EntryPage> {
  const items: Entry[] = []
  const prefixes: string[] = []
  let after = start
  for (;;) {
    const rows: Row[] = await db.all(list(where), { ...where, ...startOf(prefix, after), limit: 100 })
    for (const row of rows) {
      if (items.length + prefixes.length === limit) return { items, prefixes, nextCursor: encodeCursor(after) }
      const folder = folderOf(row['path'] as string, prefix)
      if (folder !== null) {
        prefixes.push(folder)
        after = folder
        break
      }
      items.push(toEntry(row, collection))
      after = row['path'] as string
    }
    if (rows.length === 0) return { items, prefixes, nextCursor: null }
  }
}

/** Newest first: the present version, then the superseded ones. */
const VERSIONS = `SELECT * FROM (SELECT path, ${CONTENT} FROM entry WHERE collection = :key AND path = :path AND version < :before
  UNION ALL (SELECT path, ${CONTENT} FROM history WHERE collection = :key AND path = :path AND version < :before ORDER BY version DESC LIMIT :limit)) v
  ORDER BY version DESC LIMIT :limit`

const ANY_VERSION = 2 ** 31 - 1

/** All versions of a path, newest first. */
export async function versions(db: Queries, collection: string, path: string, page: PageQuery): Promise<Page<Entry>> {
  const key = await keyOf(db, collection)
  if (key === null) return { items: [], nextCursor: null }
  const before = page.cursor === undefined ? ANY_VERSION : Math.min(decodeCursor(page.cursor, 'number'), ANY_VERSION)
  const rows = await db.all(VERSIONS, { key, path, before, limit: page.limit + 1 })
  return pageOf(
    rows,
    page.limit,
    row => row['version'] as number,
    row => toEntry(row, collection),
  )
}

/** There is no index on digests (it would slow every copy down): one walk over the tables answers for a whole batch. */
const REFERENCED = `WITH wanted (digest) AS MATERIALIZED (SELECT unnest(:digests::bytea[])),
    places (key) AS MATERIALIZED (SELECT key FROM collection WHERE store = :store)
  SELECT digest FROM entry WHERE digest IN (SELECT digest FROM wanted) AND collection IN (SELECT key FROM places)
  UNION SELECT digest FROM history WHERE digest IN (SELECT digest FROM wanted) AND collection IN (SELECT key FROM places)
  UNION SELECT digest FROM upload_part WHERE digest IN (SELECT digest FROM wanted)
    AND upload IN (SELECT key FROM upload WHERE collection IN (SELECT key FROM places))
  UNION SELECT digest FROM held_blob WHERE digest IN (SELECT digest FROM wanted)`

/** Those of the digests that some version, a part of an upload or a job's change in the store still names. */
export async function referenced(db: Queries, store: string, digests: readonly string[]): Promise<Set<string>> {
  const known = digests.map(digest => hexBytes(digest)).filter(bytes => bytes?.length === 32)
  return new Set((await db.all(REFERENCED, { store, digests: known })).map(row => hexText(row['digest'])))
}
