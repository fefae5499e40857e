import type { FastifyInstance } from 'fastify'
import type { Context } from './context.ts'

/** The version of the protocol's server whose behaviour the contract describes. */
const VERSION = '1.6'

/** What every answer of the protocol carries (contract, section 1.3): the host that was asked, a version, and how long it took. */
export function serverHeaders(app: FastifyInstance, { services: { clock } }: Context): void {
  const begun = new WeakMap<object, number>()
  app.addHook('onRequest', (request, reply, done) => {
    begun.set(request, clock.steady())
    reply.header('x-cmwell-hostname', request.hostname).header('x-cmwell-version', VERSION)
    done()
  })
  app.addHook('onSend', (request, reply, payload, done) => {
    reply.header('x-cmwell-rt', `${Math.round(clock.steady() - (begun.get(request) ?? clock.steady()))}ms`)
    done(null, payload)
  })
}
