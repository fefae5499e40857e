import { mergedChanges, replacesAll, type EntryChange } from './entry-change.ts'
import { WaybillError } from './errors.ts'
import type { SourceRef } from './job.ts'

/** What an item of an update that carries a change wants, and under which conditions. */
export interface ItemWish {
  readonly change: EntryChange
  readonly conditions: Pick<SourceRef, 'ifMatch' | 'version'>
}

/**
 * Two parts of one item as one. Conditions that only one part gives hold for all of it. Throws `invalid_request` when both give conditions and not the same,
 * and when an item under a condition would both delete and write: in the words of the protocol that streams its items in parts (CM-Well).
 */
export function mergedWishes(path: string, first: ItemWish, second: ItemWish): ItemWish {
  const [one, other] = [baseOf(first), baseOf(second)]
  if (one !== null && other !== null && one !== other) {
    const detail = `Atomic versioning must be unique per path. Document contained multiple base uuids: [${other},${one}] for path [${path}]`
    throw new WaybillError('invalid_request', detail)
  }
  const change = mergedChanges(first.change, second.change)
  if ((one ?? other) !== null && replacesAll(change)) {
    throw new WaybillError('invalid_request', 'requirement failed: atomic updates cannot operate on multiple actions in a single ingest.')
  }
  return { change, conditions: one === null ? second.conditions : first.conditions }
}

/** The version that the conditions ask for, in words: a revision, a number, nothing for "none yet"; null without conditions. */
function baseOf({ conditions: { ifMatch, version } }: ItemWish): string | null {
  if (ifMatch === undefined && version === undefined) return null
  return [ifMatch, version === 0 ? '' : version].filter(base => base !== undefined).join(' ')
}
