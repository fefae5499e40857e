import { FOLDER } from '../shared/codec.ts'
import { listParams, shapeOf, type Shape } from '../shared/list-shape.ts'
import type { Database, Params, Row } from './database.ts'

/*
 * The items of a selection stay one list of paths a chunk until the chunk is worked on; only then they become rows, each written once, in its final state.
 * A row that is written first and changed afterwards costs a third more. What a list does not say is the same for all of them and comes from the selection.
 */

/**
 * The destination prefix followed by what comes after the source prefix. When the destination prefix is a folder, a "/" at that place is not doubled, and a
 * source that is the prefix itself keeps its own name.
 */
const TO_PATH: Readonly<Record<Shape, (path: string) => string>> = {
  same: path => path,
  beneath: path => `:dstPrefix || substr(${path}, :cut)`,
  any: path => `CASE WHEN ${path} = :srcPrefix THEN :dstPrefix || :ownName
    WHEN :dstIsFolder AND substr(${path}, :cut, 1) = '/' THEN :dstPrefix || substr(${path}, :cut + 1)
    ELSE :dstPrefix || substr(${path}, :cut) END`,
}

/** The first and the last path of a list. */
const [FIRST, LAST] = [`(:paths ->> '$[0]')`, `(:paths ->> '$[#-1]')`]

/** The items of a list as rows; `to_path` is the destination's. Parameters: those of the list. */
export function listed(shape: Shape): string {
  return `SELECT :listFirst + key AS seq, ${columnsOf(shape, 'value')} FROM json_each(:paths)`
}

/**
 * All files between the ends of a list as if they were its items, beside their own columns: read in one sweep, which costs a fifth of looking each of them up. Only the
 * first has a seq: those after it take the next ones when they are inserted by path.
 */
export function swept(shape: Shape): string {
  return `SELECT iif(path = ${FIRST}, :listFirst, NULL) AS seq, ${columnsOf(shape, 'path')}, * FROM entry
    WHERE collection = :srcCollection AND path >= ${FIRST} AND path <= ${LAST} AND deleted = 0 AND kind <> ${FOLDER}`
}

function columnsOf(shape: Shape, path: string): string {
  return `:srcCollection AS src_collection, ${path} AS src_path, :dstCollection AS dst_collection, ${TO_PATH[shape](path)} AS to_path, :patch AS patch`
}

/** True where `to_path`, of so many bytes, is longer than that. Lengths of paths are in code units, of which there are never more than bytes: few need to be counted. */
export function isLonger(bytes: string, longest: number): string {
  return `(${bytes} > ${longest} AND code_units(to_path) > ${longest})`
}

/** True where `listed` would compose a path that is too long or has a relative segment, which a shape may rule out. The whole rule is `unfit`. */
export function listedUnfit(shape: Shape, longest: number, unfit: string): string | null {
  if (shape === 'same') return null
  return shape === 'any' ? unfit : isLonger('octet_length(src_path) - octet_length(:srcPrefix) + octet_length(:dstPrefix)', longest)
}

/**
 * Whether there is anything, live or deleted, between the first and the last destination of a list. Of these shapes the destinations are in the same order
 * as the sources. Parameters: those of the list.
 */
const ANYTHING_THERE: Readonly<Record<Exclude<Shape, 'any'>, string>> = { same: anythingThere('same'), beneath: anythingThere('beneath') }

function anythingThere(shape: Shape): string {
  return `SELECT 1 FROM entry WHERE collection = :dstCollection AND path >= ${TO_PATH[shape](FIRST)} AND path <= ${TO_PATH[shape](LAST)} LIMIT 1`
}

/** True when it is certain that no item of the list goes where something is or has ever been. */
export function isVacant(db: Database, { shape, params }: List): boolean {
  return shape !== 'any' && params['dstCollection'] !== null && db.get(ANYTHING_THERE[shape], params) === undefined
}

/** Items that are no rows yet. */
export interface List {
  readonly shape: Shape
  readonly params: Params
  /** It was made of all files that there were between its ends. */
  readonly whole: boolean
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
  const whole = selection['src_glob'] === null && selection['src_graph'] === null
  return { shape: shapeOf(selection), params: { ...listParams(selection, firstSeq), paths }, whole }
}
