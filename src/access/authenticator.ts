import { hash } from 'node:crypto'
import type { Caller, TokenRecord } from '../model/access.ts'
import type { Authenticator } from '../ports/authenticator.ts'
import type { Clock } from '../ports/clock.ts'
import type { Ledger } from '../ports/ledger.ts'
import type { JwtVerifier } from './jwt.ts'
import { expired, unauthenticated } from './refusals.ts'
import { impliedScopes } from './scopes.ts'
import { hashToken } from './tokens.ts'

export interface AuthenticatorParts {
  readonly ledger: Pick<Ledger, 'token'>
  readonly clock: Clock
  /** Null where no JWTs are taken. */
  readonly jwt: JwtVerifier | null
}

/** Opaque tokens from the ledger, and JWTs where a verifier is given. A revocation counts from its commit on: the ledger is asked each time. */
export function createAuthenticator({ ledger, clock, jwt }: AuthenticatorParts): Authenticator {
  return {
    authenticate: async token =>
      jwt !== null && token.split('.', 4).length === 3 ? callerOfJwt(jwt, token) : callerOfRecord(await ledger.token(hashToken(token)), clock),
  }
}

/** Who a stored token names: the ledger gives the same record again while nothing was committed. */
const callers = new WeakMap<TokenRecord, Caller>()

function callerOfRecord(record: TokenRecord | null, clock: Clock): Caller {
  if (record === null) throw unauthenticated('the token is unknown')
  if (record.revokedAt !== null) throw unauthenticated(`the token ${record.id} is revoked`)
  if (record.expiresAt !== null && record.expiresAt <= clock.now()) throw expired(`the token ${record.id} has expired`)
  const known = callers.get(record)
  if (known !== undefined) return known
  const { subject, expiresAt } = record
  const caller: Caller = { subject, scopes: impliedScopes(record.scopes), tokenId: record.id, ...(expiresAt === null ? {} : { expiresAt }) }
  callers.set(record, caller)
  return caller
}

async function callerOfJwt(jwt: JwtVerifier, token: string): Promise<Caller> {
  const { issuer, subject, scopes, expiresAt } = await jwt.verify(token)
  return { subject, scopes: impliedScopes(scopes), tokenId: jwtId(issuer, subject), expiresAt }
}

/** Names the caller for limits and the log: all JWTs of one subject count as one token, however often it gets new ones. */
function jwtId(issuer: string, subject: string): string {
  return `jwt-${hash('sha256', JSON.stringify([issuer, subject])).slice(0, 16)}`
}
