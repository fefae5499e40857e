import fastify, { LogController } from 'fastify'
import type { FastifyBaseLogger, FastifyInstance, FastifyRequest } from 'fastify'
import { WaybillError } from '../model/errors.ts'
import type { ErrorCode } from '../model/errors.ts'
import { SILENT, type Observer } from '../ports/observer.ts'
import { apolloPlugin, isApollo, sendRefusal, unparsedRefusal } from './apollo/index.ts'
import { limitAddress } from './auth.ts'
import { watchBodies } from './body-watch.ts'
import { clientErrorHandler } from './client-error.ts'
import type { RawAnswer } from './client-error.ts'
import { cmWellPlugin, infotonConstraint, isCmWell, sendError as sendCmWellError } from './cmwell/index.ts'
import type { Compat } from './cmwell/options.ts'
import { registerConsole } from './console.ts'
import { registerErrorPages } from './error-pages.ts'
import { setUsualHeaders } from './headers.ts'
import { registerHealth } from './health.ts'
import { refuseUnclear } from './unclear-requests.ts'
import { watchMethods } from './method-not-allowed.ts'
import { registerMetrics, type ServedMetrics } from './metrics.ts'
import { workInTurn } from './in-turn.ts'
import { observeRequests } from './observe.ts'
import { registerDocs, registerOpenapi } from './openapi.ts'
import { problemOf, sendProblem } from './problem.ts'
import { RateLimiter } from './rate-limit.ts'
import { requestId } from './request-id.ts'
import type { HttpServices } from './services.ts'
import { bodyOf, isSevenBridges, sendError, sevenBridgesPlugin } from './sevenbridges/index.ts'
import { signedTransfers } from './signed-transfers.ts'
import { v1Plugin } from './v1/index.ts'
import { compileValidator } from './validation.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** Aborts when the server begins to close: streams without an end of their own end then. */
    closing: AbortSignal
  }
  interface FastifyContextConfig {
    /** The codes a route may answer, for its documentation. */
    errors?: readonly ErrorCode[]
    /** The request headers it reads and what they mean, for its documentation. */
    headers?: Readonly<Record<string, string>>
  }
}

export interface ServerOptions {
  /** Gets what only we can repair, and fastify's own warnings. Without it nothing is logged. */
  readonly logger?: FastifyBaseLogger
  /** How long jobs are kept after they finished, by the dialect they were submitted through, in milliseconds. */
  readonly retentionMs: { readonly v1: number; readonly apollo: number; readonly sevenbridges: number; readonly cmwell: number }
  /** How the CM-Well dialect behaves where its documents and its server differ. */
  readonly cmwellCompat: Compat
  /** Where the built console lies; null, or nothing there: `/` says in plain words that it has not been built. */
  readonly consoleDirectory: string | null
  /** Hears of requests. Default: nobody. */
  readonly observer?: Observer
  /** What `/metrics` serves; null: nothing is there. */
  readonly metrics?: ServedMetrics | null
}

/** The route of infotons, which are at the root of the server. */
const INFOTONS = '/*'

/** Open connections at once; beyond them new ones are closed at once, before they cost memory. */
const MAX_CONNECTIONS = 10_000
/** A path of 1,024 characters may take 9 bytes each when percent-encoded; a JWT beside it may have 8 KiB. */
const MAX_HEADER_BYTES = 32 * 1024
/**
 * How long a connection may be silent in both directions, in milliseconds, before it is cut off: else a reader that stopped would hold its answer's
 * snapshot or file for ever. Longer than any silence of our own: 60 s while `Prefer: wait` holds an answer, 15 s between the comments of a stream.
 */
const SILENCE_MS = 120_000
/** How often Node looks for headers that are late, and how often a closing server looks for idle connections, in milliseconds. */
const CONNECTION_CHECK_MS = 1000
const IDLE_CHECK_MS = 50
/** How long a closing server waits for requests in flight, in milliseconds: those who stop it usually kill it after 30 s, and the engine drains after us. */
const DRAIN_MS = 20_000

/** Builds the server: the common rules here, each dialect an encapsulated plugin. It is ready but does not listen yet. */
export async function buildServer(services: HttpServices, options: ServerOptions): Promise<FastifyInstance> {
  const app = newInstance(services, options)
  app.setValidatorCompiler(compileValidator)
  app.setErrorHandler(sendProblem)
  app.decorateRequest('caller', null)
  app.decorate('rateLimiter', new RateLimiter(services.clock, services.limits.requestsPerMinute))
  workInTurn(app)
  observeRequests(app, options.observer ?? SILENT, dialectOf)
  app.addHook('onRequest', (request, reply, done) => {
    setUsualHeaders(request, reply)
    refuseUnclear(request, reply)
    done()
  })
  watchBodies(app, services.limits.bodyTimeoutMs)
  closeGracefully(app)
  const refuseOtherMethods = watchMethods(app, isNative)
  await registerOpenapi(app)
  registerHealth(app, services)
  registerErrorPages(app)
  if (options.metrics != null) registerMetrics(app, services, options.metrics)
  await registerDocs(app)
  await registerConsole(app, options.consoleDirectory)
  await app.register(signedTransfers, { services })
  await app.register(v1Plugin, { services, retentionMs: options.retentionMs.v1 })
  await app.register(apolloPlugin, { services, retentionMs: options.retentionMs.apollo })
  await app.register(sevenBridgesPlugin, { services, retentionMs: options.retentionMs.sevenbridges, prefix: '/v2' })
  await app.register(cmWellPlugin, { services, retentionMs: options.retentionMs.cmwell, compat: options.cmwellCompat })
  await app.after()
  refuseOtherMethods()
  app.setNotFoundHandler((request, reply) => {
    limitAddress(request, reply)
    throw new WaybillError('route_not_found', `there is nothing at ${request.method} ${request.url.split('?')[0] ?? ''}; the API is described at /docs`)
  })
  await app.ready()
  return app
}

function newInstance(services: HttpServices, options: ServerOptions): FastifyInstance {
  const app = fastify({
    ...(options.logger === undefined ? {} : { loggerInstance: options.logger }),
    logController: new LogController({ disableRequestLogging: true }),
    // a child logger for every request would cost more than it tells: the few lines we write name the request themselves
    childLoggerFactory: logger => logger,
    genReqId: requestId,
    requestIdHeader: false,
    bodyLimit: services.limits.jsonBodyBytes,
    // requests that come while the server closes are still answered, with Connection: close
    return503OnClosing: false,
    forceCloseConnections: 'idle',
    connectionTimeout: SILENCE_MS,
    http: { maxHeaderSize: MAX_HEADER_BYTES, headersTimeout: services.limits.headerTimeoutMs, connectionsCheckingInterval: CONNECTION_CHECK_MS },
    routerOptions: { maxParamLength: MAX_HEADER_BYTES, constraints: { infoton: infotonConstraint } },
    clientErrorHandler: clientErrorHandler(rawAnswerOf, services.limits.headerTimeoutMs),
    frameworkErrors: (error, request, reply) => {
      setUsualHeaders(request, reply)
      errorSenderOf(request.url)(error, request, reply)
    },
  })
  app.server.maxConnections = MAX_CONNECTIONS
  return app
}

/** Requests in flight finish (those that take too long are cut off), endless streams end, and connections close as soon as they are idle. */
function closeGracefully(app: FastifyInstance): void {
  const closing = new AbortController()
  app.decorate('closing', closing.signal)
  app.addHook('preClose', async () => {
    closing.abort()
    const until = Date.now() + DRAIN_MS
    const timer = setInterval(() => {
      if (Date.now() < until) app.server.closeIdleConnections()
      else app.server.closeAllConnections()
    }, IDLE_CHECK_MS)
    timer.unref()
    app.server.once('close', () => clearInterval(timer))
  })
}

/** The dialect that a request belongs to; `server` for what belongs to none: health, documents, the console, signed URLs. */
function dialectOf({ url, routeOptions }: FastifyRequest): string {
  if (url.startsWith('/v1/')) return 'v1'
  if (isApollo(url)) return 'apollo'
  if (isCmWell(url) || routeOptions.url === INFOTONS) return 'cmwell'
  return isSevenBridges(url) ? 'sevenbridges' : 'server'
}

/** What goes wrong before routing is answered in the form of the dialect that the URL belongs to. */
function errorSenderOf(url: string): typeof sendProblem {
  if (isApollo(url)) return sendRefusal
  if (isCmWell(url)) return sendCmWellError
  return isSevenBridges(url) ? sendError : sendProblem
}

/** The same of what is not even a request. */
function rawAnswerOf(error: WaybillError, url: string): RawAnswer {
  if (isApollo(url)) return { type: 'application/json; charset=utf-8', ...unparsedRefusal(error, url) }
  if (!isSevenBridges(url)) return { status: error.status, type: 'application/problem+json', body: problemOf(error, { url }) }
  const body = bodyOf(error)
  return { status: body.status, type: 'application/json; charset=utf-8', body }
}

/** Routes of the native API and of signed URLs, whose wrong methods answer 405. */
function isNative(url: string): boolean {
  const ours = ['/v1', '/console/', '/download/', '/upload/', '/healthz', '/readyz', '/metrics', '/openapi.json']
  return url === '/' || ours.some(prefix => url.startsWith(prefix))
}
