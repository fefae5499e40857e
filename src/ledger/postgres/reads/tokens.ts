import type { TokenRecord } from '../../../model/access.ts'
import { decodeCursor, pageOf } from '../../../model/cursor.ts'
import type { Page, PageQuery } from '../../../model/page.ts'
import { hexBytes, toToken } from '../../shared/codec.ts'
import type { Queries } from '../connection/queries.ts'

/** The token with this hash of its secret, revoked or not; or null. */
export async function token(db: Queries, hash: string): Promise<TokenRecord | null> {
  const row = await db.get('SELECT * FROM token WHERE hash = :hash', { hash: hexBytes(hash) })
  return row === undefined ? null : toToken(row)
}

/** All tokens, a page at a time. */
export async function tokens(db: Queries, page: PageQuery): Promise<Page<TokenRecord>> {
  const after = page.cursor === undefined ? '' : decodeCursor(page.cursor, 'string')
  const rows = await db.all('SELECT * FROM token WHERE id > :after ORDER BY id LIMIT :limit', { after, limit: page.limit + 1 })
  return pageOf(rows, page.limit, row => row['id'] as string, toToken)
}
