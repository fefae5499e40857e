import { COLLECTION_LOCK } from '../advisory-locks.ts'
import { GOES, NAMED, STAYS } from '../../shared/leftovers.ts'
import type { Tx } from './tx.ts'

/** Locked against jobs that are just naming it (`nameCollections`); what another node is purging is passed over. */
const NEXT = 'SELECT key FROM collection WHERE purging = 1 AND deleted_at <= :before ORDER BY deleted_at LIMIT 1 FOR UPDATE SKIP LOCKED'
/** Not waited for: who has it may be waiting for the row. */
const TAKE = `SELECT pg_try_advisory_xact_lock(${COLLECTION_LOCK}, :key) AS taken`

/** No part comes to these any more: one that is just being stored is waited for. */
const LOCK_UPLOADS = 'SELECT key FROM upload WHERE collection = :key ORDER BY key LIMIT :most FOR UPDATE'

/** What a deleted collection has left, in the order in which it goes: at most `:most` rows each, the first ones. */
const ROWS = [
  `DELETE FROM upload_part WHERE (upload, number) IN
     (SELECT p.upload, p.number FROM upload u JOIN upload_part p ON p.upload = u.key WHERE u.collection = :key LIMIT :most)`,
  'DELETE FROM upload WHERE key IN (SELECT key FROM upload WHERE collection = :key ORDER BY key LIMIT :most)',
  `DELETE FROM entry WHERE collection = :key AND path <=
     (SELECT max(path) FROM (SELECT path FROM entry WHERE collection = :key ORDER BY path LIMIT :most) first)`,
  `DELETE FROM history WHERE collection = :key AND (path, version) <= (SELECT path, version FROM
     (SELECT path, version FROM history WHERE collection = :key ORDER BY path, version LIMIT :most) first ORDER BY path DESC, version DESC LIMIT 1)`,
]

/** Purges about `batch` rows of collections that were deleted at or before that time; returns how many, counting collections that must stay. */
export async function purgeCollections(tx: Tx, deletedBefore: number, batch: number): Promise<number> {
  let gone = 0
  while (gone < batch) {
    const next = await tx.db.get(NEXT, { before: deletedBefore })
    const key = next?.['key'] as number | undefined
    if (key === undefined || (await tx.db.get(TAKE, { key }))?.['taken'] !== true) break
    const n = await purgeCollection(tx, key, batch - gone)
    gone += n
  }
  return gone
}

async function purgeCollection(tx: Tx, key: number, most: number): Promise<number> {
  let gone = 0
  await tx.db.all(LOCK_UPLOADS, { key, most })
  for (const rows of ROWS) {
    const n = await tx.db.run(rows, { key, most: most - gone })
    gone += n
    if (gone >= most) return gone
  }
  await tx.db.run((await tx.db.get(NAMED, { key })) === undefined ? GOES : STAYS, { key })
  return gone + 1
}

/** A deleted collection may go with the last job that names it. Locked in the order of keys: two nodes may be purging jobs that name the same. */
const MAY_GO = `UPDATE collection SET purging = 1 WHERE key IN (SELECT key FROM collection
  WHERE deleted_at IS NOT NULL AND key IN (SELECT collection FROM job_collection WHERE job = ANY(:jobs::bigint[])) ORDER BY key FOR NO KEY UPDATE)`

/** Forgets which collections purged jobs (their keys) named: of all that a transaction purges at once, or the order of the locks would be that of the jobs. */
export async function forgetCollections(tx: Tx, jobs: readonly number[]): Promise<void> {
  if (jobs.length === 0) return
  await tx.db.run(MAY_GO, { jobs })
  await tx.db.run('DELETE FROM job_collection WHERE job = ANY(:jobs::bigint[])', { jobs })
}

/** The earlier of both ends: nulls are passed over. */
const END = 'least(revoked_at, expires_at)'
const PURGE_TOKENS = `DELETE FROM token WHERE hash IN (SELECT hash FROM token WHERE ${END} <= :before ORDER BY ${END} LIMIT :batch FOR UPDATE SKIP LOCKED)`

/** Forgets tokens that were revoked, or had ended, at or before that time; returns how many. */
export function purgeTokens(tx: Tx, endedBefore: number, batch: number): Promise<number> {
  return tx.db.run(PURGE_TOKENS, { before: endedBefore, batch })
}
