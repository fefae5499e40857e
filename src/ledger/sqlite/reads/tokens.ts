import type { TokenRecord } from '../../../model/access.ts'
import { decodeCursor, pageOf } from '../../../model/cursor.ts'
import type { Page, PageQuery } from '../../../model/page.ts'
import { hexBytes, toToken } from '../../shared/codec.ts'
import type { Database } from '../database.ts'

/** The token with this hash of its secret, revoked or not; or null. */
export function token(db: Database, hash: string): TokenRecord | null {
  const row = db.get('SELECT * FROM token WHERE hash = :hash', { hash: hexBytes(hash) })
  return row === undefined ? null : toToken(row)
}

/** All tokens, a page at a time. */
export function tokens(db: Database, page: PageQuery): Page<TokenRecord> {
  const after = page.cursor === undefined ? '' : decodeCursor(page.cursor, 'string')
  const rows = db.all('SELECT * FROM token WHERE id > :after ORDER BY id LIMIT :limit', { after, limit: page.limit + 1 })
  return pageOf(rows, page.limit, row => row['id'] as string, toToken)
}
