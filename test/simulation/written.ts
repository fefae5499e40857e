import { hexText } from '../../src/ledger/shared/codec.ts'
import type { Database } from '../../src/ledger/sqlite/database.ts'

/** What there is at a path: the digest of its newest version, whether that says that it was deleted, and how many versions there are. */
export interface Written {
  readonly digest: string | null
  readonly deleted: boolean
  readonly versions: number
}

const NEWEST = 'SELECT c.id, e.path, e.digest, e.deleted FROM entry e CROSS JOIN collection c ON c.key = e.collection'
const OLDER = `SELECT c.id, h.path, count(*) AS n FROM history h CROSS JOIN collection c ON c.key = h.collection GROUP BY h.collection, h.path`

/** All that is written, by `collection/path`: two statements cost less than one for each path. */
export function readWritten(db: Database): ReadonlyMap<string, Written> {
  const older = new Map(db.all(OLDER).map(row => [nameOf(row), row['n'] as number]))
  return new Map(
    db.all(NEWEST).map(row => {
      const name = nameOf(row)
      return [name, { digest: row['digest'] === null ? null : hexText(row['digest']), deleted: row['deleted'] === 1, versions: 1 + (older.get(name) ?? 0) }]
    }),
  )
}

function nameOf(row: Readonly<Record<string, unknown>>): string {
  return `${String(row['id'])}/${String(row['path'])}`
}
