import { labelFault, subjectFault, type Caller, type Scope, type TokenRecord } from '../model/access.ts'
import { WaybillError } from '../model/errors.ts'
import type { Page, PageQuery } from '../model/page.ts'
import type { Clock, Ids } from '../ports/clock.ts'
import type { TokenLedger } from '../ports/token-ledger.ts'
import type { MintedToken, Tokens, TokenWish } from '../ports/tokens.ts'
import { impliedScopes } from './scopes.ts'
import { hashToken, LONGEST_MS, mintToken } from './tokens.ts'

interface TokenServiceParts {
  readonly ledger: TokenLedger
  readonly clock: Clock
  readonly ids: Ids
}

/** Tokens over the API. Without the scope `admin` nobody makes, sees or revokes more than they are themselves. */
export class TokenService implements Tokens {
  readonly #ledger: TokenLedger
  readonly #clock: Clock
  readonly #ids: Ids

  constructor({ ledger, clock, ids }: TokenServiceParts) {
    this.#ledger = ledger
    this.#clock = clock
    this.#ids = ids
  }

  async list(caller: Caller, { subject }: { readonly subject?: string }, page: PageQuery): Promise<Page<TokenRecord>> {
    if (isAdmin(caller)) return this.#ledger.tokens(page, subject)
    refuseOther(caller, subject)
    return this.#ledger.tokens(page, caller.subject)
  }

  async get(caller: Caller, id: string): Promise<TokenRecord> {
    const record = await this.#ledger.tokenById(id)
    if (record === null || !(isAdmin(caller) || record.subject === caller.subject)) throw unknownToken(id)
    return record
  }

  async create(caller: Caller, wish: TokenWish): Promise<MintedToken> {
    const { subject = caller.subject, label } = wish
    refuseFault('/subject', subjectFault(subject))
    if (label !== undefined) refuseFault('/label', labelFault(label))
    refuseFault('/scopes', wish.scopes.length === 0 ? 'is empty; name at least one scope' : null)
    refuseFault('/expiresInSeconds', lifeFault(wish.expiresInSeconds))
    if (!isAdmin(caller)) {
      refuseOther(caller, subject)
      refuseStronger(caller, wish.scopes)
    }
    const secret = mintToken()
    const record = await this.#ledger.createToken({
      ...{ id: this.#ids.uuid(), subject, scopes: [...new Set(wish.scopes)], hash: hashToken(secret), label: label ?? null },
      expiresAt: this.#endOf(caller, wish.expiresInSeconds),
    })
    return { record, secret }
  }

  async revoke(caller: Caller, id: string): Promise<void> {
    const record = await this.get(caller, id)
    // else a token that may only read, in wrong hands, could stop all that its owner runs
    if (!isAdmin(caller)) refuseStronger(caller, record.scopes)
    await this.#ledger.revokeToken(record.id)
  }

  /** When a new token ends: without `admin` not after the one that it is made with. */
  #endOf(caller: Caller, seconds: number | undefined): number | null {
    const own = isAdmin(caller) ? undefined : caller.expiresAt
    if (seconds === undefined) return own ?? null
    const end = this.#clock.now() + seconds * 1000
    if (own === undefined || end <= own) return end
    const left = Math.floor((own - this.#clock.now()) / 1000)
    const right = left < 1 ? 'get a new one first' : `give "expiresInSeconds" of at most ${left}, or leave it out`
    throw new WaybillError('insufficient_scope', `a token must not outlive the one it is made with, which ends at ${new Date(own).toISOString()}; ${right}`, {
      scope: 'admin',
    })
  }
}

function isAdmin(caller: Caller): boolean {
  return caller.scopes.has('admin')
}

function lifeFault(seconds: number | undefined): string | null {
  const most = LONGEST_MS / 1000
  return seconds === undefined || (Number.isInteger(seconds) && seconds >= 1 && seconds <= most) ? null : `must be a whole number from 1 to ${most}`
}

/** Whatever others have is none of the caller's business, whether there is any or not. */
function refuseOther(caller: Caller, subject: string | undefined): void {
  if (subject === undefined || subject === caller.subject) return
  const detail = `your token is for your own tokens, those of ${JSON.stringify(caller.subject)}; for those of others use one with the scope admin`
  throw new WaybillError('insufficient_scope', detail, { scope: 'admin' })
}

function refuseStronger(caller: Caller, scopes: readonly Scope[]): void {
  const missing = [...impliedScopes(scopes)].filter(scope => !caller.scopes.has(scope))
  if (missing.length === 0) return
  const detail = `your token carries ${[...caller.scopes].join(', ') || 'no scope'}, and is for tokens with these at most; this one has ${missing.join(', ')}, too`
  throw new WaybillError('insufficient_scope', detail, { scope: missing.join(' ') })
}

function refuseFault(pointer: string, fault: string | null): void {
  if (fault !== null) throw new WaybillError('invalid_request', `${pointer}: ${fault}`, { errors: [{ pointer, detail: fault }] })
}

function unknownToken(id: string): WaybillError {
  return new WaybillError('token_not_found', `there is no token ${JSON.stringify(id.slice(0, 64))} of yours`)
}
