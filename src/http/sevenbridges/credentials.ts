import type { FastifyRequest } from 'fastify'
import { authenticate, bearerToken } from '../auth.ts'
import type { HttpServices, NeededScopes } from '../services.ts'

/** The token of a request: `X-SBG-Auth-Token`, or `Authorization: Bearer`, which clients with an OAuth token send. */
export function tokenOf(request: FastifyRequest): string | undefined {
  const header = request.headers['x-sbg-auth-token']
  const token = typeof header === 'string' ? header.trim() : ''
  return token === '' ? bearerToken(request) : token
}

/** `authenticate`, with the credentials of this dialect. */
export function needs(services: HttpServices, scopes: NeededScopes): ReturnType<typeof authenticate> {
  return authenticate(services, scopes, tokenOf)
}
