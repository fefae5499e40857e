import type { Grant } from '../../model/collection.ts'
import { callerOf } from '../auth.ts'
import type { V1App, V1Context } from './context.ts'
import { time } from './encode.ts'
import { pageOf, pageQuery } from './page.ts'
import { GrantBody, GrantPage, GrantParams } from './schemas/collection.ts'
import { CollectionParams, Nothing, PageParameters, Strict } from './schemas/common.ts'
import { sendEmpty } from './empty.ts'

/** `/v1/collections/{collection}/grants`: who may do what; for admins and owners. */
export function registerGrants(app: V1App, context: V1Context): void {
  const { collections } = context.services.engine
  const tags = ['collections']
  const errors = ['collection_not_found', 'insufficient_role'] as const

  app.get(
    '/v1/collections/:collection/grants',
    {
      schema: {
        tags,
        operationId: 'listGrants',
        summary: 'Who may do what (admin)',
        params: CollectionParams,
        querystring: Strict(PageParameters),
        response: { 200: GrantPage },
      },
      config: { errors: [...errors, 'invalid_cursor'] },
      onRequest: context.needs.read,
    },
    async (request, reply) =>
      pageOf(request, reply, await collections.grants(callerOf(request), request.params.collection, pageQuery(request.query)), encodeGrant),
  )

  app.put(
    '/v1/collections/:collection/grants/:subject',
    {
      schema: { tags, operationId: 'putGrant', summary: 'Give a subject a role (admin)', params: GrantParams, body: GrantBody, response: { 204: Nothing } },
      config: { errors: [...errors, 'invalid_json', 'last_owner'] },
      onRequest: context.needs.write,
    },
    async (request, reply) => {
      await collections.setGrant(callerOf(request), request.params.collection, request.params.subject, request.body.role)
      return sendEmpty(reply, 204)
    },
  )

  app.delete(
    '/v1/collections/:collection/grants/:subject',
    {
      schema: { tags, operationId: 'deleteGrant', summary: "Take a subject's role away (admin)", params: GrantParams, response: { 204: Nothing } },
      config: { errors: [...errors, 'grant_not_found', 'last_owner'] },
      onRequest: context.needs.write,
    },
    async (request, reply) => {
      await collections.removeGrant(callerOf(request), request.params.collection, request.params.subject)
      return sendEmpty(reply, 204)
    },
  )
}

function encodeGrant({ subject, role, grantedAt }: Grant): { subject: string; role: Grant['role']; grantedAt: string } {
  return { subject, role, grantedAt: time(grantedAt) }
}
