import type { EntryKind } from './entry.ts'
import type { FieldRemoval, FieldValues } from './field-values.ts'

/**
 * All that one item of an update does to one entry, which is made when there is none. A change that leaves everything as it is makes no version. Conditions
 * beside it (`SourceRef`) speak of the newest version, a tombstone included: `ifMatch` its revision; `version: 0`, that there has never been one.
 */
export interface EntryChange {
  /** What it becomes; without it, it stays what it is, and is an `object` when nothing is there. */
  readonly kind?: Exclude<EntryKind, 'folder'>
  readonly remove?: readonly FieldRemoval[]
  readonly add?: FieldValues
  /** Bytes in the collection's store that become the entry's. */
  readonly content?: { readonly digest: string; readonly size: number }
  readonly mediaType?: string
  /** Makes a tombstone of it instead; of what is not there, nothing. */
  readonly delete?: true
}
