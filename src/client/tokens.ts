import { segment } from './places.ts'
import type { Transport } from './transport.ts'
import type { MintedTokenInfo, NewToken, Stoppable, TokenInfo, TokenQuery } from './types.ts'

/** Tokens: the caller's own, or with the scope `admin` those of everybody. */
export class TokensClient {
  readonly #transport: Transport

  constructor(transport: Transport) {
    this.#transport = transport
  }

  /** Makes a token; its secret, `token`, is told this once. */
  create(wish: NewToken, options: Stoppable = {}): Promise<MintedTokenInfo> {
    return this.#transport.json({ method: 'POST', path: '/v1/tokens', json: wish, signal: options.signal })
  }

  get(id: string, options: Stoppable = {}): Promise<TokenInfo> {
    return this.#transport.json({ path: tokenPath(id), signal: options.signal })
  }

  /** Every token, newest first. */
  list({ signal, ...query }: TokenQuery = {}): AsyncGenerator<TokenInfo, void, undefined> {
    return this.#transport.all({ path: '/v1/tokens', query, signal })
  }

  /** Revokes a token, at once and for good; again changes nothing. */
  revoke(id: string, options: Stoppable = {}): Promise<void> {
    return this.#transport.json({ method: 'DELETE', path: tokenPath(id), idempotent: true, signal: options.signal })
  }
}

function tokenPath(id: string): string {
  return `/v1/tokens/${segment(id)}`
}
