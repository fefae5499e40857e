import type { Entry } from '../../../model/entry.ts'
import { sameParts, type UploadPart, type UploadPlan } from '../../../model/upload.ts'
import type { Blob } from '../../../ports/blob-store.ts'
import type { NewUpload } from '../../../ports/ledger.ts'
import { hexBytes } from '../../shared/codec.ts'
import { noUpload, uploadCompleted } from '../../shared/refusals.ts'
import type { Row } from '../../shared/row.ts'
import { toPlan } from '../../shared/upload-codec.ts'
import { entry } from '../reads/entries.ts'
import { partsOf, uploadRow } from '../reads/uploads.ts'
import { putEntry } from './entries.ts'
import { collectionRow, type Tx } from './tx.ts'

const INSERT = `INSERT INTO upload (id, collection, path, size, part_size, media_type, fields, conditions, started_by, started_at, expires_at)
  VALUES (:id, :key, :path, :size, :partSize, :mediaType, :fields, :conditions, :startedBy, :now, :until)`

/** Stores what an upload announced. Throws `collection_not_found`. */
export async function createUpload(tx: Tx, { ttlMs, ...upload }: NewUpload): Promise<UploadPlan> {
  await tx.db.run(INSERT, {
    ...upload,
    key: (await collectionRow(tx, upload.collection))['key'],
    fields: upload.fields === null ? null : JSON.stringify(upload.fields),
    conditions: JSON.stringify(upload.conditions),
    now: tx.now,
    until: tx.now + ttlMs,
  })
  return toPlan(await openRow(tx, upload.id))
}

const PUT_PART = `INSERT INTO upload_part (upload, number, size, digest) VALUES (:upload, :number, :size, :digest)
  ON CONFLICT (upload, number) DO UPDATE SET size = excluded.size, digest = excluded.digest`

/** Records a part that lies in the store, in place of an earlier one of that number. Throws `upload_not_found`. */
export async function putUploadPart(tx: Tx, id: string, part: UploadPart): Promise<void> {
  const { key } = await openRow(tx, id)
  await tx.db.run(PUT_PART, { upload: key, number: part.number, size: part.size, digest: hexBytes(part.sha256) })
}

/**
 * Makes the entry version out of the joined bytes and ends the upload; of one that is completed, the version that was made. Null, and nothing happens, when
 * the parts are no longer those that were joined. Throws `upload_not_found`, `precondition_failed`, `locked`.
 */
export async function completeUpload(tx: Tx, id: string, parts: readonly UploadPart[], blob: Blob): Promise<Entry | null> {
  const row = await liveRow(tx, id)
  const key = row['key'] as number
  const { collection, path, mediaType, fields, conditions, startedBy } = toPlan(row)
  if (row['version'] !== null) return entry(tx.db, collection, path, row['version'] as number)
  if (!sameParts(await partsOf(tx.db, key), parts)) return null
  const put = { collection, path, mediaType, fields, conditions, subject: startedBy, kind: 'file', digest: blob.sha256, size: blob.size } as const
  const made = (await putEntry(tx, put)).entry
  await tx.db.run('UPDATE upload SET version = :version WHERE key = :key', { key, version: made.version })
  await tx.db.run('DELETE FROM upload_part WHERE upload = :key', { key })
  return made
}

/** Forgets an upload that is not completed, with its parts. Throws `upload_not_found`. */
export async function abortUpload(tx: Tx, id: string): Promise<void> {
  const { key } = await openRow(tx, id)
  await tx.db.run('DELETE FROM upload_part WHERE upload = :key', { key })
  await tx.db.run('DELETE FROM upload WHERE key = :key', { key })
}

const EXPIRED = 'SELECT key FROM upload WHERE expires_at <= :now ORDER BY expires_at LIMIT :batch FOR UPDATE SKIP LOCKED'
const PURGE_PARTS = `DELETE FROM upload_part WHERE (upload, number) IN
  (SELECT upload, number FROM upload_part WHERE upload = ANY(:keys::bigint[]) LIMIT :batch)`

/** Purges expired uploads, at most about `batch` rows: first their parts. Returns how many rows went. */
export async function purgeUploads(tx: Tx, batch: number): Promise<number> {
  const keys = (await tx.db.all(EXPIRED, { now: tx.now, batch })).map(row => row['key'])
  if (keys.length === 0) return 0
  const parts = await tx.db.run(PURGE_PARTS, { keys, batch })
  if (parts >= batch) return parts
  return parts + (await tx.db.run('DELETE FROM upload WHERE key = ANY(:keys::bigint[])', { keys }))
}

async function liveRow(tx: Tx, id: string): Promise<Row> {
  const row = await uploadRow(tx.db, id, tx.now, true)
  if (row === undefined) throw noUpload(id)
  return row
}

/** The row of an upload that still takes parts, locked: it takes them one after the other, and none while it is being completed. */
async function openRow(tx: Tx, id: string): Promise<Row> {
  const row = await liveRow(tx, id)
  if (row['version'] !== null) throw uploadCompleted(id)
  return row
}
