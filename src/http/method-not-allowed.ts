import type { FastifyInstance, HTTPMethods } from 'fastify'
import { WaybillError } from '../model/errors.ts'

const METHODS: readonly HTTPMethods[] = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']

/**
 * Answers 405 with Allow (RFC 9110 section 15.5.6) for the methods that a route of ours lacks. Call it on the root, or on a dialect's own
 * instance, before the routes are registered; the function it returns adds the answers and is called after them. `isOurs` chooses the routes: each
 * dialect answers by its own rules.
 */
export function watchMethods(app: FastifyInstance, isOurs: (url: string) => boolean = () => true): () => void {
  const methods = new Map<string, Set<string>>()
  app.addHook('onRoute', route => {
    if (!isOurs(route.url)) return
    const known = methods.get(route.url) ?? new Set()
    for (const method of [route.method].flat()) known.add(method)
    methods.set(route.url, known)
  })
  return () => {
    for (const [url, known] of [...methods]) refuseOthers(app, url, known)
  }
}

function refuseOthers(app: FastifyInstance, url: string, known: ReadonlySet<string>): void {
  const allow = [...known].sort().join(', ')
  app.route({
    method: METHODS.filter(method => !known.has(method)),
    url: url.slice(app.prefix.length),
    schema: { hide: true },
    onRequest: async (request, reply) => {
      reply.header('allow', allow)
      throw new WaybillError('method_not_allowed', `${request.method} is not possible here; use ${allow}`)
    },
    handler: reply => reply,
  })
}
