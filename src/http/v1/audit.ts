import type { AuditRecord } from '../../model/audit.ts'
import { callerOf } from '../auth.ts'
import type { V1App, V1Context } from './context.ts'
import { filterOf } from './decode.ts'
import { time } from './encode.ts'
import { pageOf, pageQuery } from './page.ts'
import { AuditPage, AuditQuery, type AuditWire } from './schemas/audit.ts'

/** `GET /v1/audit`: who did what. */
export function registerAudit(app: V1App, context: V1Context): void {
  const { audit } = context.services.engine
  app.get(
    '/v1/audit',
    {
      schema: {
        tags: ['server'],
        operationId: 'listAudit',
        summary: 'Who did what, newest first',
        description:
          'With the scope `admin` everything. Without it what was done to one collection since it was made, for its admins. A page may hold fewer records than `limit`, or none, and have a `nextCursor`.',
        querystring: AuditQuery,
        response: { 200: AuditPage },
      },
      config: { errors: ['invalid_cursor', 'invalid_collection_id', 'collection_not_found', 'insufficient_role'] },
      onRequest: context.needs.read,
    },
    async (request, reply) => {
      return pageOf(request, reply, await audit.list(callerOf(request), filterOf(request.query), pageQuery(request.query)), encodeRecord)
    },
  )
}

function encodeRecord({ id, at, subject, tokenId, action, collection, path, job, dialect, requestId, details }: AuditRecord): AuditWire {
  return { id, at: time(at), subject, tokenId, action, collection, path, job, dialect, requestId, details: { ...details } }
}
