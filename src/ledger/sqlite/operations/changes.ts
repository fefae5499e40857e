import { DEFAULT_MEDIA_TYPE, ENTRY_KINDS } from '../../../model/entry.ts'
import { onlyTakesAway, plainChange, type EntryChange } from '../../../model/entry-change.ts'
import { changedFields } from '../../../model/field-values.ts'
import { FILE, FOLDER, hexBytes, newEntity, newRevision, OBJECT, sameBytes } from '../codec.ts'
import type { Params, Row } from '../database.ts'
import { itemsBetween } from '../item-range.ts'
import { PUT_PLANNED, TROUBLES } from './plan.ts'
import type { Tx } from './tx.ts'

const CHANGING = `SELECT i.seq, i.src_collection, i.src_path, i.src_revision_if, i.src_version_if, i.change, s.entity, s.version, s.revision, s.kind, s.deleted,
    s.size, s.digest, s.media_type, s.fields, s.created_at, s.modified_at
  FROM item i LEFT JOIN entry s ON s.collection = i.src_collection AND s.path = i.src_path
  WHERE ${itemsBetween('i', ':first', ':last')} AND i.state = 0 AND i.change IS NOT NULL`

/** Plans items that carry a change, one after the other: what it makes of an entry's values is no matter for SQL. */
export function planChanges(tx: Tx, job: number, first: number, last: number): void {
  for (const row of tx.db.all(CHANGING, { job, first, last })) tx.db.run(PUT_PLANNED, planned(tx, row))
}

function planned(tx: Tx, row: Row): Params {
  const change = plainChange(JSON.parse(row['change'] as string) as EntryChange)
  const code = unmetCondition(row)
  const after = code === 0 ? contentAfter(row, change) : null
  const live = row['deleted'] === 0
  return {
    ...(after ?? NOTHING),
    reason: null,
    seq: row['seq'] as number,
    code,
    writes: after === null ? 0 : 1,
    src_collection: row['src_collection'] as number,
    src_path: row['src_path'] as string,
    src_entity: row['entity'] as Uint8Array | null,
    src_version: row['version'] as number | null,
    src_revision: row['revision'] as Uint8Array | null,
    t_collection: row['src_collection'] as number,
    t_path: row['src_path'] as string,
    // what a tombstone covers is never continued
    t_entity: live ? (row['entity'] as Uint8Array) : newEntity(tx.now),
    t_version: ((row['version'] as number | null) ?? 0) + 1,
    t_revision: newRevision(),
    t_created: live ? (row['created_at'] as number) : tx.now,
    t_modified: Math.max(tx.now, ((row['modified_at'] as number | null) ?? 0) + 1),
  }
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

const NOTHING = { kind: 0, deleted: 0, size: 0, digest: null, media_type: DEFAULT_MEDIA_TYPE, fields: null }

/** The content of the version that a change makes, or null when it changes nothing. */
function contentAfter(row: Row, change: EntryChange): Params | null {
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
