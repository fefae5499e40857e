import type { EntryKind } from './entry.ts'
import { changedFields, removalKey, type FieldRemoval, type FieldValues } from './field-values.ts'

/**
 * All that one item of an update does to one entry, which is made when there is none, unless the change only takes away. A change that leaves everything as it
 * is makes no version. Conditions beside it (`SourceRef`) speak of the newest version, a tombstone included: `ifMatch` its revision; `version: 0`, that there
 * has never been one.
 */
export interface EntryChange {
  /** What it becomes; without it, it stays what it is, and is an `object` when nothing is there. */
  readonly kind?: Exclude<EntryKind, 'folder'>
  readonly remove?: readonly FieldRemoval[]
  readonly add?: FieldValues
  /** Bytes in the collection's store that become the entry's. */
  readonly content?: { readonly digest: string; readonly size: number }
  readonly mediaType?: string
  /**
   * Alone: makes a tombstone of it instead; of what is not there, nothing. Beside anything else: all its values go, and it is what the rest says, an `object`
   * unless that names a kind.
   */
  readonly delete?: true
}

const EVERYTHING: FieldRemoval = { what: 'all', graph: '*' }

/** The members by which a change says anything. */
function saying(change: EntryChange): string[] {
  const isSaid = (member: unknown): boolean => (typeof member === 'object' && member !== null ? Object.keys(member).length > 0 : member !== undefined)
  return Object.entries(change).flatMap(([name, member]) => (isSaid(member) ? [name] : []))
}

/** True of a change that deletes and says what is there instead. */
export function replacesAll(change: EntryChange): boolean {
  return change.delete === true && saying(change).length > 1
}

/** The same without `delete` beside anything else: what it comes to. */
export function plainChange(change: EntryChange): EntryChange {
  if (!replacesAll(change)) return change
  const { delete: _delete, ...rest } = change
  return { ...rest, kind: rest.kind ?? 'object', remove: [EVERYTHING] }
}

/** True of a change that finds nothing to do where nothing is. */
export function onlyTakesAway(change: EntryChange): boolean {
  const [said, ...others] = saying(change)
  return others.length === 0 && (said === 'remove' || said === 'delete')
}

/**
 * Two parts of what one submission wants of one entry as one change: values that either removes are removed first, then what either adds is added, equal
 * values once; of kind, media type and content the later says. An empty part changes nothing of the other.
 */
export function mergedChanges(first: EntryChange, second: EntryChange): EntryChange {
  if (saying(second).length === 0) return first
  if (saying(first).length === 0) return second
  const remove = new Map([...(first.remove ?? []), ...(second.remove ?? [])].map(removal => [removalKey(removal), removal]))
  const add = changedFields(first.add ?? {}, [], second.add ?? {}) ?? first.add
  return {
    ...first,
    ...second,
    ...(remove.size === 0 ? {} : { remove: [...remove.values()] }),
    ...(add === undefined ? {} : { add: add as FieldValues }),
  }
}
