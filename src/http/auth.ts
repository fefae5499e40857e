import type { FastifyReply, FastifyRequest } from 'fastify'
import { SCOPES_OF_ADMIN, type Caller, type Scope } from '../model/access.ts'
import { WaybillError, isWaybillError } from '../model/errors.ts'
import type { RateLimiter } from './rate-limit.ts'
import type { HttpServices, NeededScopes } from './services.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** Who calls; null until `authenticate` has passed. Read it with `callerOf`. */
    caller: Caller | null
  }
  interface FastifyInstance {
    rateLimiter: RateLimiter
  }
}

/** RFC 6750 section 2.1: the credentials of the Bearer scheme; the scheme's letter case does not matter (RFC 9110 section 11.1). */
const BEARER = /^bearer +([A-Za-z0-9\-._~+/]+=*) *$/i

/** How a dialect's clients send their token; undefined when a request has none. */
export type TokenOf = (request: FastifyRequest) => string | undefined

/** The token of an `Authorization: Bearer` header. */
export function bearerToken({ headers }: FastifyRequest): string | undefined {
  return headers.authorization === undefined ? undefined : BEARER.exec(headers.authorization)?.[1]
}

/**
 * Makes an `onRequest` hook: token, rate and scopes are checked before the body is read and before anything that depends on the resource.
 * Throws `unauthenticated` (WWW-Authenticate is set on the reply), `rate_limited` (Retry-After), `insufficient_scope`.
 */
export function authenticate(
  services: HttpServices,
  needed: NeededScopes,
  tokenOf: TokenOf = bearerToken,
): (request: FastifyRequest, reply: FastifyReply) => Promise<void> {
  return async (request, reply) => {
    request.caller = await identify(services, tokenOf(request), request, reply)
    limitRate(request, reply, `token ${request.caller.tokenId}`)
    requireScopes(request, reply, needed)
  }
}

/** The caller of a request that has passed `authenticate`. */
export function callerOf(request: FastifyRequest): Caller {
  if (request.caller === null) throw new Error(`the route ${request.method} ${request.routeOptions.url ?? request.url} does not authenticate`)
  return request.caller
}

/** Throws `insufficient_scope` naming every scope of `needed` that the caller lacks. `admin` includes `read`, `write` and `metrics`. */
export function requireScopes(request: FastifyRequest, reply: FastifyReply, needed: NeededScopes): void {
  const missing = needed.filter(scope => !hasScope(callerOf(request), scope))
  if (missing.length === 0) return
  const scope = missing.join(' ')
  // RFC 6750 section 3.1: the challenge of insufficient_scope names the scopes that are necessary
  reply.header('www-authenticate', `Bearer realm="waybill", error="insufficient_scope", scope="${needed.join(' ')}"`)
  throw new WaybillError('insufficient_scope', `this call needs the scope ${scope}; use a token that carries it`, { scope })
}

/** Counts a request against the rate of `key`; throws `rate_limited` with Retry-After when there have been too many. */
export function limitRate(request: FastifyRequest, reply: FastifyReply, key: string): void {
  const seconds = request.server.rateLimiter.take(key)
  if (seconds === 0) return
  reply.header('retry-after', seconds)
  throw new WaybillError('rate_limited', `too many requests in a minute; try again in ${seconds} s`, { retryAfterSeconds: seconds })
}

/** As `limitRate`, for calls without a token: by the address they come from. */
export function limitAddress(request: FastifyRequest, reply: FastifyReply): void {
  limitRate(request, reply, `address ${request.ip}`)
}

/** True when the caller carries the scope; `admin` includes `read`, `write` and `metrics`. */
export function hasScope(caller: Caller, scope: Scope): boolean {
  return caller.scopes.has(scope) || (SCOPES_OF_ADMIN.has(scope) && caller.scopes.has('admin'))
}

async function identify(services: HttpServices, token: string | undefined, request: FastifyRequest, reply: FastifyReply): Promise<Caller> {
  try {
    if (token === undefined) throw new WaybillError('unauthenticated', 'send "Authorization: Bearer <token>" with a valid token')
    return await services.authenticator.authenticate(token)
  } catch (error) {
    if (!isWaybillError(error, 'unauthenticated')) throw error
    limitAddress(request, reply)
    // RFC 6750 section 3: without credentials no error code, with bad ones invalid_token
    reply.header(
      'www-authenticate',
      token === undefined && request.headers.authorization === undefined ? 'Bearer realm="waybill"' : 'Bearer realm="waybill", error="invalid_token"',
    )
    throw error
  }
}
