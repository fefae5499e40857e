import type { FastifyInstance, FastifyRequest } from 'fastify'
import { WindowLimiter } from '../window-limit.ts'
import type { Context } from './context.ts'
import { needs } from './credentials.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Calls of the route do not count against the dialect's own rate limit. */
    uncounted?: boolean
  }
}

const WINDOW_MS = 5 * 60 * 1000
/** There are no instances here, so there is no end of them. */
const INSTANCES = { limit: -1, remaining: 1_000_000 }

/**
 * The dialect's own rate limit: so many requests in five minutes by one token, told in the headers of every answer, and `GET /v2/rate_limit`, which does not
 * count. Call it before the routes are registered.
 */
export function rateLimit(app: FastifyInstance, { services }: Context): void {
  const limiter = new WindowLimiter(services.clock, services.limits.sevenbridgesRequests, WINDOW_MS)

  // the first hook of ours after the routes' own `onRequest`: by now it is known who calls
  app.addHook('preParsing', async request => {
    if (request.caller !== null && request.routeOptions.config.uncounted !== true) limiter.take(keyOf(request))
  })

  app.addHook('onSend', (request, reply, payload, done) => {
    const { limit, remaining, reset } = rateOf(request)
    reply.headers({ 'x-ratelimit-limit': limit, 'x-ratelimit-remaining': remaining, 'x-ratelimit-reset': reset })
    done(null, payload)
  })

  app.get('/rate_limit', { onRequest: needs(services, []), config: { uncounted: true } }, async request => ({
    rate: rateOf(request),
    instance_limit: INSTANCES,
  }))

  /** `reset` in Unix seconds, as clients sleep until then: rounded up, or they would wake too early. */
  function rateOf(request: FastifyRequest): { limit: number; remaining: number; reset: number } {
    const { limit, remaining, endsAt } = limiter.standing(keyOf(request))
    return { limit, remaining, reset: Math.ceil(endsAt / 1000) }
  }
}

function keyOf(request: FastifyRequest): string {
  return request.caller === null ? `address ${request.ip}` : `token ${request.caller.tokenId}`
}
