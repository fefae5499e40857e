import type { UploadPart, UploadPlan } from '../../../model/upload.ts'
import { isUuid } from '../../../model/text.ts'
import { hexText } from '../../shared/codec.ts'
import type { Row } from '../../shared/row.ts'
import { toPlan } from '../../shared/upload-codec.ts'
import type { Queries } from '../connection/queries.ts'

/** An upload's row with its collection's id; nothing once it has expired or its collection is gone. */
const LIVE = `SELECT upload.*, collection.id AS collection_id FROM upload JOIN collection ON collection.key = upload.collection
  WHERE upload.id = :id AND expires_at > :now AND deleted_at IS NULL`

const PARTS = 'SELECT * FROM upload_part WHERE upload = :upload AND number BETWEEN :from AND :to ORDER BY number'
const ANY_NUMBER = 2 ** 31 - 1

/** The live row of an upload, completed (`version` not null) or not. `keep` locks it until the end of the transaction. */
export async function uploadRow(db: Queries, id: string, now: number, keep = false): Promise<Row | undefined> {
  return isUuid(id) ? db.get(keep ? `${LIVE} FOR NO KEY UPDATE OF upload` : LIVE, { id, now }) : undefined
}

/** The parts of an upload (its key) that have arrived, by number; with `number` that one at most. */
export async function partsOf(db: Queries, upload: number, number?: number): Promise<UploadPart[]> {
  const range = { from: Math.min(number ?? 0, ANY_NUMBER), to: Math.min(number ?? ANY_NUMBER, ANY_NUMBER) }
  const rows = await db.all(PARTS, { upload, ...range })
  return rows.map(row => ({ number: row['number'] as number, size: row['size'] as number, sha256: hexText(row['digest']) }))
}

/** A live upload, and the version that completing made; null when there is none. */
export async function upload(db: Queries, id: string, now: number): Promise<{ plan: UploadPlan; version: number | null } | null> {
  const row = await uploadRow(db, id, now)
  return row === undefined ? null : { plan: toPlan(row), version: row['version'] as number | null }
}

/** The parts of a live upload; none when there is no such upload. */
export async function uploadParts(db: Queries, id: string, number: number | undefined, now: number): Promise<UploadPart[]> {
  const row = await uploadRow(db, id, now)
  return row === undefined ? [] : partsOf(db, row['key'] as number, number)
}
