import { DEFAULT_MEDIA_TYPE, ENTRY_KINDS, MAX_VALUES_BYTES } from '../../../model/entry.ts'
import { onlyTakesAway, plainChange, type EntryChange } from '../../../model/entry-change.ts'
import { changedFields } from '../../../model/field-values.ts'
import { entityPrefix, FILE, FOLDER, hexBytes, hexText, NEW_ENTITY, OBJECT, sameBytes } from '../codec.ts'
import type { Row } from '../database.ts'
import { itemId, itemsBetween } from '../item-range.ts'
import { TROUBLES } from './plan.ts'
import type { Tx } from './tx.ts'

const CHANGING = `SELECT i.seq, i.src_revision_if, i.src_version_if, i.change, s.version, s.revision, s.kind, s.deleted, s.size, s.digest, s.media_type, s.fields
  FROM item i LEFT JOIN entry s ON s.collection = i.src_collection AND s.path = i.src_path
  WHERE ${itemsBetween('i', ':first', ':last')} AND i.state = 0 AND i.change IS NOT NULL`

/** What was decided, one array an item, and what follows from the version before it. What a tombstone covers is never continued. */
const PLAN_CHANGES = `INSERT INTO plan (seq, code, writes, src_collection, src_path, src_entity, src_version, src_revision,
    t_collection, t_path, t_entity, t_version, t_revision, t_created, t_modified, kind, deleted, size, digest, media_type, fields)
  SELECT i.seq, v.value ->> 1, v.value ->> 2, i.src_collection, i.src_path, s.entity, s.version, s.revision,
    i.src_collection, i.src_path, CASE WHEN s.deleted = 0 THEN s.entity ELSE ${NEW_ENTITY} END, coalesce(s.version, 0) + 1, randomblob(16),
    CASE WHEN s.deleted = 0 THEN s.created_at ELSE :now END, max(:now, coalesce(s.modified_at, 0) + 1),
    v.value ->> 3, v.value ->> 4, v.value ->> 5, unhex(v.value ->> 6), v.value ->> 7, v.value ->> 8
  FROM json_each(:decided) v CROSS JOIN item i ON i.id = ${itemId('(v.value ->> 0)')}
    LEFT JOIN entry s ON s.collection = i.src_collection AND s.path = i.src_path`

/** Plans items that carry a change: what each makes of an entry's values is decided here, for it is no matter for SQL; all else set-wise. */
export function planChanges(tx: Tx, job: number, first: number, last: number): void {
  for (let from = first; from <= last; from += AT_ONCE) {
    const decided = tx.db.all(CHANGING, { job, first: from, last: Math.min(last, from + AT_ONCE - 1) }).map(decide)
    if (decided.length > 0) tx.db.run(PLAN_CHANGES, { job, now: tx.now, newEntity: entityPrefix(tx.now), decided: JSON.stringify(decided) })
  }
}

/** Items whose fields are in memory at once: enough for set-wise speed, few enough when each has as many values as it may. */
const AT_ONCE = 500

type Decided = readonly [
  seq: number,
  code: number,
  writes: 0 | 1,
  kind: number,
  deleted: number,
  size: number,
  digest: string | null,
  mediaType: string,
  fields: string | null,
]

function decide(row: Row): Decided {
  const seq = row['seq'] as number
  const change = plainChange(JSON.parse(row['change'] as string) as EntryChange)
  const unmet = unmetCondition(row)
  const after = unmet === 0 ? contentAfter(row, change) : null
  const code = after === null ? unmet : impossible(after, row)
  if (after === null || code !== 0) return [seq, code, 0, 0, 0, 0, null, DEFAULT_MEDIA_TYPE, null]
  const { kind, deleted, size, digest, media_type, fields } = after
  return [seq, code, 1, kind, deleted, size, digest === null ? null : hexText(digest), media_type, fields]
}

/** Why a version cannot be, 0 when it can. A file is made of bytes: what only says something of one changes what is there. */
function impossible(after: NewContent, row: Row): number {
  if (after.kind === FILE && after.deleted === 0 && after.digest === null) return TROUBLES.missing.no
  const bytes = byteLength(after.fields)
  return bytes > MAX_VALUES_BYTES && bytes > byteLength(row['fields'] as string | null) ? TROUBLES.largeFields.no : 0
}

function byteLength(text: string | null): number {
  return text === null ? 0 : Buffer.byteLength(text)
}

/** Conditions speak of the newest version, a tombstone included (model/entry-change.ts). */
function unmetCondition(row: Row): number {
  const revision = row['src_revision_if'] as Uint8Array | null
  const version = row['src_version_if'] as number | null
  if (revision !== null && (row['revision'] === null || !sameBytes(revision, row['revision'] as Uint8Array))) return TROUBLES.newestRevision.no
  if (version === 0 && row['version'] !== null) return TROUBLES.sourcePresent.no
  if (version !== null && version !== 0 && row['version'] !== version) return TROUBLES.sourceVersion.no
  return 0
}

const NOTHING: Content = { kind: FILE, size: 0, digest: null, media_type: DEFAULT_MEDIA_TYPE, fields: null }

/** The content of the version that a change makes, or null when it changes nothing. */
function contentAfter(row: Row, change: EntryChange): NewContent | null {
  const live = row['deleted'] === 0
  if (change.delete === true) return live ? { ...NOTHING, kind: row['kind'] as number, deleted: 1, media_type: row['media_type'] as string } : null
  if (!live && onlyTakesAway(change)) return null
  const before = live ? contentOf(row) : NOTHING
  const fields = changedFields(before.fields === null ? {} : (JSON.parse(before.fields) as Record<string, unknown>), change.remove ?? [], change.add ?? {})
  const kind = kindAfter(live ? before.kind : null, change)
  const { digest, size } = bytesAfter(before, change, kind === FILE)
  const mediaType = change.mediaType ?? before.media_type
  const same = live && fields === null && kind === before.kind && mediaType === before.media_type && size === before.size && equalBytes(digest, before.digest)
  if (same) return null
  return { kind, deleted: 0, size, digest, media_type: mediaType, fields: fields === null ? before.fields : textOf(fields) }
}

/** What a version is made of. */
interface NewContent extends Content {
  readonly deleted: 0 | 1
}

interface Content {
  readonly kind: number
  readonly size: number
  readonly digest: Uint8Array | null
  readonly media_type: string
  readonly fields: string | null
}

function contentOf(row: Row): Content {
  return {
    kind: row['kind'] as number,
    size: row['size'] as number,
    digest: row['digest'] as Uint8Array | null,
    media_type: row['media_type'] as string,
    fields: row['fields'] as string | null,
  }
}

/** A folder that is given values of its own is an object from then on. */
function kindAfter(before: number | null, change: EntryChange): number {
  if (change.kind !== undefined) return ENTRY_KINDS.indexOf(change.kind)
  if (before === null || before === FOLDER) return OBJECT
  return before
}

function bytesAfter(before: Content, change: EntryChange, hasBytes: boolean): { readonly digest: Uint8Array | null; readonly size: number } {
  if (!hasBytes) return { digest: null, size: 0 }
  return change.content === undefined ? before : { digest: hexBytes(change.content.digest), size: change.content.size }
}

function equalBytes(one: Uint8Array | null, other: Uint8Array | null): boolean {
  return one === null || other === null ? one === other : sameBytes(one, other)
}

function textOf(fields: Readonly<Record<string, unknown>>): string | null {
  return Object.keys(fields).length === 0 ? null : JSON.stringify(fields)
}
