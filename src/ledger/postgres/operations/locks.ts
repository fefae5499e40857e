import { lockedBy, type Lock } from '../../../model/lock.ts'
import { toLock } from '../../shared/codec.ts'
import { noLock } from '../../shared/refusals.ts'
import { LOCKS_OVER } from '../reads/locks.ts'
import { record } from './audit.ts'
import { alone, lockedCollection, type Tx } from './tx.ts'

interface LockWish {
  readonly collection: string
  readonly path: string | null
  readonly holder: string
  readonly reason: string | null
  readonly ttlMs: number
}

/** Live locks of others inside the part of the collection that a new lock would cover. */
const LOCKS_BENEATH = `SELECT * FROM lock WHERE collection = :key AND holder <> :holder AND expires_at > :now
  AND (:path::text = '' OR starts_with(path, :path::text || '/')) LIMIT 1`

const ACQUIRE = `INSERT INTO lock AS l (collection, path, holder, token, reason, acquired_at, expires_at)
  VALUES (:key, :path, :holder, nextval('lock_token'), :reason, :now, :until)
  ON CONFLICT (collection, path) DO UPDATE SET reason = excluded.reason, expires_at = excluded.expires_at, holder = excluded.holder,
    token = CASE WHEN l.holder = excluded.holder AND l.expires_at > :now THEN l.token ELSE excluded.token END,
    acquired_at = CASE WHEN l.holder = excluded.holder AND l.expires_at > :now THEN l.acquired_at ELSE excluded.acquired_at END
  RETURNING *`

/** Takes or renews a lock, when nobody writes to the collection: whoever wrote before it is seen, whoever comes later sees it. Throws `locked` when another's lies over or beneath the place. */
export async function acquireLock(tx: Tx, wish: LockWish): Promise<Lock> {
  const key = (await lockedCollection(tx, wish.collection, alone))['key'] as number
  const { holder, reason } = wish
  const at = { key, path: wish.path ?? '', now: tx.now }
  const over = await tx.db.all(LOCKS_OVER, at)
  const other = over.find(row => row['holder'] !== holder) ?? (await tx.db.get(LOCKS_BENEATH, { ...at, holder }))
  if (other !== undefined) throw lockedBy(toLock(other, wish.collection))
  const row = await tx.db.get(ACQUIRE, { ...at, holder, reason, until: tx.now + wish.ttlMs })
  if (row === undefined) throw new Error('the new lock was not returned')
  const isRenewal = over.some(lock => lock['path'] === at.path)
  if (!isRenewal) await record(tx, { action: 'lock.acquire', collection: key, collectionId: wish.collection, path: wish.path, details: { holder } })
  return toLock(row, wish.collection)
}

const HELD = 'SELECT * FROM lock WHERE collection = :key AND path = :path AND expires_at > :now'

/** Ends a lock; with a holder only theirs. Throws `lock_not_found`, `locked`. */
export async function releaseLock(tx: Tx, collection: string, path: string | null, holder: string | null): Promise<void> {
  const key = (await lockedCollection(tx, collection, alone))['key'] as number
  const at = { key, path: path ?? '' }
  const row = await tx.db.get(HELD, { ...at, now: tx.now })
  if (row === undefined) throw noLock(path)
  if (holder !== null && row['holder'] !== holder) throw lockedBy(toLock(row, collection))
  await tx.db.run('DELETE FROM lock WHERE collection = :key AND path = :path', at)
  await record(tx, { action: 'lock.release', collection: key, collectionId: collection, path, details: { holder: row['holder'] } })
}

/** Throws `locked` when a subject other than `subject` holds a lock over the path. */
export async function refuseLocked(tx: Tx, key: number, collection: string, path: string, subject: string): Promise<void> {
  const row = (await tx.db.all(LOCKS_OVER, { key, path, now: tx.now })).find(lock => lock['holder'] !== subject)
  if (row !== undefined) throw lockedBy(toLock(row, collection))
}
