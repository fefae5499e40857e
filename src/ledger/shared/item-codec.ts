import { decodeCursor } from '../../model/cursor.ts'
import type { Fields } from '../../model/entry.ts'
import { WaybillError } from '../../model/errors.ts'
import { ITEM_STATES, type Item, type ItemEnd, type ItemState, type Reason } from '../../model/item.ts'
import { hexText, uuidText } from './codec.ts'
import type { Row } from './row.ts'

/** The highest seq there can be. */
export const LAST_SEQ = 2 ** 32 - 1

/** The stored state of pending items, and of running ones: those are pending under a lease. */
export const PENDING = ITEM_STATES.indexOf('pending')

/** States from here on have an index of their own. */
export const FIRST_RARE = ITEM_STATES.indexOf('skipped')

/** What is not known of an item before it is worked on. */
export const UNKNOWN = ['bytes', 'reason', 'started_at', 'finished_at'].concat(
  ['src', 'dst'].flatMap(end => [`${end}_entity`, `${end}_version`, `${end}_revision`]),
)

/** Runs of items whose chunk is leased: their pending items are running. */
export type Runs = readonly Run[]

interface Run {
  readonly first: number
  readonly last: number
  readonly startedAt: number | null
  /** Bytes that are in their other store by now, by seq; only of large blobs. */
  readonly progress: Readonly<Record<number, number>>
}

/** The runs that leased chunks are. */
export function toRuns(chunks: readonly Row[]): Runs {
  return chunks.map(row => ({
    first: row['first_seq'] as number,
    last: row['last_seq'] as number,
    startedAt: row['leased_at'] as number | null,
    progress: JSON.parse((row['progress'] as string | null) ?? '{}') as Run['progress'],
  }))
}

/** The stored states of which some are looked for, as numbers; null: all. */
export function storedStates(states: readonly ItemState[] | undefined): number[] | null {
  return states?.map(state => (state === 'running' ? PENDING : ITEM_STATES.indexOf(state))) ?? null
}

/** A forged cursor must not reach beyond the job: ids of items hold the job above the bits of seq. */
export function seqOf(cursor: string): number {
  const seq = decodeCursor(cursor, 'number')
  if (seq >= 0 && seq <= LAST_SEQ) return seq
  throw new WaybillError('invalid_cursor', 'the cursor is not one of ours; use the nextCursor of the page before')
}

/** A row of `item` with the ids of its collections (`src_id`, `dst_id`); pending ones in a run are running. */
export function toItem(row: Row, runs: Runs): Item {
  const seq = row['seq'] as number
  const run = row['state'] === PENDING ? runs.find(({ first, last }) => seq >= first && seq <= last) : undefined
  const state: ItemState = run === undefined ? (ITEM_STATES[row['state'] as number] as ItemState) : 'running'
  return {
    seq,
    source: toEnd(row, 'src', row['src_path'] as string),
    destination: row['dst_id'] === null ? null : toEnd(row, 'dst', (row['dst_path'] ?? row['src_path']) as string),
    fields: row['patch'] === null ? null : (JSON.parse(row['patch'] as string) as Fields),
    state,
    attempts: row['attempts'] as number,
    bytes: run?.progress[seq] ?? (row['bytes'] as number | null) ?? 0,
    reason: row['reason'] === null ? null : (JSON.parse(row['reason'] as string) as Reason),
    startedAt: run?.startedAt ?? (row['started_at'] as number | null),
    finishedAt: row['finished_at'] as number | null,
  }
}

function toEnd(row: Row, end: 'src' | 'dst', path: string): ItemEnd {
  const entity = row[`${end}_entity`]
  const revision = row[`${end}_revision`]
  return {
    // a source that was named by an id alone, and not found
    collection: (row[`${end}_id`] as string | null) ?? '',
    path,
    entityId: entity === null ? null : uuidText(entity),
    version: row[`${end}_version`] as number | null,
    revision: revision === null ? null : hexText(revision),
  }
}
