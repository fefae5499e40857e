import type { Entry } from '../../../model/entry.ts'
import { sameParts, type UploadPart, type UploadPlan } from '../../../model/upload.ts'
import type { Blob } from '../../../ports/blob-store.ts'
import type { NewUpload } from '../../../ports/ledger.ts'
import { hexBytes, uuidBytes } from '../../shared/codec.ts'
import { noUpload, uploadCompleted } from '../../shared/refusals.ts'
import type { Row } from '../database.ts'
import { entry } from '../reads/entries.ts'
import { toPlan } from '../../shared/upload-codec.ts'
import { partsOf, uploadRow } from '../reads/uploads.ts'
import { dueRows } from './due-rows.ts'
import { putEntry } from './entries.ts'
import { collectionKey, type Tx } from './tx.ts'

/** Stores what an upload announced. Throws `collection_not_found`. */
export function createUpload(tx: Tx, { ttlMs, ...upload }: NewUpload): UploadPlan {
  tx.db.run(
    `INSERT INTO upload (id, collection, path, size, part_size, media_type, fields, conditions, started_by, started_at, expires_at)
     VALUES (:id, :key, :path, :size, :partSize, :mediaType, :fields, :conditions, :startedBy, :now, :until)`,
    {
      id: uuidBytes(upload.id),
      key: collectionKey(tx, upload.collection),
      path: upload.path,
      size: upload.size,
      partSize: upload.partSize,
      mediaType: upload.mediaType,
      fields: upload.fields === null ? null : JSON.stringify(upload.fields),
      conditions: JSON.stringify(upload.conditions),
      startedBy: upload.startedBy,
      now: tx.now,
      until: tx.now + ttlMs,
    },
  )
  return toPlan(openRow(tx, upload.id))
}

/** Records a part that lies in the store, in place of an earlier one of that number. Throws `upload_not_found`. */
export function putUploadPart(tx: Tx, id: string, part: UploadPart): void {
  tx.db.run(
    `INSERT INTO upload_part (upload, number, size, digest) VALUES (:upload, :number, :size, :digest)
     ON CONFLICT (upload, number) DO UPDATE SET size = excluded.size, digest = excluded.digest`,
    { upload: openRow(tx, id)['key'] as number, number: part.number, size: part.size, digest: hexBytes(part.sha256) },
  )
}

/**
 * Makes the entry version out of the joined bytes and ends the upload; of one that is completed, the version that was made. Null, and nothing happens, when
 * the parts are no longer those that were joined. Throws `upload_not_found`, `precondition_failed`, `locked`.
 */
export function completeUpload(tx: Tx, id: string, parts: readonly UploadPart[], blob: Blob): Entry | null {
  const row = liveRow(tx, id)
  const key = row['key'] as number
  const { collection, path, mediaType, fields, conditions, startedBy } = toPlan(row)
  if (row['version'] !== null) return entry(tx.db, collection, path, row['version'] as number)
  if (!sameParts(partsOf(tx.db, key), parts)) return null
  const put = { collection, path, mediaType, fields, conditions, subject: startedBy, kind: 'file', digest: blob.sha256, size: blob.size } as const
  const made = putEntry(tx, put).entry
  tx.db.run('UPDATE upload SET version = :version WHERE key = :key', { key, version: made.version })
  tx.db.run('DELETE FROM upload_part WHERE upload = :key', { key })
  return made
}

/** Forgets an upload that is not completed, with its parts. Throws `upload_not_found`. */
export function abortUpload(tx: Tx, id: string): void {
  const key = openRow(tx, id)['key'] as number
  tx.db.run('DELETE FROM upload_part WHERE upload = :key', { key })
  tx.db.run('DELETE FROM upload WHERE key = :key', { key })
}

const EXPIRED = dueRows({ table: 'upload', key: 'key', where: 'expires_at <= :now' })
const EXPIRED_PARTS = `DELETE FROM upload_part WHERE (upload, number) IN
  (SELECT upload, number FROM upload JOIN upload_part ON upload_part.upload = upload.key WHERE expires_at <= :now LIMIT :batch)`

/** Purges expired uploads, at most about `batch` rows: first their parts. Returns how many rows went. */
export function purgeUploads(tx: Tx, batch: number): number {
  if (tx.db.get(EXPIRED.look, { now: tx.now }) === undefined) return 0
  const parts = tx.db.run(EXPIRED_PARTS, { now: tx.now, batch })
  return parts >= batch ? parts : parts + tx.db.run(EXPIRED.deletion, { now: tx.now, batch })
}

function liveRow(tx: Tx, id: string): Row {
  const row = uploadRow(tx.db, id, tx.now)
  if (row === undefined) throw noUpload(id)
  return row
}

/** The row of an upload that still takes parts. */
function openRow(tx: Tx, id: string): Row {
  const row = liveRow(tx, id)
  if (row['version'] !== null) throw uploadCompleted(id)
  return row
}
