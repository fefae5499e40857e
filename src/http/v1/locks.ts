import type { FastifyRequest } from 'fastify'
import { callerOf } from '../auth.ts'
import type { V1App, V1Context } from './context.ts'
import { time } from './encode.ts'
import { HeldLocks, LockBody, LockWire } from './schemas/collection.ts'
import { CollectionParams, Nothing, PathParams } from './schemas/common.ts'
import { sendEmpty } from './empty.ts'

/** What both locks are asked for with. */
interface LockCall {
  readonly params: { readonly collection: string; readonly '*'?: string }
  readonly body: { readonly ttlSeconds: number; readonly reason?: string }
}

/** `/v1/collections/{collection}/lock` and `/locks/{path}`: see, take, renew and release locks. */
export function registerLocks(app: V1App, context: V1Context): void {
  const { locks } = context.services.engine
  const tags = ['collections']
  const errors = ['collection_not_found', 'insufficient_role', 'locked'] as const
  const places = [
    { url: '/v1/collections/:collection/lock', params: CollectionParams, name: 'Collection', what: 'a whole collection' },
    { url: '/v1/collections/:collection/locks/*', params: PathParams, name: 'Path', what: 'a path and all beneath it' },
  ] as const

  for (const { url, params, name, what } of places) {
    app.get(
      url,
      {
        schema: {
          tags,
          operationId: `locksOver${name}`,
          summary: `The locks over ${what}`,
          description: 'On it, above it, and on its collection.',
          params,
          response: { 200: HeldLocks },
        },
        config: { errors: ['collection_not_found', 'invalid_path'] },
        onRequest: context.needs.read,
      },
      async request => {
        const { params: at } = request as Pick<LockCall, 'params'> & FastifyRequest
        const held = await locks.over(callerOf(request), at.collection, at['*'] ?? null)
        return {
          items: held.map(({ path, holder, reason, acquiredAt, expiresAt }) => ({
            path,
            holder,
            reason,
            acquiredAt: time(acquiredAt),
            expiresAt: time(expiresAt),
          })),
        }
      },
    )

    app.put(
      url,
      {
        schema: {
          tags,
          operationId: `lock${name}`,
          summary: `Lock ${what}`,
          description: 'The same call by the holder renews the lock. 423 with holder, job and expiry while another holds it.',
          params,
          body: LockBody,
          response: { 200: LockWire },
        },
        config: { errors: [...errors, 'invalid_json', 'invalid_path'] },
        onRequest: context.needs.write,
      },
      async request => {
        const { params: at, body } = request as LockCall & FastifyRequest
        const { holder, token, expiresAt } = await locks.acquire(callerOf(request), at.collection, at['*'] ?? null, body)
        return { holder, token, expiresAt: time(expiresAt) }
      },
    )

    app.delete(
      url,
      {
        schema: {
          tags,
          operationId: `unlock${name}`,
          summary: `Release the lock of ${what}`,
          description: 'By its holder, or an admin of the collection.',
          params,
          response: { 204: Nothing },
        },
        config: { errors: [...errors, 'lock_not_found', 'invalid_path'] },
        onRequest: context.needs.write,
      },
      async (request, reply) => {
        const { params: at } = request as LockCall & FastifyRequest
        await locks.release(callerOf(request), at.collection, at['*'] ?? null)
        return sendEmpty(reply, 204)
      },
    )
  }
}
