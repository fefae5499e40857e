import { GOES, NAMED, STAYS } from '../../shared/leftovers.ts'
import type { Tx } from './tx.ts'

/** The next collection that has something to purge: by the index of those alone. */
export const NEXT_COLLECTION = 'SELECT key FROM collection WHERE purging = 1 AND deleted_at <= :before ORDER BY deleted_at LIMIT 1'

/** What a deleted collection has left, in the order in which it goes: at most `:most` rows each, the first ones. */
const ROWS = [
  `DELETE FROM upload_part WHERE (upload, number) IN
     (SELECT p.upload, p.number FROM upload u CROSS JOIN upload_part p ON p.upload = u.key WHERE u.collection = :key LIMIT :most)`,
  'DELETE FROM upload WHERE key IN (SELECT key FROM upload WHERE collection = :key LIMIT :most)',
  `DELETE FROM entry WHERE collection = :key AND path <=
     (SELECT max(path) FROM (SELECT path FROM entry WHERE collection = :key ORDER BY path LIMIT :most))`,
  `DELETE FROM history WHERE collection = :key AND (path, version) <= (SELECT path, version FROM
     (SELECT path, version FROM history WHERE collection = :key ORDER BY path, version LIMIT :most) ORDER BY path DESC, version DESC LIMIT 1)`,
]

/** Purges about `batch` rows of collections that were deleted at or before that time; returns how many, counting collections that must stay. */
export function purgeCollections(tx: Tx, deletedBefore: number, batch: number): number {
  let gone = 0
  while (gone < batch) {
    const next = tx.db.get(NEXT_COLLECTION, { before: deletedBefore })
    if (next === undefined) break
    gone += purgeCollection(tx, next['key'] as number, batch - gone)
  }
  return gone
}

function purgeCollection(tx: Tx, key: number, most: number): number {
  let gone = 0
  for (const rows of ROWS) {
    gone += tx.db.run(rows, { key, most: most - gone })
    if (gone >= most) return gone
  }
  tx.db.run(tx.db.get(NAMED, { key }) === undefined ? GOES : STAYS, { key })
  return gone + 1
}

/** A deleted collection may go with the last job that names it. */
const MAY_GO = 'UPDATE collection SET purging = 1 WHERE deleted_at IS NOT NULL AND key IN (SELECT collection FROM job_collection WHERE job = :job)'

/** Forgets which collections a purged job (its key) named. */
export function forgetCollections(tx: Tx, job: number): void {
  tx.db.run(MAY_GO, { job })
  tx.db.run('DELETE FROM job_collection WHERE job = :job', { job })
}

/** The earlier of both ends, as the index token_ended has it. */
const END = 'coalesce(min(revoked_at, expires_at), revoked_at, expires_at)'
export const PURGE_TOKENS = `DELETE FROM token WHERE hash IN (SELECT hash FROM token WHERE ${END} <= :before ORDER BY ${END} LIMIT :batch)`

/** Forgets tokens that were revoked, or had ended, at or before that time; returns how many. */
export function purgeTokens(tx: Tx, endedBefore: number, batch: number): number {
  return tx.db.run(PURGE_TOKENS, { before: endedBefore, batch })
}
