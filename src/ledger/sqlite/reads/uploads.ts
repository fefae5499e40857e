import type { UploadPart, UploadPlan } from '../../../model/upload.ts'
import { hexText, uuidBytes } from '../../shared/codec.ts'
import { toPlan } from '../../shared/upload-codec.ts'
import type { Database, Row } from '../database.ts'

/** An upload's row with its collection's id; nothing once it has expired or its collection is gone. */
const LIVE = `SELECT upload.*, collection.id AS collection_id FROM upload JOIN collection ON collection.key = upload.collection
  WHERE upload.id = :id AND expires_at > :now AND deleted_at IS NULL`

const PARTS = 'SELECT * FROM upload_part WHERE upload = :upload AND number BETWEEN :from AND :to ORDER BY number'

/** The live row of an upload, completed (`version` not null) or not. */
export function uploadRow(db: Database, id: string, now: number): Row | undefined {
  return db.get(LIVE, { id: uuidBytes(id), now })
}

/** The parts of an upload (its key) that have arrived, by number; with `number` that one at most. */
export function partsOf(db: Database, upload: number, number?: number): UploadPart[] {
  const range = { from: number ?? 0, to: number ?? Number.MAX_SAFE_INTEGER }
  return db.all(PARTS, { upload, ...range }).map(row => ({ number: row['number'] as number, size: row['size'] as number, sha256: hexText(row['digest']) }))
}

/** A live upload, and the version that completing made; null when there is none. */
export function upload(db: Database, id: string, now: number): { plan: UploadPlan; version: number | null } | null {
  const row = uploadRow(db, id, now)
  return row === undefined ? null : { plan: toPlan(row), version: row['version'] as number | null }
}

/** The parts of a live upload; none when there is no such upload. */
export function uploadParts(db: Database, id: string, number: number | undefined, now: number): UploadPart[] {
  const row = uploadRow(db, id, now)
  return row === undefined ? [] : partsOf(db, row['key'] as number, number)
}
