import type { Conditions, Fields } from '../../model/entry.ts'
import type { UploadPlan } from '../../model/upload.ts'
import { uuidText } from './codec.ts'
import type { Row } from './row.ts'

/** A row of `upload`, joined with its collection's id. */
export function toPlan(row: Row): UploadPlan {
  return {
    id: uuidText(row['id']),
    collection: row['collection_id'] as string,
    path: row['path'] as string,
    size: row['size'] as number,
    partSize: row['part_size'] as number,
    mediaType: row['media_type'] as string,
    fields: row['fields'] === null ? null : (JSON.parse(row['fields'] as string) as Fields),
    conditions: JSON.parse(row['conditions'] as string) as Conditions,
    startedBy: row['started_by'] as string,
    startedAt: row['started_at'] as number,
    expiresAt: row['expires_at'] as number,
  }
}
