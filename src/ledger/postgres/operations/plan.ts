import type { JobKind } from '../../../model/job.ts'
import { MAX_PATH_LENGTH } from '../../../model/paths.ts'
import type { Shape } from '../../shared/list-shape.ts'
import { CODES as T } from '../../shared/troubles.ts'
import { NEW_ENTITY, NEW_REVISION } from '../entry-columns.ts'
import { isLonger, listed, listedUnfit } from '../unwritten.ts'

/** Where the items of a plan come from: rows that were written before, or a list of some shape (unwritten.ts), whose items have no conditions. */
export type ItemSource = 'rows' | Shape

/** The items `i` of a source, with `to_path`, their destination's path. */
function itemsOf(source: ItemSource): string {
  if (source !== 'rows') return `(${listed(source)}) i`
  return '(SELECT *, coalesce(dst_path, src_path) AS to_path FROM item r WHERE r.job = :job AND r.seq BETWEEN :first AND :last AND r.state = 0) i'
}

/** Conditions on the source hold for every kind; a condition on what is not there fails as one, not as a missing file. */
const SOURCE_CONDITIONS = `
  WHEN i.src_revision_if IS NOT NULL AND (s.path IS NULL OR s.deleted = 1 OR s.revision <> i.src_revision_if) THEN ${T.sourceRevision}
  WHEN i.src_version_if IS NOT NULL AND (s.path IS NULL OR s.deleted = 1 OR s.version <> i.src_version_if) THEN ${T.sourceVersion}`

function sourceChecks(source: ItemSource): string {
  return `${source === 'rows' ? SOURCE_CONDITIONS : ''} WHEN s.path IS NULL OR s.deleted = 1 THEN ${T.missing}`
}

/** Too long, or with a segment "." or "..", which is looked for only in paths with a segment that begins with a dot: this runs for every item. */
const UNFIT = `${isLonger('octet_length(i.to_path)', MAX_PATH_LENGTH)} OR ((strpos(i.to_path, '/.') > 0 OR starts_with(i.to_path, '.'))
  AND (strpos('/' || i.to_path || '/', '/./') > 0 OR strpos('/' || i.to_path || '/', '/../') > 0))`

const DESTINATION_CONDITIONS = `
  WHEN i.dst_revision_if IS NOT NULL AND (d.path IS NULL OR d.deleted = 1 OR d.revision <> i.dst_revision_if) THEN ${T.destinationRevision}
  WHEN d.deleted = 0 AND i.dst_absent_if = 1 THEN ${T.destinationPresent}`

/**
 * A destination that a selection composed may come out unfit: explicit ones were checked at submission. An explicit, matching ifMatch is the wish to
 * overwrite: the conflict policy is asked only without one.
 */
function destinationChecks(source: ItemSource, vacant: boolean): string {
  const unfit = source === 'rows' ? UNFIT : listedUnfit(source, MAX_PATH_LENGTH, UNFIT)
  const fits = unfit === null ? '' : `WHEN ${unfit} THEN ${T.badPath}`
  if (vacant) return fits
  return `${fits} ${source === 'rows' ? DESTINATION_CONDITIONS : ''}
    WHEN d.deleted = 0 ${source === 'rows' ? 'AND i.dst_revision_if IS NULL' : ''} AND :conflict::integer > 0
      THEN CASE :conflict::integer WHEN 1 THEN ${T.skip} WHEN 2 THEN ${T.exists} ELSE ${T.taken} END`
}

const SAME_PATH = `WHEN i.dst_collection = i.src_collection AND i.to_path = i.src_path THEN ${T.same}`

/** The columns that planning fills; `reason` comes later. */
const COLUMNS = `seq, code, writes, src_collection, src_path, src_entity, src_version, src_revision,
  t_collection, t_path, t_entity, t_version, t_revision, t_created, kind, deleted, size, digest, media_type, fields, stamp, s_deleted, d_deleted, d_revision`

/**
 * `newEntity` is a prefix of 9 bytes (codec.entityPrefix); what a tombstone covers is never continued, a moved entity keeps its id. `vacant`: it is known that
 * nothing has ever been where the items go, so that no destination needs to be looked up: the commonest case.
 */
function planTransfer(kind: 'copy' | 'move', source: ItemSource, vacant: boolean): string {
  const entity = kind === 'move' ? 's.entity' : vacant ? NEW_ENTITY : `CASE WHEN d.deleted = 0 THEN d.entity ELSE ${NEW_ENTITY} END`
  const created = kind === 'move' ? 's.created_at' : vacant ? ':now::bigint' : 'CASE WHEN d.deleted = 0 THEN d.created_at ELSE :now::bigint END'
  return `INSERT INTO plan (${COLUMNS})
    SELECT i.seq, CASE ${sourceChecks(source)} ${kind === 'move' ? SAME_PATH : ''} ${destinationChecks(source, vacant)} ELSE 0 END, 1,
      i.src_collection, i.src_path, s.entity, s.version, s.revision,
      i.dst_collection, i.to_path, ${entity}, ${vacant ? '1' : 'coalesce(d.version, 0) + 1'}, ${NEW_REVISION}, ${created},
      s.kind, 0, s.size, s.digest, s.media_type, s.fields, NULL, s.deleted, ${vacant ? 'NULL, NULL' : 'd.deleted, d.revision'}
    FROM ${itemsOf(source)} LEFT JOIN entry s ON s.collection = i.src_collection AND s.path = i.src_path
      ${vacant ? '' : 'LEFT JOIN entry d ON d.collection = i.dst_collection AND d.path = i.to_path'}`
}

/** A deletion is one more version of the entry: a tombstone without bytes or fields. */
function planDelete(source: ItemSource): string {
  return `INSERT INTO plan (${COLUMNS})
    SELECT i.seq, CASE ${sourceChecks(source)} ELSE 0 END, 1, i.src_collection, i.src_path, s.entity, s.version, s.revision,
      i.src_collection, i.src_path, s.entity, s.version + 1, ${NEW_REVISION}, s.created_at, s.kind, 1, 0, NULL, s.media_type, NULL, NULL, s.deleted, s.deleted, s.revision
    FROM ${itemsOf(source)} LEFT JOIN entry s ON s.collection = i.src_collection AND s.path = i.src_path`
}

/** The deciding statement of a kind of job, but update (changes.ts). Parameters: conflict, now, newEntity; for rows also job, first, last; for a list its own. */
export function planOf(kind: Exclude<JobKind, 'update'>, source: ItemSource, vacant: boolean): string {
  return kind === 'delete' ? planDelete(source) : planTransfer(kind, source, vacant)
}

const KEPT = `reason, t_modified, ${COLUMNS}`

/** The whole plan, with all that is in it, as one JSON array, and a plan made of such. For decisions that are to outlive what was done with them. */
export const READ_PLAN = `SELECT json_agg(p)::text AS rows FROM plan p`
export const PUT_PLANNED = `INSERT INTO plan (${KEPT}) SELECT ${KEPT} FROM json_populate_recordset(NULL::plan, :rows::json)`
