import type { Scope, TokenRecord } from '../model/access.ts'
import type { Page, PageQuery } from '../model/page.ts'

/** A token to store. */
export interface NewToken {
  readonly id: string
  readonly subject: string
  readonly scopes: readonly Scope[]
  readonly expiresAt: number | null
  readonly label?: string | null
  /** SHA-256 of the secret, hex: the secret itself is never stored. */
  readonly hash: string
}

/** The opaque tokens. Part of `Ledger`; each writing method is one transaction. */
export interface TokenLedger {
  /** Throws `unauthenticated` when the token that it is done with (see `by`) has been revoked, or was revoked and is forgotten. */
  createToken(token: NewToken): Promise<TokenRecord>
  /** By the hash of its secret, revoked or not. */
  token(hash: string): Promise<TokenRecord | null>
  tokenById(id: string): Promise<TokenRecord | null>
  /** Newest first; with a subject theirs alone. */
  tokens(page: PageQuery, subject?: string): Promise<Page<TokenRecord>>
  /** For good; again changes nothing. Throws `token_not_found`. */
  revokeToken(id: string): Promise<void>
}
