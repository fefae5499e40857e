import { decodeCursor, encodeCursor, pageOf } from '../../../model/cursor.ts'
import { ENTRY_KINDS, type Entry } from '../../../model/entry.ts'
import type { Page, PageQuery } from '../../../model/page.ts'
import { prefixEnd } from '../../../model/paths.ts'
import type { EntryFilter, EntryPage } from '../../../ports/ledger.ts'
import { hexBytes, hexText, toEntry } from '../../shared/codec.ts'
import { folderOf, startOf } from '../../shared/roll-up.ts'
import { CONTENT } from '../../shared/entry-columns.ts'
import type { Database, Params } from '../database.ts'

/** The key of a live collection, or null. */
export function keyOf(db: Database, id: string): number | null {
  return (db.get('SELECT key FROM collection WHERE id = :id AND deleted_at IS NULL', { id })?.['key'] as number | undefined) ?? null
}

/** The present version of a path (a tombstone, too), or the given one; null when there is none. */
export function entry(db: Database, collection: string, path: string, version?: number): Entry | null {
  const key = keyOf(db, collection)
  if (key === null) return null
  const present = db.get('SELECT * FROM entry WHERE collection = :key AND path = :path', { key, path })
  const row =
    version === undefined || present?.['version'] === version
      ? present
      : db.get('SELECT * FROM history WHERE collection = :key AND path = :path AND version = :version', { key, path, version })
  return row === undefined ? null : toEntry(row, collection)
}

/** One lower bound only: of two, the index may take the one that starts from the beginning. */
const LIST = `SELECT * FROM entry WHERE collection = :key AND path >= :from AND path <> :after AND (:end IS NULL OR path < :end)
  AND (:deleted OR deleted = 0) AND (:kind IS NULL OR kind = :kind) ORDER BY path LIMIT :limit`

/** Entries in path order, with a delimiter rolled up into prefixes. */
export function entries(db: Database, collection: string, filter: EntryFilter, page: PageQuery): EntryPage {
  const key = keyOf(db, collection)
  if (key === null) return { items: [], prefixes: [], nextCursor: null }
  const prefix = filter.prefix ?? ''
  const where: Params = {
    key,
    end: prefixEnd(prefix),
    deleted: filter.deleted === true ? 1 : 0,
    kind: filter.kind === undefined ? null : ENTRY_KINDS.indexOf(filter.kind),
  }
  const after = page.cursor === undefined ? '' : decodeCursor(page.cursor, 'string')
  if (filter.delimiter !== undefined) return rolledUp(db, collection, where, prefix, after, page.limit)
  const rows = db.all(LIST, { ...where, ...startOf(prefix, after), limit: page.limit + 1 })
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
function rolledUp(db: Database, collection: string, where: Params, prefix: string, start: string, limit: number): EntryPage {
  const items: Entry[] = []
  const prefixes: string[] = []
  let after = start
  for (;;) {
    const rows = db.all(LIST, { ...where, ...startOf(prefix, after), limit: 100 })
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
  UNION ALL SELECT path, ${CONTENT} FROM history WHERE collection = :key AND path = :path AND version < :before) ORDER BY version DESC LIMIT :limit`

/** All versions of a path, newest first. */
export function versions(db: Database, collection: string, path: string, page: PageQuery): Page<Entry> {
  const key = keyOf(db, collection)
  if (key === null) return { items: [], nextCursor: null }
  const before = page.cursor === undefined ? Number.MAX_SAFE_INTEGER : decodeCursor(page.cursor, 'number')
  const rows = db.all(VERSIONS, { key, path, before, limit: page.limit + 1 })
  return pageOf(
    rows,
    page.limit,
    row => row['version'] as number,
    row => toEntry(row, collection),
  )
}

/** There is no index on digests (it would slow every copy down): one walk over the tables answers for a whole batch. */
const REFERENCED = `WITH wanted (digest) AS MATERIALIZED (SELECT unhex(value) FROM json_each(:digests)),
    places (key) AS MATERIALIZED (SELECT key FROM collection WHERE store = :store)
  SELECT digest FROM entry WHERE digest IN (SELECT digest FROM wanted) AND collection IN (SELECT key FROM places)
  UNION SELECT digest FROM history WHERE digest IN (SELECT digest FROM wanted) AND collection IN (SELECT key FROM places)
  UNION SELECT digest FROM upload_part WHERE digest IN (SELECT digest FROM wanted)
    AND upload IN (SELECT key FROM upload WHERE collection IN (SELECT key FROM places))
  UNION SELECT digest FROM held_blob WHERE digest IN (SELECT digest FROM wanted)`

/** Those of the digests that some version, a part of an upload or a job's change in the store still names. */
export function referenced(db: Database, store: string, digests: readonly string[]): Set<string> {
  const known = digests.filter(digest => hexBytes(digest)?.length === 32)
  return new Set(db.all(REFERENCED, { store, digests: JSON.stringify(known) }).map(row => hexText(row['digest'])))
}
