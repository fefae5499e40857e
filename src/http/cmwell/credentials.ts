import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Caller, Scope } from '../../model/access.ts'
import { isWaybillError } from '../../model/errors.ts'
import { bearerToken, fromRequest, hasScope, limitAddress, limitCaller } from '../auth.ts'
import type { HttpServices } from '../services.ts'

/** The token of a request, in the protocol's order (contract, section 6); cookies are not looked at, so that no page can write in its reader's name. */
export function tokenOf(request: FastifyRequest): string | undefined {
  const { headers } = request
  const given = [headers['x-cm-well-token2'], headers['x-cm-well-token'], (request.query as Record<string, unknown>)['token']]
  return given.find((token): token is string => typeof token === 'string' && token !== '')?.trim() ?? bearerToken(request)
}

/**
 * An `onRequest` hook that finds out who calls. A missing or bad token is no refusal here: the protocol treats it as nobody (contract, section 6), who may do
 * nothing, and each route says so in its own words. Throws `rate_limited`, and `unavailable` when tokens cannot be looked up.
 */
export function identify(services: HttpServices): (request: FastifyRequest, reply: FastifyReply) => Promise<void> {
  return async (request, reply) => {
    const token = tokenOf(request)
    if (token !== undefined) {
      try {
        request.caller = fromRequest(request, await services.authenticator.authenticate(token))
      } catch (error) {
        if (!isWaybillError(error, 'unauthenticated')) throw error
      }
    }
    if (request.caller === null) limitAddress(request, reply)
    else limitCaller(services, request, reply, request.caller)
  }
}

/** The caller, when their token carries the scope. */
export function callerWith(request: FastifyRequest, scope: Scope): Caller | null {
  return request.caller !== null && hasScope(request.caller, scope) ? request.caller : null
}

/** Why somebody may not, in the protocol's words (contract, section 6). */
export function denial(request: FastifyRequest): string {
  if (request.caller !== null) return 'Authenticated but not authorized'
  return tokenOf(request) === undefined ? 'Not authorized, please login first' : 'given token is not valid (not signed or expired)'
}
