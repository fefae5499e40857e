import { lockedBy, type Lock } from '../../../model/lock.ts'
import { toLock } from '../../shared/codec.ts'
import { noLock } from '../../shared/refusals.ts'
import { LOCKS_OVER } from '../reads/locks.ts'
import { record } from './audit.ts'
import { collectionKey, nextNumber, type Tx } from './tx.ts'

interface LockWish {
  readonly collection: string
  readonly path: string | null
  readonly holder: string
  readonly reason: string | null
  readonly ttlMs: number
}

/** Live locks of others inside the part of the collection that a new lock would cover. */
const LOCKS_BENEATH = `SELECT * FROM lock WHERE collection = :key AND holder <> :holder AND expires_at > :now
  AND (:path = '' OR substr(path, 1, length(:path) + 1) = :path || '/') LIMIT 1`

/** Takes or renews a lock. Throws `locked` when another's lies over or beneath the place. */
export function acquireLock(tx: Tx, wish: LockWish): Lock {
  const key = collectionKey(tx, wish.collection)
  const path = wish.path ?? ''
  const over = tx.db.all(LOCKS_OVER, { key, path, now: tx.now })
  const other = over.find(row => row['holder'] !== wish.holder) ?? tx.db.get(LOCKS_BENEATH, { key, path, holder: wish.holder, now: tx.now })
  if (other !== undefined) throw lockedBy(toLock(other, wish.collection))
  const row = tx.db.get(
    `INSERT INTO lock (collection, path, holder, token, reason, acquired_at, expires_at) VALUES (:key, :path, :holder, :token, :reason, :now, :until)
     ON CONFLICT (collection, path) DO UPDATE SET reason = excluded.reason, expires_at = excluded.expires_at, holder = excluded.holder,
       token = CASE WHEN lock.holder = excluded.holder AND lock.expires_at > :now THEN lock.token ELSE excluded.token END,
       acquired_at = CASE WHEN lock.holder = excluded.holder AND lock.expires_at > :now THEN lock.acquired_at ELSE excluded.acquired_at END
     RETURNING *`,
    { key, path, holder: wish.holder, token: nextNumber(tx, 'lock_token'), reason: wish.reason, now: tx.now, until: tx.now + wish.ttlMs },
  )
  if (row === undefined) throw new Error('the new lock was not returned')
  const isRenewal = over.some(lock => lock['path'] === path)
  if (!isRenewal) record(tx, { action: 'lock.acquire', collection: key, collectionId: wish.collection, path: wish.path, details: { holder: wish.holder } })
  return toLock(row, wish.collection)
}

/** Ends a lock; with a holder only theirs. Throws `lock_not_found`, `locked`. */
export function releaseLock(tx: Tx, collection: string, path: string | null, holder: string | null): void {
  const key = collectionKey(tx, collection)
  const row = tx.db.get('SELECT * FROM lock WHERE collection = :key AND path = :path AND expires_at > :now', { key, path: path ?? '', now: tx.now })
  if (row === undefined) {
    throw noLock(path)
  }
  if (holder !== null && row['holder'] !== holder) throw lockedBy(toLock(row, collection))
  tx.db.run('DELETE FROM lock WHERE collection = :key AND path = :path', { key, path: path ?? '' })
  record(tx, { action: 'lock.release', collection: key, collectionId: collection, path, details: { holder: row['holder'] } })
}

/** Throws `locked` when a subject other than `subject` holds a lock over the path. */
export function refuseLocked(tx: Tx, key: number, collection: string, path: string, subject: string): void {
  const row = tx.db.all(LOCKS_OVER, { key, path, now: tx.now }).find(lock => lock['holder'] !== subject)
  if (row !== undefined) throw lockedBy(toLock(row, collection))
}
