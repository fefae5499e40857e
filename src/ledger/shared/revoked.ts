import { isUuid } from '../../model/text.ts'
import type { Row } from './row.ts'

/** True of the id of an opaque token, and its row, when it is no good any more; the ids of all others (JWTs) are no UUIDs, and have no row. */
export function isRevoked(id: string, row: Row | undefined): boolean {
  return row === undefined ? isUuid(id) : row['revoked_at'] !== null
}
