import type { AuditAction } from '../../../model/audit.ts'
import { ENTRY_KINDS, refuseLargeFields, refuseUnmet, type Entry, type Fields } from '../../../model/entry.ts'
import type { EntryWrite, NewFolder, PutEntry } from '../../../ports/ledger.ts'
import { hexBytes, hexText, newEntity, toEntry, FILE, FOLDER, FOLDER_MEDIA_TYPE } from '../../shared/codec.ts'
import { folderHolds, noEntry, pathTaken } from '../../shared/refusals.ts'
import type { Params, Row } from '../database.ts'
import { CONTENT } from '../../shared/entry-columns.ts'
import { REPLACE_ENTRY } from '../entry-columns.ts'
import { record } from './audit.ts'
import { refuseLocked } from './locks.ts'
import { childOf, makeParents } from './parents.ts'
import { collectionKey, type Tx } from './tx.ts'

const SUPERSEDE = `INSERT INTO history (collection, path, ${CONTENT}) SELECT collection, path, ${CONTENT} FROM entry WHERE collection = :key AND path = :path`

const WRITE = `INSERT INTO entry (collection, path, ${CONTENT})
  VALUES (:key, :path, :entity, :version, :revision, :kind, :deleted, :size, :digest, :mediaType, :fields, :createdAt, :now, :subject, :stamp)
  ${REPLACE_ENTRY} RETURNING *`

/** Makes a new version of a path over stored bytes; `created` when nothing live was there. Throws `precondition_failed`, `locked`, `entry_exists`. */
export function putEntry(tx: Tx, put: PutEntry): { entry: Entry; created: boolean } {
  const { key, present, live } = lookUp(tx, put)
  if (live === undefined) makeParents(tx, key, put.path, put.subject)
  else refuseOtherKind(tx, key, put, live)
  const fields = put.fields === null ? ((live?.['fields'] as string | null | undefined) ?? null) : JSON.stringify(put.fields)
  const entry = write(tx, put, key, present, {
    kind: ENTRY_KINDS.indexOf(put.kind),
    deleted: 0,
    size: put.size,
    digest: hexBytes(put.digest),
    mediaType: put.mediaType,
    fields,
    stamp: null,
  })
  recordEntry(tx, 'entry.put', key, entry)
  return { entry, created: live === undefined }
}

/** In an addressable collection no file takes the place of what holds entries, and no folder that of anything else. */
function refuseOtherKind(tx: Tx, key: number, put: PutEntry, live: Row): void {
  const isFolder = live['kind'] === FOLDER
  if (key >= 0 || (put.kind === 'folder' && isFolder)) return
  if (put.kind === 'folder') throw pathTaken(put.path, 'is there already, and is no folder')
  if (put.kind === 'file' && isFolder) throw pathTaken(put.path, 'is a folder')
  if (put.kind === 'file' && live['kind'] !== FILE && childOf(tx, key, put.path) !== undefined) throw pathTaken(put.path, 'holds entries')
}

/** Makes a folder in an addressable collection, and the folders above it. Throws `entry_exists`, `locked`. */
export function createFolder(tx: Tx, folder: NewFolder): Entry {
  const { key, present, live } = lookUp(tx, folder)
  if (live !== undefined) throw pathTaken(folder.path, 'is there already')
  makeParents(tx, key, folder.path, folder.subject)
  const fields = folder.fields === null ? null : JSON.stringify(folder.fields)
  const entry = write(tx, folder, key, present, { kind: FOLDER, deleted: 0, size: 0, digest: null, mediaType: FOLDER_MEDIA_TYPE, fields, stamp: null })
  recordEntry(tx, 'entry.put', key, entry)
  return entry
}

/** Makes a tombstone the newest version. Throws `entry_not_found`, `precondition_failed`, `locked`, `folder_not_empty`. */
export function removeEntry(tx: Tx, remove: EntryWrite): Entry {
  const { key, live } = lookUp(tx, remove)
  if (live === undefined) throw noEntry(remove.path)
  const child = live['kind'] === FILE ? undefined : childOf(tx, key, remove.path)
  if (child !== undefined && live['kind'] === FOLDER) {
    throw folderHolds(remove.path, child)
  }
  const tombstone = write(tx, remove, key, live, {
    kind: live['kind'] as number,
    deleted: 1,
    size: 0,
    digest: null,
    mediaType: live['media_type'] as string,
    fields: null,
    stamp: null,
  })
  // what an object held stays where it is: in a folder, from now on
  if (child !== undefined) makeParents(tx, key, child, remove.subject)
  recordEntry(tx, 'entry.delete', key, tombstone)
  return tombstone
}

/** Makes a new version over the same bytes, its fields merged (RFC 7396). Throws `entry_not_found`, `precondition_failed`, `locked`, `fields_too_large`. */
export function patchEntry(tx: Tx, patch: EntryWrite & { fields?: Fields; mediaType?: string }): Entry {
  const { key, live } = lookUp(tx, patch)
  if (live === undefined) throw noEntry(patch.path)
  const fields = live['fields'] as string | null
  const entry = write(tx, patch, key, live, {
    kind: live['kind'] as number,
    deleted: 0,
    size: live['size'] as number,
    digest: live['digest'] as Uint8Array | null,
    mediaType: patch.mediaType ?? (live['media_type'] as string),
    fields: patch.fields === undefined ? fields : mergePatch(tx, fields, patch.fields),
    stamp: live['stamp'] as string | null,
  })
  recordEntry(tx, 'entry.patch', key, entry)
  return entry
}

/** RFC 7396, by SQLite's own function, the one that update jobs use. */
function mergePatch(tx: Tx, fields: string | null, patch: Fields): string {
  const merged = tx.db.get('SELECT json_patch(:fields, :patch) AS merged', { fields: fields ?? '{}', patch: JSON.stringify(patch) })?.['merged'] as string
  refuseLargeFields(merged, fields)
  return merged
}

/** Finds what is there now, after refusing locked paths and failed conditions. `present` may be a tombstone, `live` never. */
function lookUp(tx: Tx, wish: EntryWrite): { key: number; present: Row | undefined; live: Row | undefined } {
  const key = collectionKey(tx, wish.collection)
  refuseLocked(tx, key, wish.collection, wish.path, wish.subject)
  const present = tx.db.get('SELECT * FROM entry WHERE collection = :key AND path = :path', { key, path: wish.path })
  const live = present?.['deleted'] === 0 ? present : undefined
  refuseUnmet(wish.conditions, wish.path, live === undefined ? null : { revision: hexText(live['revision']), version: live['version'] as number })
  return { key, present, live }
}

function write(tx: Tx, wish: EntryWrite, key: number, present: Row | undefined, content: Params): Entry {
  const before = { key, path: wish.path }
  if (present !== undefined) tx.db.run(SUPERSEDE, before)
  // what comes after a tombstone is another thing under the same name: the entity that was there may live on elsewhere, after a move
  const continues = present !== undefined && present['deleted'] === 0
  const row = tx.db.get(WRITE, {
    ...before,
    ...content,
    entity: continues ? (present['entity'] as Uint8Array) : newEntity(tx.now),
    version: present === undefined ? 1 : (present['version'] as number) + 1,
    revision: newEntity(tx.now),
    createdAt: continues ? (present['created_at'] as number) : tx.now,
    now: tx.now,
    subject: wish.subject,
  })
  if (row === undefined) throw new Error('the new version was not returned')
  return toEntry(row, wish.collection)
}

function recordEntry(tx: Tx, action: AuditAction, key: number, entry: Entry): void {
  const { collection: collectionId, path, kind, version, size, digest, deleted } = entry
  record(tx, { action, collection: key, collectionId, path, details: { kind, version, ...(deleted ? {} : { size, digest }) } })
}
