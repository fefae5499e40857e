import type { Database, Params, Row } from './database.ts'

/*
 * The items of a selection stay one list of paths a chunk until the chunk is worked on; only then they become rows, each written once, in its final state.
 * A row that is written first and changed afterwards costs a third more. What a list does not say is the same for all of them and comes from the selection.
 */

/**
 * How destinations follow from sources. `same`: the source's own path (or there is none). `beneath`: from one folder into another. `any`: the prefixes may
 * end anywhere in a segment. The shape is found once for a list, because an expression that fits all of them would be most of the work on an item.
 */
export type Shape = 'same' | 'beneath' | 'any'

/**
 * The destination prefix followed by what comes after the source prefix. When the destination prefix is a folder, a "/" at that place is not doubled, and a
 * source that is the prefix itself keeps its own name.
 */
const TO_PATH: Readonly<Record<Shape, string>> = {
  same: 'value',
  beneath: ':dstPrefix || substr(value, :cut)',
  any: `CASE WHEN value = :srcPrefix THEN :dstPrefix || :ownName
    WHEN :dstIsFolder AND substr(value, :cut, 1) = '/' THEN :dstPrefix || substr(value, :cut + 1)
    ELSE :dstPrefix || substr(value, :cut) END`,
}

/** The items of a list as rows; `to_path` is the destination's. Parameters: those of the list. */
export function listed(shape: Shape): string {
  return `SELECT :listFirst + key AS seq, :srcCollection AS src_collection, value AS src_path, :dstCollection AS dst_collection,
    ${TO_PATH[shape]} AS to_path, :patch AS patch FROM json_each(:paths)`
}

/** True where `listed` would compose a path that is too long or has a relative segment, which a shape may rule out. The whole rule is `unfit`. */
export function listedUnfit(shape: Shape, longest: number, unfit: string): string | null {
  if (shape === 'same') return null
  return shape === 'any' ? unfit : `length(i.src_path) - :cut + 1 + length(:dstPrefix) > ${longest}`
}

/**
 * Whether there is anything, live or deleted, between the first and the last destination of a list. Of these shapes the destinations are in the same order
 * as the sources. Parameters: those of the list.
 */
const ANYTHING_THERE: Readonly<Record<Exclude<Shape, 'any'>, string>> = { same: anythingThere('same'), beneath: anythingThere('beneath') }

function anythingThere(shape: Shape): string {
  const end = (at: string): string => TO_PATH[shape].replace('value', `(:paths ->> '${at}')`)
  return `SELECT 1 FROM entry WHERE collection = :dstCollection AND path >= ${end('$[0]')} AND path <= ${end('$[#-1]')} LIMIT 1`
}

/** True when it is certain that no item of the list goes where something is or has ever been. */
export function isVacant(db: Database, { shape, params }: List): boolean {
  return shape !== 'any' && params['dstCollection'] !== null && db.get(ANYTHING_THERE[shape], params) === undefined
}

/** Items that are no rows yet. */
export interface List {
  readonly shape: Shape
  readonly params: Params
}

/** The list of a chunk, by its number; undefined when its items are rows. */
export function unwritten(db: Database, job: number, chunk: number): List | undefined {
  const row = db.get(
    `SELECT u.paths, c.first_seq, s.* FROM unwritten u JOIN chunk c ON c.job = u.job AND c.no = u.chunk JOIN selection s ON s.job = u.job AND s.no = u.selection
     WHERE u.job = :job AND u.chunk = :chunk`,
    { job, chunk },
  )
  return row === undefined ? undefined : listOf(row, row['first_seq'] as number, row['paths'] as Uint8Array)
}

/** A list of paths (a JSON array in SQLite's binary form) with what their selection says of each. */
export function listOf(selection: Row, firstSeq: number, paths: Uint8Array): List {
  const prefix = selection['src_prefix'] as string
  const dstPrefix = selection['dst_prefix'] as string | null
  const dstIsFolder = isFolder(dstPrefix)
  const shape = dstPrefix === null || dstPrefix === prefix ? 'same' : dstIsFolder && isFolder(prefix) ? 'beneath' : 'any'
  const params = {
    listFirst: firstSeq,
    paths,
    srcCollection: selection['src_collection'] as number,
    dstCollection: selection['dst_collection'] as number | null,
    srcPrefix: prefix,
    dstPrefix,
    dstIsFolder: dstIsFolder ? 1 : 0,
    ownName: dstIsFolder ? prefix.slice(prefix.lastIndexOf('/') + 1) : '',
    cut: Array.from(prefix).length + 1,
    patch: selection['patch'] as string | null,
    change: selection['change'] as string | null,
  }
  return { shape, params }
}

function isFolder(prefix: string | null): boolean {
  return prefix === '' || prefix?.endsWith('/') === true
}
