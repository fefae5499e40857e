import type { TokenRecord } from '../../../model/access.ts'
import type { NewToken } from '../../../ports/token-ledger.ts'
import { hexBytes, toToken } from '../../shared/codec.ts'
import { noToken } from '../../shared/refusals.ts'
import type { Tx } from './tx.ts'

const INSERT = `INSERT INTO token (hash, id, subject, scopes, label, created_at, expires_at)
  VALUES (:hash, :id, :subject, :scopes, :label, :now, :until) RETURNING *`

/** Stores a token by the hash of its secret. */
export function createToken(tx: Tx, token: NewToken): TokenRecord {
  const { id, subject, label = null, expiresAt: until } = token
  const row = tx.db.get(INSERT, { hash: hexBytes(token.hash), id, subject, scopes: token.scopes.join(' '), label, now: tx.now, until })
  if (row === undefined) throw new Error('the new token was not returned')
  return toToken(row)
}

/** Revokes a token, for good; again changes nothing. Throws `token_not_found`. */
export function revokeToken(tx: Tx, id: string): void {
  const found = tx.db.run('UPDATE token SET revoked_at = coalesce(revoked_at, :now) WHERE id = :id', { id, now: tx.now })
  if (found === 0) throw noToken(id)
}
