import { entityPrefix } from '../../shared/codec.ts'
import { CHANGES_AT_ONCE, decideChange } from '../../shared/decide-change.ts'
import { NEW_ENTITY, NEW_REVISION } from '../entry-columns.ts'
import { itemId, itemsBetween } from '../item-range.ts'
import type { Tx } from './tx.ts'

const CHANGING = `SELECT i.seq, i.src_revision_if, i.src_version_if, i.change, s.version, s.revision, s.kind, s.deleted, s.size, s.digest, s.media_type, s.fields
  FROM item i LEFT JOIN entry s ON s.collection = i.src_collection AND s.path = i.src_path
  WHERE ${itemsBetween('i', ':first', ':last')} AND i.state = 0 AND i.change IS NOT NULL`

/** What was decided, one array an item, and what follows from the version before it. What a tombstone covers is never continued. */
const PLAN_CHANGES = `INSERT INTO plan (seq, code, writes, src_collection, src_path, src_entity, src_version, src_revision,
    t_collection, t_path, t_entity, t_version, t_revision, t_created, t_modified, kind, deleted, size, digest, media_type, fields)
  SELECT i.seq, v.value ->> 1, v.value ->> 2, i.src_collection, i.src_path, s.entity, s.version, s.revision,
    i.src_collection, i.src_path, CASE WHEN s.deleted = 0 THEN s.entity ELSE ${NEW_ENTITY} END, coalesce(s.version, 0) + 1, ${NEW_REVISION},
    CASE WHEN s.deleted = 0 THEN s.created_at ELSE :now END, max(:now, coalesce(s.modified_at, 0) + 1),
    v.value ->> 3, v.value ->> 4, v.value ->> 5, unhex(v.value ->> 6), v.value ->> 7, v.value ->> 8
  FROM json_each(:decided) v CROSS JOIN item i ON i.id = ${itemId('(v.value ->> 0)')}
    LEFT JOIN entry s ON s.collection = i.src_collection AND s.path = i.src_path`

/** Plans items that carry a change: what each makes of an entry's values is decided here, for it is no matter for SQL; all else set-wise. */
export function planChanges(tx: Tx, job: number, first: number, last: number): void {
  for (let from = first; from <= last; from += CHANGES_AT_ONCE) {
    const decided = tx.db.all(CHANGING, { job, first: from, last: Math.min(last, from + CHANGES_AT_ONCE - 1) }).map(decideChange)
    if (decided.length > 0) tx.db.run(PLAN_CHANGES, { job, now: tx.now, newEntity: entityPrefix(tx.now), decided: JSON.stringify(decided) })
  }
}
