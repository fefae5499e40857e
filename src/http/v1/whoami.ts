import { callerOf } from '../auth.ts'
import type { V1App, V1Context } from './context.ts'
import { linkNext, pageQuery } from './page.ts'
import { WhoamiWire } from './schemas/collection.ts'
import { PageParameters, Strict } from './schemas/common.ts'

/** `GET /v1/whoami`: who the token stands for, what it may do, and the roles on collections, a page at a time. Any token may ask. */
export function registerWhoami(app: V1App, context: V1Context): void {
  app.get(
    '/v1/whoami',
    {
      schema: {
        tags: ['server'],
        operationId: 'whoami',
        summary: 'Subject, scopes and roles of the token',
        querystring: Strict(PageParameters),
        response: { 200: WhoamiWire },
      },
      config: { errors: ['invalid_cursor'] },
      onRequest: context.needs.token,
    },
    async (request, reply) => {
      const caller = callerOf(request)
      const page = await context.services.engine.collections.list(caller, {}, pageQuery(request.query))
      linkNext(request, reply, page.nextCursor)
      const requests = (perMinute: number): number => request.server.rateLimiter.used(`subject ${caller.subject}`, perMinute)
      return {
        subject: caller.subject,
        scopes: [...caller.scopes],
        roles: page.items.map(({ id, role }) => ({ collection: id, role })),
        quotas: await context.services.engine.quotas.standing(caller, requests),
        nextCursor: page.nextCursor,
      }
    },
  )
}
