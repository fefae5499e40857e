import type { TokenRecord } from '../../../model/access.ts'
import type { NewToken } from '../../../ports/token-ledger.ts'
import { hexBytes, toToken } from '../../shared/codec.ts'
import { noToken, tokenRevoked } from '../../shared/refusals.ts'
import { isRevoked } from '../../shared/revoked.ts'
import { record } from './audit.ts'
import type { Tx } from './tx.ts'

const INSERT = `INSERT INTO token (hash, id, subject, scopes, label, created_at, expires_at)
  VALUES (:hash, :id, :subject, :scopes, :label, :now, :until) RETURNING *`

const BY = 'SELECT revoked_at FROM token WHERE id = :by'

/**
 * Stores a token by the hash of its secret. Throws `unauthenticated` when the token that asks for it was revoked since the call began, or is even forgotten: its body may have come
 * slowly, and whoever revokes all tokens of a subject must have got all of them.
 */
export function createToken(tx: Tx, token: NewToken): TokenRecord {
  const { id, subject, label = null, expiresAt: until } = token
  const by = tx.actor?.tokenId ?? null
  if (by !== null && isRevoked(by, tx.db.get(BY, { by }))) throw tokenRevoked()
  const row = tx.db.get(INSERT, { hash: hexBytes(token.hash), id, subject, scopes: token.scopes.join(' '), label, now: tx.now, until })
  if (row === undefined) throw new Error('the new token was not returned')
  const end = until === null ? null : new Date(until).toISOString()
  record(tx, { action: 'token.create', details: { token: id, subject, scopes: token.scopes, label, expiresAt: end } })
  return toToken(row)
}

const REVOKE = 'UPDATE token SET revoked_at = :now WHERE id = :id AND revoked_at IS NULL RETURNING subject'

/** Revokes a token, for good; again changes nothing. Throws `token_not_found`. */
export function revokeToken(tx: Tx, id: string): void {
  const revoked = tx.db.get(REVOKE, { id, now: tx.now })
  if (revoked !== undefined) record(tx, { action: 'token.revoke', details: { token: id, subject: revoked['subject'] } })
  else if (tx.db.get('SELECT 1 FROM token WHERE id = :id', { id }) === undefined) throw noToken(id)
}
