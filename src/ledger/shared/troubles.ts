import type { ErrorCode } from '../../model/errors.ts'
import { ITEM_STATES, reasonMessage, type ItemState, type Reason } from '../../model/item.ts'
import type { EventType } from '../../model/event.ts'
import { hexText } from './codec.ts'
import type { Row } from './row.ts'

/** Why an item is not done: the state it takes, the catalogue's code, and which of its ends the reason speaks of. */
interface Trouble {
  readonly state: ItemState
  readonly error: ErrorCode
  readonly end: 'source' | 'destination'
}

/** Numbered from 1, as a plan's `code`. `taken` is no end state: the item looks for a free name. */
export const TROUBLES = {
  missing: { no: 1, state: 'failed', error: 'entry_not_found', end: 'source' },
  sourceRevision: { no: 2, state: 'evicted', error: 'condition_failed', end: 'source' },
  sourceVersion: { no: 3, state: 'evicted', error: 'condition_failed', end: 'source' },
  same: { no: 4, state: 'skipped', error: 'same_path', end: 'destination' },
  destinationRevision: { no: 5, state: 'evicted', error: 'condition_failed', end: 'destination' },
  destinationPresent: { no: 6, state: 'evicted', error: 'condition_failed', end: 'destination' },
  skip: { no: 7, state: 'skipped', error: 'destination_exists', end: 'destination' },
  exists: { no: 8, state: 'failed', error: 'destination_exists', end: 'destination' },
  taken: { no: 9, state: 'failed', error: 'destination_exists', end: 'destination' },
  badPath: { no: 10, state: 'failed', error: 'invalid_path', end: 'destination' },
  sourceLocked: { no: 11, state: 'failed', error: 'locked', end: 'source' },
  destinationLocked: { no: 12, state: 'failed', error: 'locked', end: 'destination' },
  sourceRole: { no: 13, state: 'failed', error: 'insufficient_role', end: 'source' },
  destinationRole: { no: 14, state: 'failed', error: 'insufficient_role', end: 'destination' },
  blocked: { no: 16, state: 'failed', error: 'entry_exists', end: 'destination' },
  notEmpty: { no: 17, state: 'failed', error: 'folder_not_empty', end: 'source' },
  newestRevision: { no: 18, state: 'evicted', error: 'condition_failed', end: 'source' },
  sourcePresent: { no: 19, state: 'evicted', error: 'condition_failed', end: 'source' },
  noFolders: { no: 20, state: 'failed', error: 'unsupported', end: 'destination' },
  largeFields: { no: 21, state: 'failed', error: 'fields_too_large', end: 'source' },
  sourceChanged: { no: 22, state: 'failed', error: 'source_changed', end: 'source' },
  unavailable: { no: 23, state: 'failed', error: 'unavailable', end: 'destination' },
  outOfSpace: { no: 24, state: 'failed', error: 'out_of_space', end: 'destination' },
  destinationChanged: { no: 25, state: 'failed', error: 'destination_changed', end: 'destination' },
  sourceUnavailable: { no: 26, state: 'failed', error: 'unavailable', end: 'source' },
  corrupt: { no: 15, state: 'failed', error: 'digest_mismatch', end: 'source' },
} as const satisfies Record<string, Trouble & { no: number }>

const BY_NUMBER: ReadonlyMap<number, Trouble> = new Map(Object.values(TROUBLES).map(trouble => [trouble.no, trouble]))

/** A blob in a store as one text, for statements that look many up at once. */
export function blobKey({ store, sha256 }: { readonly store: string; readonly sha256: string }): string {
  return `${sha256} ${store}`
}

/** The numbers of the troubles, by name. */
export const CODES = Object.fromEntries(Object.entries(TROUBLES).map(([name, trouble]) => [name, trouble.no])) as Record<keyof typeof TROUBLES, number>

/** In SQL: the numbers of the troubles that say what a source is not. */
export const JUDGED_BY_SOURCE = [CODES.missing, CODES.sourceRevision, CODES.sourceVersion, CODES.sourceChanged].join(', ')

/** The meaning of a plan's code above 0. */
export function troubleOf(code: number): Trouble {
  const trouble = BY_NUMBER.get(code)
  if (trouble === undefined) throw new Error(`the plan holds the code ${code}, which means nothing`)
  return trouble
}

/** In SQL: the item state a plan's row ends in, as stored. The usual answer comes first: this runs for every item. */
export const STATE_OF_CODE = `CASE code WHEN 0 THEN ${ITEM_STATES.indexOf('done')} ${[...BY_NUMBER].map(([no, trouble]) => `WHEN ${no} THEN ${ITEM_STATES.indexOf(trouble.state)}`).join(' ')} END`

/**
 * Why the item of a plan's row (`code`, paths, ids of the collections, `src_` and `d_`: what is there, the conditions) is not done; `hide`: of a source that is
 * not there no ids are told, not even those of its tombstone; nor of one that the submitter may no longer see (I9). `holder`: who has the lock that the item has met (`lockedEnd`), in words.
 */
export function explanation(row: Row, holder?: string): { readonly reason: Reason; readonly hide: boolean } {
  const code = row['code'] as number
  const trouble = troubleOf(code)
  const [path, id] = trouble.end === 'source' ? [row['src_path'], row['src_id']] : [row['t_path'], row['t_id']]
  const facts = expectation(row)
  const message = reasonMessage(trouble.error, `${JSON.stringify(path)} in ${JSON.stringify(id)}`, facts.expected, holder ?? facts.actual)
  return { reason: { code: trouble.error, message, end: trouble.end, ...facts }, hide: row['s_deleted'] !== 0 || code === TROUBLES.sourceRole.no }
}

/** Where the item of a plan's row has met a lock (`src_collection`, `t_collection`: keys); null for one that has other troubles. */
export function lockedEnd(row: Row): { readonly collection: number; readonly path: string } | null {
  if (row['code'] === TROUBLES.sourceLocked.no) return { collection: row['src_collection'] as number, path: row['src_path'] as string }
  if (row['code'] === TROUBLES.destinationLocked.no) return { collection: row['t_collection'] as number, path: row['t_path'] as string }
  return null
}

/** Expected and actual of a failed condition: revisions, or versions where a version was named; null: nothing there. */
function expectation(row: Row): { expected?: string | null; actual?: string | null } {
  const sourceThere = row['s_deleted'] === 0
  switch (row['code']) {
    case TROUBLES.sourceRevision.no:
      return { expected: hexText(row['src_revision_if']), actual: sourceThere ? hexText(row['src_revision']) : null }
    case TROUBLES.sourceVersion.no:
      return { expected: String(row['src_version_if']), actual: sourceThere ? String(row['src_version']) : null }
    case TROUBLES.destinationRevision.no:
      return { expected: hexText(row['dst_revision_if']), actual: row['d_deleted'] === 0 ? hexText(row['d_revision']) : null }
    case TROUBLES.newestRevision.no:
      return { expected: hexText(row['src_revision_if']), actual: row['src_revision'] === null ? null : hexText(row['src_revision']) }
    case TROUBLES.sourcePresent.no:
      return { expected: null, actual: hexText(row['src_revision']) }
    case TROUBLES.destinationPresent.no:
      return { expected: null, actual: hexText(row['d_revision']) }
    default:
      return {}
  }
}

/** The event that tells of the item of a plan's row, once its reason is written; null where none does: only items that failed or were evicted have one. */
export function troubleEvent(row: Row): { readonly type: EventType; readonly data: Record<string, unknown> } | null {
  const { state } = troubleOf(row['code'] as number)
  if (state !== 'failed' && state !== 'evicted') return null
  const data = {
    seq: row['seq'],
    source: { collection: row['src_id'], path: row['src_path'] },
    destination: row['t_id'] === null ? null : { collection: row['t_id'], path: row['t_path'] },
    reason: JSON.parse(row['reason'] as string) as Reason,
  }
  return { type: state === 'failed' ? 'item.failed' : 'item.evicted', data }
}
