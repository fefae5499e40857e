import type { AuditAction } from '../../../model/audit.ts'
import { ENTRY_KINDS, refuseLargeFields, refuseUnmet, type Entry, type Fields } from '../../../model/entry.ts'
import { mergePatch } from '../../../model/merge-patch.ts'
import type { EntryWrite, NewFolder, PutEntry } from '../../../ports/ledger.ts'
import { FILE, FOLDER, FOLDER_MEDIA_TYPE, hexBytes, hexText, newEntity, toEntry } from '../../shared/codec.ts'
import { folderHolds, noEntry, pathTaken } from '../../shared/refusals.ts'
import type { Row } from '../../shared/row.ts'
import type { Params } from '../connection/queries.ts'
import { CONTENT } from '../../shared/entry-columns.ts'
import { record } from './audit.ts'
import { refuseLocked } from './locks.ts'
import { childOf, makeParents } from './parents.ts'
import { lockedCollection, toWrite, type Tx } from './tx.ts'

const SUPERSEDE = `INSERT INTO history (collection, path, ${CONTENT}) SELECT collection, path, ${CONTENT} FROM entry WHERE collection = :key AND path = :path`

/** Nothing is at the path: when another makes it first, this is a unique_violation, and the operation is done anew. */
const WRITE_FIRST = `INSERT INTO entry (collection, path, ${CONTENT})
  VALUES (:key, :path, :entity, :version, :revision, :kind, :deleted, :size, :digest, :mediaType, :fields, :createdAt, :now, :subject, :stamp) RETURNING *`

const WRITE_NEXT = `UPDATE entry SET entity = :entity, version = :version, revision = :revision, kind = :kind, deleted = :deleted, size = :size, digest = :digest,
    media_type = :mediaType, fields = :fields, created_at = :createdAt, modified_at = :now, modified_by = :subject, stamp = :stamp
  WHERE collection = :key AND path = :path RETURNING *`

/** Makes a new version of a path over stored bytes; `created` when nothing live was there. Throws `precondition_failed`, `locked`, `entry_exists`. */
export async function putEntry(tx: Tx, put: PutEntry): Promise<{ entry: Entry; created: boolean }> {
  const { key, present, live } = await lookUp(tx, put)
  if (live === undefined) await makeParents(tx, key, put.path, put.subject)
  else await refuseOtherKind(tx, key, put, live)
  const fields = put.fields === null ? ((live?.['fields'] as string | null | undefined) ?? null) : JSON.stringify(put.fields)
  const entry = await write(tx, put, key, present, {
    kind: ENTRY_KINDS.indexOf(put.kind),
    deleted: 0,
    size: put.size,
    digest: hexBytes(put.digest),
    mediaType: put.mediaType,
    fields,
    stamp: null,
  })
  await recordEntry(tx, 'entry.put', key, entry)
  return { entry, created: live === undefined }
}

/** In an addressable collection no file takes the place of what holds entries, and no folder that of anything else. */
async function refuseOtherKind(tx: Tx, key: number, put: PutEntry, live: Row): Promise<void> {
  const isFolder = live['kind'] === FOLDER
  if (key >= 0 || (put.kind === 'folder' && isFolder)) return
  if (put.kind === 'folder') throw pathTaken(put.path, 'is there already, and is no folder')
  if (put.kind === 'file' && isFolder) throw pathTaken(put.path, 'is a folder')
  if (put.kind === 'file' && live['kind'] !== FILE && (await childOf(tx, key, put.path)) !== undefined) throw pathTaken(put.path, 'holds entries')
}

/** Makes a folder in an addressable collection, and the folders above it. Throws `entry_exists`, `locked`. */
export async function createFolder(tx: Tx, folder: NewFolder): Promise<Entry> {
  const { key, present, live } = await lookUp(tx, folder)
  if (live !== undefined) throw pathTaken(folder.path, 'is there already')
  await makeParents(tx, key, folder.path, folder.subject)
  const fields = folder.fields === null ? null : JSON.stringify(folder.fields)
  const entry = await write(tx, folder, key, present, { kind: FOLDER, deleted: 0, size: 0, digest: null, mediaType: FOLDER_MEDIA_TYPE, fields, stamp: null })
  await recordEntry(tx, 'entry.put', key, entry)
  return entry
}

/** Makes a tombstone the newest version. Throws `entry_not_found`, `precondition_failed`, `locked`, `folder_not_empty`. */
export async function removeEntry(tx: Tx, remove: EntryWrite): Promise<Entry> {
  const { key, live } = await lookUp(tx, remove)
  if (live === undefined) throw noEntry(remove.path)
  const child = live['kind'] === FILE ? undefined : await childOf(tx, key, remove.path)
  if (child !== undefined && live['kind'] === FOLDER) throw folderHolds(remove.path, child)
  const { kind, media_type: mediaType } = live
  const tombstone = await write(tx, remove, key, live, { kind, deleted: 1, size: 0, digest: null, mediaType, fields: null, stamp: null })
  // what an object held stays where it is: in a folder, from now on
  if (child !== undefined) await makeParents(tx, key, child, remove.subject)
  await recordEntry(tx, 'entry.delete', key, tombstone)
  return tombstone
}

/** Makes a new version over the same bytes, its fields merged (RFC 7396). Throws `entry_not_found`, `precondition_failed`, `locked`, `fields_too_large`. */
export async function patchEntry(tx: Tx, patch: EntryWrite & { fields?: Fields; mediaType?: string }): Promise<Entry> {
  const { key, live } = await lookUp(tx, patch)
  if (live === undefined) throw noEntry(patch.path)
  const { kind, size, digest, stamp } = live
  const before = live['fields'] as string | null
  const fields = patch.fields === undefined ? before : merged(before, patch.fields)
  const entry = await write(tx, patch, key, live, { kind, deleted: 0, size, digest, mediaType: patch.mediaType ?? live['media_type'], fields, stamp })
  await recordEntry(tx, 'entry.patch', key, entry)
  return entry
}

function merged(before: string | null, patch: Fields): string {
  const after = JSON.stringify(mergePatch(JSON.parse(before ?? '{}') as Fields, patch))
  refuseLargeFields(after, before)
  return after
}

const PRESENT = 'SELECT * FROM entry WHERE collection = :key AND path = :path FOR NO KEY UPDATE'

/** Finds what is there now, and keeps it, after refusing locked paths and failed conditions. `present` may be a tombstone, `live` never. */
async function lookUp(tx: Tx, wish: EntryWrite): Promise<{ key: number; present: Row | undefined; live: Row | undefined }> {
  const key = (await lockedCollection(tx, wish.collection, of => toWrite(tx, of)))['key'] as number
  await refuseLocked(tx, key, wish.collection, wish.path, wish.subject)
  const present = await tx.db.get(PRESENT, { key, path: wish.path })
  const live = present?.['deleted'] === 0 ? present : undefined
  refuseUnmet(wish.conditions, wish.path, live === undefined ? null : { revision: hexText(live['revision']), version: live['version'] as number })
  return { key, present, live }
}

async function write(tx: Tx, wish: EntryWrite, key: number, present: Row | undefined, content: Params): Promise<Entry> {
  const before = { key, path: wish.path }
  if (present !== undefined) await tx.db.run(SUPERSEDE, before)
  // what comes after a tombstone is another thing under the same name: the entity that was there may live on elsewhere, after a move
  const continues = present !== undefined && present['deleted'] === 0
  const row = await tx.db.get(present === undefined ? WRITE_FIRST : WRITE_NEXT, {
    ...before,
    ...content,
    entity: continues ? present['entity'] : hexText(newEntity(tx.now)),
    revision: hexText(newEntity(tx.now)),
    version: present === undefined ? 1 : (present['version'] as number) + 1,
    createdAt: continues ? present['created_at'] : tx.now,
    now: tx.now,
    subject: wish.subject,
  })
  if (row === undefined) throw new Error('the new version was not returned')
  return toEntry(row, wish.collection)
}

async function recordEntry(tx: Tx, action: AuditAction, key: number, entry: Entry): Promise<void> {
  const { collection: collectionId, path, kind, version, size, digest, deleted } = entry
  await record(tx, { action, collection: key, collectionId, path, details: { kind, version, ...(deleted ? {} : { size, digest }) } })
}
