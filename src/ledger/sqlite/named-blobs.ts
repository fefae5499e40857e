import { DatabaseSync } from 'node:sqlite'
import { hexText } from '../shared/codec.ts'

/** Bytes that versions of files name. `place`: one of them, as collection:path; `versions`: how many. */
export interface NamedBlob {
  readonly store: string
  readonly digest: string
  readonly place: string
  readonly versions: number
}

/** The schema that brought attached collections, whose bytes are in no store of ours. */
const ATTACHED_SINCE = 9

/**
 * The bytes that versions of files name in collections that are there, each once for a store, in the order of stores and digests. SQLite sorts them in a file where they are many, and
 * they come one by one: memory does not grow with them. The ledger is not changed, nor migrated; nobody may write to it meanwhile.
 */
export function* namedBlobs(ledger: string): Generator<NamedBlob> {
  const db = new DatabaseSync(ledger, { readOnly: true })
  try {
    db.exec('PRAGMA temp_store = FILE')
    const schema = Number(db.prepare('PRAGMA user_version').get()?.['user_version'])
    const rows = db.prepare(`SELECT c.store, v.digest, min(c.id || ':' || v.path) AS place, count(*) AS versions
      FROM (SELECT collection, path, digest FROM entry WHERE digest IS NOT NULL UNION ALL SELECT collection, path, digest FROM history WHERE digest IS NOT NULL) v
      JOIN collection c ON c.key = v.collection WHERE c.deleted_at IS NULL ${schema < ATTACHED_SINCE ? '' : 'AND c.attached = 0'} GROUP BY c.store, v.digest`)
    for (const row of rows.iterate()) {
      yield { store: String(row['store']), digest: hexText(row['digest']), place: String(row['place']), versions: Number(row['versions']) }
    }
  } finally {
    db.close()
  }
}
