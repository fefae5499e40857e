import type { Caller, Scope, TokenRecord } from '../model/access.ts'
import type { Page, PageQuery } from '../model/page.ts'

/** A token to make. Without `subject` one's own; without `expiresInSeconds` one that lasts as long as may be. */
export interface TokenWish {
  readonly subject?: string
  readonly scopes: readonly Scope[]
  readonly expiresInSeconds?: number
  readonly label?: string
}

/** A token that was made, and its secret, which is told this once. */
export interface MintedToken {
  readonly record: TokenRecord
  readonly secret: string
}

/**
 * Tokens, made and taken back by those who have one (docs/decisions/0047-tokens-over-the-api.md). With the scope `admin`: of everybody. Without it of oneself
 * alone, and nothing that is stronger than the caller's own token: `insufficient_scope`. Whether there are tokens of others MUST NOT be told.
 */
export interface Tokens {
  /** Newest first. Without a subject: all with the scope `admin`, else the caller's own. */
  list(caller: Caller, filter: { readonly subject?: string }, page: PageQuery): Promise<Page<TokenRecord>>
  /** `token_not_found`. */
  get(caller: Caller, id: string): Promise<TokenRecord>
  /** `invalid_request` for a subject, a label or scopes that cannot be. */
  create(caller: Caller, wish: TokenWish): Promise<MintedToken>
  /** At once and for good; again changes nothing. `token_not_found`. */
  revoke(caller: Caller, id: string): Promise<void>
}
