import { listParams, shapeOf, type Shape } from '../shared/list-shape.ts'
import type { Params, Queries } from './connection/queries.ts'

/*
 * The items of a selection stay one list of paths a chunk until the chunk is worked on (docs/decisions/0014-items-of-a-selection-are-written-once.md).
 */

/**
 * The destination prefix followed by what comes after the source prefix. When the destination prefix is a folder, a "/" at that place is not doubled, and a
 * source that is the prefix itself keeps its own name.
 */
const TO_PATH: Readonly<Record<Shape, string>> = {
  same: 'value',
  beneath: ':dstPrefix::text || substr(value, :cut::integer)',
  any: `CASE WHEN value = :srcPrefix::text THEN :dstPrefix::text || :ownName::text
    WHEN :dstIsFolder::integer = 1 AND substr(value, :cut::integer, 1) = '/' THEN :dstPrefix::text || substr(value, :cut::integer + 1)
    ELSE :dstPrefix::text || substr(value, :cut::integer) END`,
}

/** The items of a list as rows; `to_path` is the destination's. Its paths never leave the database. Parameters: those of the list. */
export function listed(shape: Shape): string {
  return `SELECT :listFirst::bigint + n - 1 AS seq, :srcCollection::integer AS src_collection, value AS src_path, :dstCollection::integer AS dst_collection,
    (${TO_PATH[shape]}) COLLATE "C" AS to_path, :patch::text AS patch FROM unwritten u CROSS JOIN unnest(u.paths) WITH ORDINALITY AS path (value, n)
    WHERE u.job = :job AND u.chunk = :listChunk`
}

/** All but the characters that are two code units. */
const SINGLE = `'[^\\U00010000-\\U0010FFFF]+'`

/** True where `i.to_path`, of so many bytes, is longer than that. Lengths of paths are in code units, of which there are never more than bytes: few need to be counted. */
export function isLonger(bytes: string, longest: number): string {
  return `(${bytes} > ${longest} AND length(i.to_path) + length(regexp_replace(i.to_path, ${SINGLE}, '', 'g')) > ${longest})`
}

/** True where `listed` would compose a path that is too long or has a relative segment, which a shape may rule out. The whole rule is `unfit`. */
export function listedUnfit(shape: Shape, longest: number, unfit: string): string | null {
  if (shape === 'same') return null
  return shape === 'any' ? unfit : isLonger('octet_length(i.src_path) - octet_length(:srcPrefix::text) + octet_length(:dstPrefix::text)', longest)
}

/**
 * Whether there is anything, live or deleted, between the first and the last destination of a list. Of these shapes the destinations are in the same order
 * as the sources. Parameters: those of the list.
 */
const ANYTHING_THERE: Readonly<Record<Exclude<Shape, 'any'>, string>> = { same: anythingThere('same'), beneath: anythingThere('beneath') }

function anythingThere(shape: Shape): string {
  const end = (at: string): string => TO_PATH[shape].replace('value', `:${at}::text`)
  return `SELECT 1 FROM entry WHERE collection = :dstCollection AND path >= ${end('firstPath')} AND path <= ${end('lastPath')} LIMIT 1`
}

/** True when it is certain that no item of the list goes where something is or has ever been. */
export async function isVacant(db: Queries, { shape, params, first, last }: List): Promise<boolean> {
  if (shape === 'any' || params['dstCollection'] === null) return false
  return (await db.get(ANYTHING_THERE[shape], { ...params, firstPath: first, lastPath: last })) === undefined
}

/** Items that are no rows yet, and the first and the last of their paths. */
export interface List {
  readonly shape: Shape
  readonly first: string
  readonly last: string
  readonly params: Params
}

const UNWRITTEN = `SELECT u.paths[1] AS first, u.paths[array_upper(u.paths, 1)] AS last, c.first_seq, s.*
  FROM unwritten u JOIN chunk c ON c.job = u.job AND c.no = u.chunk JOIN selection s ON s.job = u.job AND s.no = u.selection
  WHERE u.job = :job AND u.chunk = :chunk`

/** The list of a chunk, by its number; undefined when its items are rows. */
export async function unwritten(db: Queries, job: number, chunk: number): Promise<List | undefined> {
  const row = await db.get(UNWRITTEN, { job, chunk })
  if (row === undefined) return undefined
  const params = { ...listParams(row, row['first_seq'] as number), job, listChunk: chunk }
  return { shape: shapeOf(row), first: row['first'] as string, last: row['last'] as string, params }
}
