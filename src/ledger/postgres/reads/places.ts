import { laterOf, prefixEnd } from '../../../model/paths.ts'
import { FILE } from '../../shared/codec.ts'
import { notAttached } from '../../shared/refusals.ts'
import type { Row } from '../../shared/row.ts'
import type { Queries } from '../connection/queries.ts'

type Reads = Pick<Queries, 'get' | 'all'>

async function attached(db: Reads, id: string): Promise<Row> {
  const row = await db.get('SELECT key, edition FROM collection WHERE id = :id AND attached = 1 AND deleted_at IS NULL', { id })
  if (row === undefined) throw notAttached(id)
  return row
}

/** The present edition of an attached collection. Throws `collection_not_found`. */
export async function edition(db: Reads, collection: string): Promise<number> {
  return (await attached(db, collection))['edition'] as number
}

function filesOf(ended: boolean): string {
  return `SELECT path, stamp FROM entry WHERE collection = :key AND path >= :from AND path <> :after ${ended ? 'AND path < :end' : ''}
    AND deleted = 0 AND kind = ${FILE} ORDER BY path LIMIT :limit`
}

const FILES = { ended: filesOf(true), open: filesOf(false) }

/** The live files of an attached collection behind a path, in their order. */
export async function placedFiles(
  db: Reads,
  collection: string,
  { prefix, after }: { readonly prefix: string; readonly after: string },
  limit: number,
): Promise<{ path: string; stamp: string }[]> {
  const end = prefixEnd(prefix)
  const { key } = await attached(db, collection)
  const rows = await db.all(end === null ? FILES.open : FILES.ended, { key, from: laterOf(prefix, after), after, end, limit })
  return rows.map(row => ({ path: row['path'] as string, stamp: row['stamp'] as string }))
}

const STAMPS = `SELECT e.path, e.stamp FROM unnest(:paths::text[]) AS p (path) JOIN entry e ON e.collection = :key AND e.path = p.path WHERE e.deleted = 0 AND e.kind = ${FILE}`

/** The stamps of those of the paths that are live files. */
export async function stamps(db: Reads, collection: string, paths: readonly string[]): Promise<Map<string, string>> {
  const { key } = await attached(db, collection)
  return new Map((await db.all(STAMPS, { key, paths })).map(row => [row['path'] as string, row['stamp'] as string]))
}
