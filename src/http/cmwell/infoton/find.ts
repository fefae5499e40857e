import type { Caller } from '../../../model/access.ts'
import type { Entry } from '../../../model/entry.ts'
import type { WaybillError } from '../../../model/errors.ts'
import { isWaybillError } from '../../../model/errors.ts'
import type { Context } from '../context.ts'
import { Refusal } from '../errors.ts'
import type { Place } from '../place.ts'
import { isDomain } from '../place.ts'

/** The live entry of the first place that has one; null for a domain that has no infoton of its own. */
export async function find(context: Context, caller: Caller, places: readonly Place[]): Promise<Entry | null> {
  let deleted: Entry | null = null
  for (const place of places) {
    const entry = await newest(context, caller, place)
    if (entry !== null && !entry.deleted) return entry
    deleted ??= entry
  }
  if (deleted !== null) throw missing(`Infoton was deleted on ${new Date(deleted.modifiedAt).toISOString()}`)
  if (places.some(isDomain)) return null
  throw missing()
}

/** The newest version of a path, a tombstone too; null when there has never been one, and where the caller has no grant. */
export async function newest(context: Context, caller: Caller, { collection, path }: Place): Promise<Entry | null> {
  try {
    const { items } = await context.engine.entries.versions(caller, collection, path, { limit: 1 })
    return items[0] ?? null
  } catch (error) {
    if (isWaybillError(error, 'entry_not_found') || isWaybillError(error, 'collection_not_found')) return null
    throw error
  }
}

/** What nobody has and what the caller has no grant for look alike. */
export function missing(words = 'Infoton not found'): WaybillError {
  return new Refusal('entry_not_found', 404, 'text', words)
}
