import type { Actor } from '../../../model/audit.ts'
import { uuidBytes } from '../../shared/codec.ts'
import { jobExpired, noCollection, noJob } from '../../shared/refusals.ts'
import type { Work } from '../../shared/work.ts'
import type { Database, Row } from '../database.ts'

/** One operation's view of the transaction it runs in. */
export interface Tx {
  readonly db: Database
  /** The injected clock's time of the call. */
  readonly now: number
  /** In whose name; null: what it does is not recorded. */
  readonly actor: Actor | null
  /** Jobs (UUIDs) this transaction changes; told to listeners after the commit. */
  readonly jobs: Set<string>
  /** What it does, for those who watch the server. */
  readonly work: Work
  /** Whether a turn may go on while its job has more to do. */
  readonly goesOn: () => boolean
}

/** The key of a live collection. Throws `collection_not_found`. */
export function collectionKey(tx: Tx, id: string): number {
  const row = tx.db.get('SELECT key FROM collection WHERE id = :id AND deleted_at IS NULL', { id })
  if (row === undefined) throw noCollection(id)
  return row['key'] as number
}

/** The row of a job that is still kept. Throws `job_not_found`, `job_expired`. Marks the job as changed. */
export function jobRow(tx: Tx, id: string): Row {
  const row = tx.db.get('SELECT * FROM job WHERE id = :id AND sealed <> 2', { id: uuidBytes(id) })
  if (row === undefined) throw noJob(id)
  const expired = jobExpired(row, id, tx.now)
  if (expired !== null) throw expired
  tx.jobs.add(id)
  return row
}

/** The next of one of the numbers that only grow. */
export function nextNumber(tx: Tx, name: 'lock_token' | 'job_order' | 'plain_collection' | 'addressable_collection'): number {
  return tx.db.get('UPDATE counter SET value = value + 1 WHERE name = :name RETURNING value', { name })?.['value'] as number
}

const NAME_COLLECTION = `INSERT INTO job_collection (job, collection, writes) VALUES (:job, :collection, :writes)
  ON CONFLICT (job, collection) DO UPDATE SET writes = max(writes, excluded.writes)`

/** Records that a job (its key) names a collection, and whether it writes there. */
export function nameCollection(tx: Tx, job: number, collection: number, writes: boolean): void {
  tx.db.run(NAME_COLLECTION, { job, collection, writes: writes ? 1 : 0 })
}
