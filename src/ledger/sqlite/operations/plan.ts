import { NEW_ENTITY, NEW_REVISION } from '../entry-columns.ts'
import { itemsBetween } from '../item-range.ts'
import { CHUNK_ITEMS } from '../../shared/intake.ts'
import type { Shape } from '../../shared/list-shape.ts'
import type { Database } from '../database.ts'
import { isLonger, listed, listedUnfit, swept, type List } from '../unwritten.ts'
import type { JobKind } from '../../../model/job.ts'
import { MAX_FIELDS_BYTES } from '../../../model/entry.ts'
import { MAX_PATH_LENGTH } from '../../../model/paths.ts'
import { CODES as T } from '../../shared/troubles.ts'

/**
 * The plan of a chunk: one row an item, with what would be written where, or why nothing would. It is decided in one set-wise statement and then either
 * applied, or (a dry run) only written down: both see the same decision. A temporary table in memory, made once a connection.
 *
 * `code` is a row of TROUBLES, 0 when the item can be done. `t_` columns are the version to be written; `writes` is 0 when there is nothing to
 * change, and 2 when only the source goes; `t_modified`, when it is no other than now, is null; `stamp` is that of a file in a place.
 */
export const CREATE_PLAN = `CREATE TEMP TABLE IF NOT EXISTS plan (
  seq INTEGER PRIMARY KEY, code INTEGER NOT NULL, writes INTEGER NOT NULL, reason TEXT,
  src_collection INTEGER, src_path TEXT, src_entity BLOB, src_version INTEGER, src_revision BLOB,
  t_collection INTEGER, t_path TEXT, t_entity BLOB, t_version INTEGER, t_revision BLOB, t_created INTEGER,
  kind INTEGER, deleted INTEGER, size INTEGER, digest BLOB, media_type TEXT, fields TEXT, t_modified INTEGER, stamp TEXT)`

/**
 * Where the items of a plan come from: rows that were written before, or a list of some shape (unwritten.ts), whose items have no conditions. `sweep`: all files
 * between the ends of the list are taken for its items (`isOfList` tells whether they were). `vacant`: it is known that nothing has ever been where the items go, so
 * that no destination needs to be looked up. Both are the commonest case, and spare a third of the work.
 */
export interface ItemSource {
  readonly shape: 'rows' | Shape
  readonly sweep: boolean
  readonly vacant: boolean
}

export const ROWS: ItemSource = { shape: 'rows', sweep: false, vacant: false }

const LOOK_UP_SOURCE = 'LEFT JOIN entry s ON s.collection = i.src_collection AND s.path = i.src_path'

/** The items of a source, with `to_path`, their destination's path; `s.` are the columns of their own sources. */
function itemsOf({ shape, sweep }: ItemSource): string {
  if (shape === 'rows') {
    return `(SELECT *, coalesce(dst_path, src_path) AS to_path FROM item r WHERE ${itemsBetween('r', ':first', ':last')} AND r.state = 0 AND r.change IS NULL) i ${LOOK_UP_SOURCE}`
  }
  return sweep ? `(${swept(shape)}) s` : `(${listed(shape)}) i ${LOOK_UP_SOURCE}`
}

/** The order in which the items of a source must come into the plan. Of a sweep no more than shows that there are too many: any number of files may have come since. */
function orderOf({ sweep }: ItemSource): string {
  return sweep ? `ORDER BY s.path LIMIT ${CHUNK_ITEMS + 1}` : ''
}

const OF_LIST = 'SELECT jsonb_group_array(src_path) = :paths AS same FROM (SELECT src_path FROM plan ORDER BY seq)'

/** Whether the items of the plan are those of a list. */
export function isOfList(db: Database, { params }: List): boolean {
  return db.get(OF_LIST, params)?.['same'] === 1
}

/** Conditions on the source hold for every kind; a condition on what is not there fails as one, not as a missing file. */
const SOURCE_CONDITIONS = `
  WHEN src_revision_if IS NOT NULL AND (s.path IS NULL OR s.deleted = 1 OR s.revision <> src_revision_if) THEN ${T.sourceRevision}
  WHEN src_version_if IS NOT NULL AND (s.path IS NULL OR s.deleted = 1 OR s.version <> src_version_if) THEN ${T.sourceVersion}`

function sourceChecks({ shape, sweep }: ItemSource): string {
  if (sweep) return ''
  return `${shape === 'rows' ? SOURCE_CONDITIONS : ''} WHEN s.path IS NULL OR s.deleted = 1 THEN ${T.missing}`
}

/** The code of an item: of the first check that it does not pass, 0 when it passes all. */
function code(...checks: readonly string[]): string {
  const all = checks.join(' ')
  return all.trim() === '' ? '0' : `CASE ${all} ELSE 0 END`
}

/** Too long, or with a segment "." or "..", which is looked for only in paths with a segment that begins with a dot: this runs for every item. */
const UNFIT = `${isLonger('octet_length(to_path)', MAX_PATH_LENGTH)} OR ((instr(to_path, '/.') OR substr(to_path, 1, 1) = '.')
  AND (instr('/' || to_path || '/', '/./') OR instr('/' || to_path || '/', '/../')))`

const DESTINATION_CONDITIONS = `
  WHEN dst_revision_if IS NOT NULL AND (d.path IS NULL OR d.deleted = 1 OR d.revision <> dst_revision_if) THEN ${T.destinationRevision}
  WHEN d.deleted = 0 AND dst_absent_if = 1 THEN ${T.destinationPresent}`

/**
 * A destination that a selection composed may come out unfit: explicit ones were checked at submission. An explicit, matching ifMatch is the wish to
 * overwrite: the conflict policy is asked only without one.
 */
function destinationChecks({ shape, vacant }: ItemSource): string {
  const unfit = shape === 'rows' ? UNFIT : listedUnfit(shape, MAX_PATH_LENGTH, UNFIT)
  const fits = unfit === null ? '' : `WHEN ${unfit} THEN ${T.badPath}`
  if (vacant) return fits
  return `${fits} ${shape === 'rows' ? DESTINATION_CONDITIONS : ''}
    WHEN d.deleted = 0 ${shape === 'rows' ? 'AND dst_revision_if IS NULL' : ''} AND :conflict > 0
      THEN CASE :conflict WHEN 1 THEN ${T.skip} WHEN 2 THEN ${T.exists} ELSE ${T.taken} END`
}

const SAME_PATH = `WHEN dst_collection = src_collection AND to_path = src_path THEN ${T.same}`

/** The columns that planning fills; `reason` comes later. */
const COLUMNS = `seq, code, writes, src_collection, src_path, src_entity, src_version, src_revision,
  t_collection, t_path, t_entity, t_version, t_revision, t_created, kind, deleted, size, digest, media_type, fields, stamp`

/** `newEntity` is a prefix of 9 bytes (codec.entityPrefix); what a tombstone covers is never continued, a moved entity keeps its id. */
function planTransfer(kind: 'copy' | 'move', source: ItemSource): string {
  const { vacant } = source
  const entity = kind === 'move' ? 's.entity' : vacant ? NEW_ENTITY : `CASE WHEN d.deleted = 0 THEN d.entity ELSE ${NEW_ENTITY} END`
  const created = kind === 'move' ? 's.created_at' : vacant ? ':now' : 'CASE WHEN d.deleted = 0 THEN d.created_at ELSE :now END'
  return `INSERT INTO plan (${COLUMNS})
    SELECT seq, ${code(sourceChecks(source), kind === 'move' ? SAME_PATH : '', destinationChecks(source))}, 1,
      src_collection, src_path, s.entity, s.version, s.revision,
      dst_collection, to_path, ${entity}, ${vacant ? '1' : 'coalesce(d.version, 0) + 1'}, ${NEW_REVISION}, ${created},
      s.kind, 0, s.size, s.digest, s.media_type, s.fields, NULL
    FROM ${itemsOf(source)} ${vacant ? '' : 'LEFT JOIN entry d ON d.collection = dst_collection AND d.path = to_path'} ${orderOf(source)}`
}

/** A deletion is one more version of the entry: a tombstone without bytes or fields. */
function planDelete(source: ItemSource): string {
  return `INSERT INTO plan (${COLUMNS})
    SELECT seq, ${code(sourceChecks(source))}, 1, src_collection, src_path, s.entity, s.version, s.revision,
      src_collection, src_path, s.entity, s.version + 1, ${NEW_REVISION}, s.created_at, s.kind, 1, 0, NULL, s.media_type, NULL, NULL
    FROM ${itemsOf(source)} ${orderOf(source)}`
}

const PATCHED = `json_patch(coalesce(s.fields, '{}'), patch)`

/** What was too large before may stay so, and shrink. The sum is looked at first: it is what a patch comes to at most, and costs nothing. */
const FIELDS_TOO_LARGE = `WHEN octet_length(coalesce(s.fields, '{}')) + octet_length(patch) > ${MAX_FIELDS_BYTES}
  AND octet_length(${PATCHED}) > max(${MAX_FIELDS_BYTES}, octet_length(coalesce(s.fields, '{}'))) THEN ${T.largeFields}`

/** A patch that changes nothing is done and keeps the revision. */
function planUpdate(source: ItemSource): string {
  return `INSERT INTO plan (${COLUMNS})
    SELECT seq, ${code(sourceChecks(source), FIELDS_TOO_LARGE)}, ${PATCHED} IS NOT coalesce(s.fields, '{}'),
      src_collection, src_path, s.entity, s.version, s.revision,
      src_collection, src_path, s.entity, s.version + 1, ${NEW_REVISION}, s.created_at, s.kind, 0, s.size, s.digest, s.media_type,
      ${PATCHED}, s.stamp
    FROM ${itemsOf(source)} ${orderOf(source)}`
}

/** Puts one row into the plan: one that was decided elsewhere, or was read out of it before. */
export const PUT_PLANNED = `INSERT INTO plan (reason, t_modified, ${COLUMNS}) VALUES (:reason, :t_modified, ${COLUMNS.replaceAll(/(\w+)/g, ':$1')})`

/** The deciding statement of a kind of job. Parameters: conflict, now, newEntity; for rows also job, first, last; for a list its own. */
export function planOf(kind: JobKind, source: ItemSource): string {
  switch (kind) {
    case 'copy':
    case 'move':
      return planTransfer(kind, source)
    case 'delete':
      return planDelete(source)
    case 'update':
      return planUpdate(source)
  }
}
