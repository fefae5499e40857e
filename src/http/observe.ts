import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Observer, RequestWatch } from '../ports/observer.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** Who watches the request; null until it is told of. */
    watch: RequestWatch | null
  }
}

/** What is counted as the route of a request that has none. */
const UNMATCHED = 'unmatched'

/** Tells the observer of every request. Call it before all other hooks: what they do belongs to the request, too. */
export function observeRequests(app: FastifyInstance, observer: Observer, dialectOf: (request: FastifyRequest) => string): void {
  app.decorateRequest('watch', null)
  app.addHook('onRequest', (request, _reply, done) => {
    request.watch = observer.request({
      id: request.id,
      method: request.method,
      dialect: dialectOf(request),
      traceparent: one(request.headers['traceparent']),
      tracestate: one(request.headers['tracestate']),
    })
    request.watch.run(done)
  })
  // the end of a body is told by its connection, which belongs to no request
  app.addHook('preValidation', (request, _reply, done) => {
    if (request.watch === null) done()
    else request.watch.run(done)
  })
  app.addHook('onResponse', (request, reply, done) => {
    const route = request.is404 ? UNMATCHED : (request.routeOptions.url ?? UNMATCHED)
    request.watch?.ended({ route, status: reply.statusCode, seconds: reply.elapsedTime / 1000, subject: request.caller?.subject ?? null, job: jobOf(request) })
    done()
  })
}

/** Ids and numbers of jobs: whatever else a caller writes into a URL is not handed on. */
const JOB_ID = /^(?:[0-9a-f-]{36}|[0-9]{1,20})$/i

/** The job that the URL names, where its route says so. */
function jobOf({ params, routeOptions: { url = '' } }: FastifyRequest): string | null {
  const { job, id } = (params ?? {}) as { readonly job?: string; readonly id?: string }
  const named = url.startsWith('/v1/jobs/') ? job : /\/(?:track|async)\/(?:.*\/)?:id$/.test(url) ? id : undefined
  return named !== undefined && JOB_ID.test(named) ? named : null
}

function one(header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? header[0] : header
}
