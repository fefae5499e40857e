import type { Lock } from '../../../model/lock.ts'
import { toLock } from '../../shared/codec.ts'
import { keyOf } from './entries.ts'
import type { Database } from '../database.ts'

/** Live locks on a path, above it, or on its whole collection (path ''). Locks are few: the collection's are walked. */
export const LOCKS_OVER = `SELECT * FROM lock WHERE collection = :key AND expires_at > :now
  AND (path = '' OR path = :path OR substr(:path, 1, length(path) + 1) = path || '/') ORDER BY path`

/** Live locks on a path, above it, or on its collection. */
export function locksOver(db: Database, collection: string, path: string | null, now: number): Lock[] {
  const key = keyOf(db, collection)
  if (key === null) return []
  return db.all(LOCKS_OVER, { key, path: path ?? '', now }).map(lock => toLock(lock, collection))
}

/** The first lock of another holder over one of these places, or null. */
export function lockAgainst(db: Database, holder: string, places: readonly { collection: string; path: string | null }[], now: number): Lock | null {
  if (db.get('SELECT 1 FROM lock WHERE holder <> :holder AND expires_at > :now LIMIT 1', { holder, now }) === undefined) return null
  for (const place of places) {
    const other = locksOver(db, place.collection, place.path, now).find(lock => lock.holder !== holder)
    if (other !== undefined) return other
  }
  return null
}
