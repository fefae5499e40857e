import type { Lock } from '../../../model/lock.ts'
import { toLock } from '../../shared/codec.ts'
import type { Queries } from '../connection/queries.ts'
import { keyOf } from './entries.ts'

/** Live locks on a path, above it, or on its whole collection (path ''). Locks are few: the collection's are walked. */
export const LOCKS_OVER = `SELECT * FROM lock WHERE collection = :key AND expires_at > :now
  AND (path = '' OR path = :path::text OR starts_with(:path::text, path || '/')) ORDER BY path`

/** Live locks on a path, above it, or on its collection. */
export async function locksOver(db: Queries, collection: string, path: string | null, now: number): Promise<Lock[]> {
  const key = await keyOf(db, collection)
  if (key === null) return []
  return (await db.all(LOCKS_OVER, { key, path: path ?? '', now })).map(lock => toLock(lock, collection))
}

const ANY_OF_OTHERS = 'SELECT 1 FROM lock WHERE holder <> :holder AND expires_at > :now LIMIT 1'

/** The first lock of another holder over one of these places, or null. */
export async function lockAgainst(
  db: Queries,
  holder: string,
  places: readonly { collection: string; path: string | null }[],
  now: number,
): Promise<Lock | null> {
  if ((await db.get(ANY_OF_OTHERS, { holder, now })) === undefined) return null
  for (const place of places) {
    const other = (await locksOver(db, place.collection, place.path, now)).find(lock => lock.holder !== holder)
    if (other !== undefined) return other
  }
  return null
}
