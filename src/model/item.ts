import { CATALOGUE, type ErrorCode } from './errors.ts'
import { MAX_FIELDS_BYTES, MAX_VALUES_BYTES, type Fields } from './entry.ts'

/** Order is the stored number; all from `done` on are terminal. `running` is never stored: it is `pending` under a live lease. */
export const ITEM_STATES = ['pending', 'running', 'done', 'skipped', 'failed', 'evicted', 'cancelled'] as const
export type ItemState = (typeof ITEM_STATES)[number]

/** True for a state that only an explicit retry changes (invariant I2). */
export function isTerminal(state: ItemState): boolean {
  return state !== 'pending' && state !== 'running'
}

/** Why an item is not done. `expected` and `actual` are revisions or versions; null actual: nothing is there. */
export interface Reason {
  readonly code: ErrorCode
  readonly message: string
  /** Which end of the item the reason speaks of, where it speaks of one. */
  readonly end?: 'source' | 'destination'
  readonly expected?: string | null
  readonly actual?: string | null
}

/** One end of an item. Ids, version and revision are null until they are known; never invented. */
export interface ItemEnd {
  readonly collection: string
  readonly path: string
  readonly entityId: string | null
  readonly version: number | null
  readonly revision: string | null
}

/** One line of a job, `seq` counting from 0 in the order given. Times are epoch milliseconds. */
export interface Item {
  readonly seq: number
  readonly source: ItemEnd
  readonly destination: ItemEnd | null
  readonly fields: Fields | null
  readonly state: ItemState
  readonly attempts: number
  readonly bytes: number
  readonly reason: Reason | null
  readonly startedAt: number | null
  readonly finishedAt: number | null
}

/** The sentence that goes with an item's reason. `where` names the path and collection concerned; `actual` of a lock says who holds it (`by "ada"`). */
export function reasonMessage(code: ErrorCode, where: string, expected?: string | null, actual?: string | null): string {
  switch (code) {
    case 'entry_not_found':
      return `There is no file ${where}.`
    case 'condition_failed':
      return `${where} is at ${actual ?? 'nothing'}, but ${expected ?? 'nothing'} was expected.`
    case 'destination_exists':
      return `${where} exists already and the conflict policy keeps it.`
    case 'entry_exists':
      return `${where} cannot be written: a folder is there, or a file where a folder is needed.`
    case 'folder_not_empty':
      return `${where} is a folder that still holds something.`
    case 'locked':
      return `${where} is locked${actual ? ` ${actual}` : ''}.`
    case 'insufficient_role':
      return `The submitter has lost the grant that ${where} needs.`
    case 'same_path':
      return `${where} is the source itself; there is nothing to move.`
    case 'unsupported':
      return `${where} would be a folder, and only addressable collections (owner/name, host.name) have folders; name the files in it, as by its path with a "/" at the end.`
    case 'fields_too_large':
      return `The fields of ${where} would be larger than ${MAX_FIELDS_BYTES} bytes, or ${MAX_VALUES_BYTES} where they are sets of values.`
    case 'source_changed':
      return `${where} changed while its bytes were being copied; retry the item.`
    case 'destination_changed':
      return `${where} was changed by another program while it was being written, and was left as it is; retry the item.`
    case 'unavailable':
      return `The store of ${where} could not be used; retry the item when it is available.`
    case 'out_of_space':
      return `The store of ${where} is full; make room and retry the item.`
    case 'digest_mismatch':
      return `The stored bytes of ${where} no longer match their recorded digest.`
    default:
      return `${CATALOGUE[code].title}: ${where}.`
  }
}
