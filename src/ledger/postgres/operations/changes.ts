import { CHANGES_AT_ONCE, decideChange, decidePatch } from '../../shared/decide-change.ts'
import { entityPrefix } from '../../shared/codec.ts'
import { NEW_ENTITY, NEW_REVISION } from '../entry-columns.ts'
import type { Tx } from './tx.ts'

const UPDATING = `SELECT i.seq, i.src_revision_if, i.src_version_if, i.patch, i.change, s.version, s.revision, s.kind, s.deleted, s.size, s.digest, s.media_type, s.fields
  FROM item i LEFT JOIN entry s ON s.collection = i.src_collection AND s.path = i.src_path
  WHERE i.job = :job AND i.seq BETWEEN :first AND :last AND i.state = 0 ORDER BY i.seq`

/**
 * What was decided, an array a column, and what follows from the version before it, if that is still the one that was decided on: else its row is missing. What
 * a tombstone covers is never continued; the times of an entry that is changed by values only grow.
 */
const PLAN_UPDATES = `INSERT INTO plan (seq, code, writes, src_collection, src_path, src_entity, src_version, src_revision,
    t_collection, t_path, t_entity, t_version, t_revision, t_created, t_modified, kind, deleted, size, digest, media_type, fields, stamp, s_deleted, d_deleted, d_revision)
  SELECT i.seq, v.code, v.writes, i.src_collection, i.src_path, s.entity, s.version, s.revision,
    i.src_collection, i.src_path, CASE WHEN s.deleted = 0 THEN s.entity ELSE ${NEW_ENTITY} END, coalesce(s.version, 0) + 1, ${NEW_REVISION},
    CASE WHEN s.deleted = 0 THEN s.created_at ELSE :now::bigint END, CASE WHEN i.change IS NOT NULL THEN greatest(:now::bigint, coalesce(s.modified_at, 0) + 1) END,
    v.kind, v.deleted, v.size, decode(v.digest, 'hex'), v.media_type, v.fields, s.stamp, s.deleted, s.deleted, s.revision
  FROM unnest(:seqs::bigint[], :versions::integer[], :codes::integer[], :writes::integer[], :kinds::smallint[], :deleted::smallint[], :sizes::bigint[], :digests::text[],
      :mediaTypes::text[], :fields::text[]) AS v (seq, version, code, writes, kind, deleted, size, digest, media_type, fields)
    JOIN item i ON i.job = :job AND i.seq = v.seq
    LEFT JOIN entry s ON s.collection = i.src_collection AND s.path = i.src_path
  WHERE s.version IS NOT DISTINCT FROM v.version`

/**
 * Plans the items of an update: what each makes of an entry's values is decided here, for it is no matter for SQL; all else set-wise. False when an entry was
 * changed by another in between.
 */
export async function planUpdates(tx: Tx, job: number, first: number, last: number): Promise<boolean> {
  for (let from = first; from <= last; from += CHANGES_AT_ONCE) {
    if (!(await planSome(tx, job, from, Math.min(last, from + CHANGES_AT_ONCE - 1)))) return false
  }
  return true
}

async function planSome(tx: Tx, job: number, first: number, last: number): Promise<boolean> {
  const rows = await tx.db.all(UPDATING, { job, first, last })
  if (rows.length === 0) return true
  const decided = rows.map(row => (row['change'] === null ? decidePatch(row) : decideChange(row)))
  const planned = await tx.db.run(PLAN_UPDATES, {
    ...{ job, now: tx.now, newEntity: entityPrefix(tx.now) },
    versions: rows.map(row => row['version']),
    seqs: decided.map(one => one[0]),
    codes: decided.map(one => one[1]),
    writes: decided.map(one => one[2]),
    kinds: decided.map(one => one[3]),
    deleted: decided.map(one => one[4]),
    sizes: decided.map(one => one[5]),
    digests: decided.map(one => one[6]),
    mediaTypes: decided.map(one => one[7]),
    fields: decided.map(one => one[8]),
  })
  return planned === rows.length
}
