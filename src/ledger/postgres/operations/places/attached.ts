import { notAttached } from '../../../shared/refusals.ts'
import { alone, keptRows, lockCollections, toWrite, type Tx } from '../tx.ts'

const ATTACHED = 'SELECT key, edition FROM collection WHERE id = :id AND attached = 1 AND deleted_at IS NULL'

/** The key and the present edition of a live attached collection, which nobody else writes to until the end of the transaction. Throws `collection_not_found`. */
export async function lockedAttached(tx: Tx, id: string): Promise<{ readonly key: number; readonly edition: number }> {
  const before = await tx.db.get(ATTACHED, { id })
  if (before === undefined) throw notAttached(id)
  await lockCollections(tx, [alone(before['key'] as number)])
  const row = await tx.db.get(ATTACHED, { id }) // it may have been deleted while we waited, and even another made under its id
  return row?.['key'] === before['key'] ? { key: row?.['key'] as number, edition: row?.['edition'] as number } : lockedAttached(tx, id)
}

const NAMED = 'SELECT j.collection, j.writes, c.attached FROM job_collection j JOIN collection c ON c.key = j.collection WHERE j.job = :job'

/** Locks the collections that a job (its key) names, those at places for itself: which of their files are written, and by whom, is about to change. */
export async function lockForPublished(tx: Tx, job: number): Promise<void> {
  const named = await tx.db.all(NAMED, { job })
  await lockCollections(
    tx,
    named.map(row => {
      const key = row['collection'] as number
      if (row['writes'] === 0) return { key, alone: false }
      return row['attached'] === 1 ? alone(key) : toWrite(tx, key)
    }),
  )
}

/** What is known of the files of the collection is another from now on: looks that began before say nothing any more. */
export async function newEdition(tx: Tx, key: number): Promise<void> {
  await tx.db.run('UPDATE collection SET edition = edition + 1 WHERE key = :key', { key })
}

const ANY = 'SELECT 1 FROM job_collection j JOIN collection c ON c.key = j.collection WHERE j.job = :job AND c.attached = 1 LIMIT 1'

/** True when the job (its key) names an attached collection. */
export async function namesPlaces(tx: Tx, job: number): Promise<boolean> {
  return (await keptRows(tx, 'attached', job, ANY, { job })).length > 0
}
