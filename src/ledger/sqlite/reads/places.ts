import { laterOf, prefixEnd } from '../../../model/paths.ts'
import { FILE } from '../../shared/codec.ts'
import { notAttached } from '../../shared/refusals.ts'
import type { Database, Row } from '../database.ts'

function attached(db: Database, id: string): Row {
  const row = db.get('SELECT key, edition FROM collection WHERE id = :id AND attached = 1 AND deleted_at IS NULL', { id })
  if (row === undefined) throw notAttached(id)
  return row
}

/** The present edition of an attached collection. Throws `collection_not_found`. */
export function edition(db: Database, collection: string): number {
  return attached(db, collection)['edition'] as number
}

/** One lower bound only: of two, the index may take the one that starts from the beginning. */
const FILES = `SELECT path, stamp FROM entry WHERE collection = :key AND path >= :from AND path <> :after AND (:end IS NULL OR path < :end)
  AND deleted = 0 AND kind = ${FILE} ORDER BY path LIMIT :limit`

/** The live files of an attached collection behind a path, in their order. */
export function placedFiles(db: Database, collection: string, range: { prefix: string; after: string }, limit: number): { path: string; stamp: string }[] {
  const { prefix, after } = range
  const where = { key: attached(db, collection)['key'] as number, from: laterOf(prefix, after), after, end: prefixEnd(prefix), limit }
  return db.all(FILES, where).map(row => ({ path: row['path'] as string, stamp: row['stamp'] as string }))
}

const STAMPS = `SELECT e.path, e.stamp FROM json_each(:paths) p CROSS JOIN entry e ON e.collection = :key AND e.path = p.value WHERE e.deleted = 0 AND e.kind = ${FILE}`

/** The stamps of those of the paths that are live files. */
export function stamps(db: Database, collection: string, paths: readonly string[]): Map<string, string> {
  const rows = db.all(STAMPS, { key: attached(db, collection)['key'] as number, paths: JSON.stringify(paths) })
  return new Map(rows.map(row => [row['path'] as string, row['stamp'] as string]))
}
