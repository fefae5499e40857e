import { createRemoteJWKSet, errors, jwtVerify, type JWTPayload, type JWTVerifyGetKey, type JWTVerifyOptions } from 'jose'
import { subjectFault, type Scope } from '../model/access.ts'
import { WaybillError, isWaybillError } from '../model/errors.ts'
import type { Clock } from '../ports/clock.ts'
import { PUBLIC_KEY_ALGORITHMS, loadJwtKey, type JwtKey } from './jwt-key.ts'
import { expired, unauthenticated } from './refusals.ts'
import { scopeMapper, type ScopeMapping } from './scopes.ts'

/** Whose JWTs count. Exactly one of `jwksUrl` and `key` is given. */
export interface JwtConfig {
  /** The `iss` that tokens must have. */
  readonly issuer: string
  /** The `aud` that tokens must have, or several of which they must have one. */
  readonly audience: string | readonly string[]
  /** Where the issuer publishes its keys. */
  readonly jwksUrl?: string | undefined
  /** A local key instead: PEM, JWK or JWK set as text, or the path of a file with one. */
  readonly key?: string | undefined
  /** What the issuer's scope names mean here. */
  readonly scopes?: ScopeMapping | undefined
}

/** Who a JWT says is calling. */
export interface JwtIdentity {
  readonly issuer: string
  readonly subject: string
  readonly scopes: ReadonlySet<Scope>
  /** Its `exp`, in epoch milliseconds. */
  readonly expiresAt: number
}

export interface JwtVerifier {
  /** Throws `unauthenticated`, for expiry with its own wording; `unavailable` when the issuer's keys cannot be had. */
  verify(token: string): Promise<JwtIdentity>
}

/** Seconds that the issuer's clock and ours may differ. */
const CLOCK_TOLERANCE_SECONDS = 30

/** A verifier of JWTs (RFC 7519, with the advice of RFC 8725). Throws `invalid_request` for a configuration that cannot work. */
export async function createJwtVerifier(config: JwtConfig, clock: Clock): Promise<JwtVerifier> {
  if (config.issuer === '' || config.audience.length === 0) throw new WaybillError('invalid_request', 'JWTs need an issuer and an audience; give both')
  const { getKey, algorithms } = await findKey(config)
  const mapScopes = scopeMapper(config.scopes ?? {})
  const options: JWTVerifyOptions = {
    issuer: config.issuer,
    audience: typeof config.audience === 'string' ? config.audience : [...config.audience],
    algorithms: [...algorithms],
    clockTolerance: CLOCK_TOLERANCE_SECONDS,
    // A token without an end would be good for ever, and nobody could take it back.
    requiredClaims: ['exp', 'sub'],
  }
  return {
    async verify(token) {
      try {
        const { payload } = await jwtVerify(token, getKey, { ...options, currentDate: new Date(clock.now()) })
        return { issuer: config.issuer, subject: subjectOf(payload), scopes: mapScopes(scopeNames(payload)), expiresAt: endOf(payload) }
      } catch (error) {
        if (isWaybillError(error)) throw error
        // Claims are looked at only after the signature held, and expiry after issuer and audience: this token was genuine.
        if (error instanceof errors.JWTExpired) throw expired(error)
        throw unauthenticated(error instanceof Error ? error : String(error))
      }
    },
  }
}

async function findKey({ jwksUrl, key }: JwtConfig): Promise<JwtKey> {
  if ((jwksUrl === undefined) === (key === undefined)) throw new WaybillError('invalid_request', 'JWTs need either a JWKS URL or a local key; give one of them')
  return key === undefined ? { getKey: remoteKeys(jwksUrl as string), algorithms: PUBLIC_KEY_ALGORITHMS } : loadJwtKey(key)
}

/** The issuer's published keys, fetched when needed, kept for 10 minutes, and asked for again at most every 30 s for an unknown `kid`. */
function remoteKeys(jwksUrl: string): JWTVerifyGetKey {
  const url = URL.parse(jwksUrl)
  if (url === null || !/^https?:$/.test(url.protocol))
    throw new WaybillError('invalid_request', `the JWKS URL ${JSON.stringify(jwksUrl)} is no http or https URL`)
  const keys = createRemoteJWKSet(url)
  return async (header, token) => {
    try {
      return await keys(header, token)
    } catch (error) {
      if (error instanceof errors.JWKSNoMatchingKey || error instanceof errors.JWKSMultipleMatchingKeys || error instanceof errors.JOSENotSupported) throw error
      // Not the token's fault: the issuer is down, slow or publishes nonsense. The caller may try again.
      throw new WaybillError('unavailable', 'the keys of the token issuer cannot be fetched just now', {}, { cause: error })
    }
  }
}

function subjectOf(payload: JWTPayload): string {
  const subject = payload.sub
  if (typeof subject !== 'string') throw unauthenticated('the "sub" claim is not a string')
  const fault = subjectFault(subject)
  if (fault !== null) throw unauthenticated(fault)
  return subject
}

/** That there is one, and a number, has been checked. Fractions of a second are allowed (RFC 7519 section 2). */
function endOf({ exp = 0 }: JWTPayload): number {
  return Math.floor(exp * 1000)
}

/** Scope names from `scope` (RFC 8693 section 4.2: a string with spaces) and `scp` (other issuers: a list or such a string). */
function scopeNames(payload: JWTPayload): string[] {
  return [payload['scope'], payload['scp']].flatMap(claim => {
    if (typeof claim === 'string') return claim.split(' ')
    return Array.isArray(claim) ? claim.filter(name => typeof name === 'string') : []
  })
}
