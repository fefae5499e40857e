import { DEFAULT_MEDIA_TYPE, ENTRY_KINDS, MAX_FIELDS_BYTES, MAX_VALUES_BYTES } from '../../model/entry.ts'
import { onlyTakesAway, plainChange, type EntryChange } from '../../model/entry-change.ts'
import { changedFields } from '../../model/field-values.ts'
import { mergePatch } from '../../model/merge-patch.ts'
import { FILE, FOLDER, hexBytes, hexText, OBJECT, sameBytes } from './codec.ts'
import type { Row } from './row.ts'
import { TROUBLES } from './troubles.ts'

/** Items whose fields are in memory at once: enough for set-wise speed, few enough when each has as many values as it may. */
export const CHANGES_AT_ONCE = 500

/** What an item that carries a change comes to: a plan's code, whether anything is written, and the content of the new version. */
export type Decided = readonly [
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

/**
 * Decides an item that carries a change. The row: `seq`, `change`, the conditions (`src_revision_if`, `src_version_if`), and of the present version, if there
 * is one, `version`, `revision`, `kind`, `deleted`, `size`, `digest`, `media_type`, `fields`.
 */
export function decideChange(row: Row): Decided {
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

/**
 * Decides an item that carries a merge patch, from the same row with `patch` in the place of `change`. One that changes nothing is done and keeps the revision.
 * For ledgers whose database does not merge by itself.
 */
export function decidePatch(row: Row): Decided {
  const seq = row['seq'] as number
  const code = patchTrouble(row)
  if (code !== 0) return [seq, code, 0, 0, 0, 0, null, DEFAULT_MEDIA_TYPE, null]
  const before = (row['fields'] as string | null) ?? '{}'
  const after = JSON.stringify(mergePatch(JSON.parse(before) as Record<string, unknown>, JSON.parse(row['patch'] as string) as Record<string, unknown>))
  const bytes = byteLength(after)
  if (bytes > MAX_FIELDS_BYTES && bytes > byteLength(before)) return [seq, TROUBLES.largeFields.no, 0, 0, 0, 0, null, DEFAULT_MEDIA_TYPE, null]
  const { kind, size, digest, media_type } = contentOf(row)
  return [seq, 0, after === before ? 0 : 1, kind, 0, size, digest === null ? null : hexText(digest), media_type, after]
}

/** A condition on what is not there fails as one, not as a missing file. */
function patchTrouble(row: Row): number {
  const live = row['deleted'] === 0
  const revision = row['src_revision_if']
  const version = row['src_version_if'] as number | null
  if (revision !== null && (!live || hexText(revision) !== hexText(row['revision']))) return TROUBLES.sourceRevision.no
  if (version !== null && (!live || version !== row['version'])) return TROUBLES.sourceVersion.no
  return live ? 0 : TROUBLES.missing.no
}

/** Conditions speak of the newest version, a tombstone included (model/entry-change.ts). */
function unmetCondition(row: Row): number {
  const revision = row['src_revision_if']
  const version = row['src_version_if'] as number | null
  if (revision !== null && (row['revision'] === null || hexText(revision) !== hexText(row['revision']))) return TROUBLES.newestRevision.no
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
