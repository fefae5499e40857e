import { notAttached } from '../../../shared/refusals.ts'
import type { Tx } from '../tx.ts'

/** The key and the present edition of a live attached collection. Throws `collection_not_found`. */
export function attachedKey(tx: Tx, id: string): { readonly key: number; readonly edition: number } {
  const row = tx.db.get('SELECT key, edition FROM collection WHERE id = :id AND attached = 1 AND deleted_at IS NULL', { id })
  if (row === undefined) throw notAttached(id)
  return { key: row['key'] as number, edition: row['edition'] as number }
}

/** What is known of the files of the collection is another from now on: looks that began before say nothing any more. */
export function newEdition(tx: Tx, key: number): void {
  tx.db.run('UPDATE collection SET edition = edition + 1 WHERE key = :key', { key })
}

const ANY = 'SELECT 1 FROM job_collection j CROSS JOIN collection c ON c.key = j.collection WHERE j.job = :job AND c.attached = 1 LIMIT 1'

/** True when the job (its key) names an attached collection. */
export function namesPlaces(tx: Tx, job: number): boolean {
  return tx.db.get(ANY, { job }) !== undefined
}
