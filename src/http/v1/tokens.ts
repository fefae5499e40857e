import type { Caller, TokenRecord } from '../../model/access.ts'
import { callerOf } from '../auth.ts'
import type { V1App, V1Context } from './context.ts'
import { sendEmpty } from './empty.ts'
import { time, timeOrNull } from './encode.ts'
import { pageOf, pageQuery } from './page.ts'
import { Nothing } from './schemas/common.ts'
import { MintedTokenWire, NewToken, TokenPage, TokenParams, TokenQuery, TokenWire } from './schemas/token.ts'

/** `/v1/tokens`: make, list and revoke tokens; any token may ask, and gets as much as it may have itself. */
export function registerTokens(app: V1App, context: V1Context): void {
  const { tokens } = context.services
  const tags = ['tokens']
  const onRequest = context.needs.token

  app.get(
    '/v1/tokens',
    {
      schema: {
        tags,
        operationId: 'listTokens',
        summary: 'Tokens, newest first: those of the caller, or with the scope `admin` all',
        querystring: TokenQuery,
        response: { 200: TokenPage },
      },
      config: { errors: ['invalid_cursor'] },
      onRequest,
    },
    async (request, reply) => {
      const caller = callerOf(request)
      const { subject } = request.query
      const page = await tokens.list(caller, subject === undefined ? {} : { subject }, pageQuery(request.query))
      return pageOf(request, reply, page, record => encodeToken(record, caller))
    },
  )

  app.post(
    '/v1/tokens',
    {
      schema: {
        tags,
        operationId: 'createToken',
        summary: 'Make a token; its secret is told this once',
        description: 'Without the scope `admin` one for the caller, with scopes that the token of the call carries, too, and not for longer than that lasts.',
        body: NewToken,
        response: { 201: MintedTokenWire },
      },
      config: { errors: ['invalid_json', 'body_too_large', 'unsupported_media_type'] },
      onRequest,
    },
    async (request, reply) => {
      const caller = callerOf(request)
      const { record, secret } = await tokens.create(caller, request.body)
      // RFC 6750 section 5.3: answers with tokens are kept by no cache
      reply.code(201).header('location', `/v1/tokens/${record.id}`).header('cache-control', 'no-store')
      return reply.send({ ...encodeToken(record, caller), token: secret })
    },
  )

  app.get(
    '/v1/tokens/:token',
    {
      schema: { tags, operationId: 'getToken', summary: 'One token, without its secret', params: TokenParams, response: { 200: TokenWire } },
      config: { errors: ['token_not_found'] },
      onRequest,
    },
    async request => encodeToken(await tokens.get(callerOf(request), request.params.token), callerOf(request)),
  )

  app.delete(
    '/v1/tokens/:token',
    {
      schema: {
        tags,
        operationId: 'revokeToken',
        summary: 'Revoke a token, at once and for good',
        description: 'Again changes nothing. Without the scope `admin` one of the caller, whose scopes the token of the call carries, too.',
        params: TokenParams,
        response: { 204: Nothing },
      },
      config: { errors: ['token_not_found'] },
      onRequest,
    },
    async (request, reply) => {
      await tokens.revoke(callerOf(request), request.params.token)
      return sendEmpty(reply, 204)
    },
  )
}

function encodeToken({ id, subject, scopes, label, createdAt, expiresAt, revokedAt }: TokenRecord, caller: Caller): TokenWire {
  const times = { createdAt: time(createdAt), expiresAt: timeOrNull(expiresAt), revokedAt: timeOrNull(revokedAt) }
  return { id, subject, scopes: [...scopes], label, ...times, current: id === caller.tokenId }
}
