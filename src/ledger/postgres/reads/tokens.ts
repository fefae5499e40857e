import type { TokenRecord } from '../../../model/access.ts'
import { pageOf } from '../../../model/cursor.ts'
import type { Page, PageQuery } from '../../../model/page.ts'
import { hexBytes, toToken } from '../../shared/codec.ts'
import { behind, placeOf } from '../../shared/newest-first.ts'
import type { Queries } from '../connection/queries.ts'

/** The token with this hash of its secret, revoked or not; or null. */
export async function token(db: Queries, hash: string): Promise<TokenRecord | null> {
  const row = await db.get('SELECT * FROM token WHERE hash = :hash', { hash: hexBytes(hash) })
  return row === undefined ? null : toToken(row)
}

/** The token with this id, revoked or not; or null. */
export async function tokenById(db: Queries, id: string): Promise<TokenRecord | null> {
  const row = await db.get('SELECT * FROM token WHERE id = :id', { id })
  return row === undefined ? null : toToken(row)
}

const BEHIND = '(created_at, id) < (:at, :id) ORDER BY created_at DESC, id DESC LIMIT :limit'
const ALL = `SELECT * FROM token WHERE ${BEHIND}`
const OF_SUBJECT = `SELECT * FROM token WHERE subject = :subject AND ${BEHIND}`

/** Tokens of everybody, or of a subject; newest first. */
export async function tokens(db: Queries, page: PageQuery, subject?: string): Promise<Page<TokenRecord>> {
  const params = { ...behind(page.cursor), limit: page.limit + 1 }
  const rows = subject === undefined ? await db.all(ALL, params) : await db.all(OF_SUBJECT, { ...params, subject })
  return pageOf(rows, page.limit, row => placeOf({ at: row['created_at'] as number, id: row['id'] as string }), toToken)
}
