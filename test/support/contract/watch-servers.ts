import { AsyncLocalStorage } from 'node:async_hooks'
import { subscribe } from 'node:diagnostics_channel'
import type { FastifyInstance, FastifyRequest, RouteOptions } from 'fastify'
import { AnswerCheck } from './answer-check.ts'
import type { ApiDocument } from './answer-check.ts'

/** Answers larger than this are not kept to be looked at. */
const MOST_BYTES = 4 * 1024 * 1024

/** A route as it was registered. */
export interface RegisteredRoute {
  readonly method: string
  readonly url: string
  /** True for a route that exists to answer 405 only. */
  readonly refusesMethod: boolean
}

const faults: string[] = []
const routes: RegisteredRoute[] = []
const servers: FastifyInstance[] = []
const requests = new AsyncLocalStorage<true>()

/** What servers of this process have answered, since the last call, that is not in their OpenAPI document. */
export function takeFaults(): string[] {
  return faults.splice(0)
}

/** Every route of every server of this process. */
export function registeredRoutes(): readonly RegisteredRoute[] {
  return routes
}

/** The servers that this process has started, the last one last: for what tests ask of the sockets beneath them. */
export function startedServers(): readonly FastifyInstance[] {
  return servers
}

/** True for what is done because of a request, false for what a server does by itself. */
export function isInRequest(): boolean {
  return requests.getStore() === true
}

/** From now on every server of this process has its routes noted and its answers compared with the OpenAPI document that it serves. */
export function watchServers(): void {
  subscribe('fastify.initialization', message => watch((message as { fastify: FastifyInstance }).fastify))
}

function watch(app: FastifyInstance): void {
  let check: AnswerCheck | undefined
  servers.push(app)
  app.addHook('onRoute', route => void routes.push(...registered(route)))
  app.addHook('onRequest', (request, reply, done) => {
    const path = request.routeOptions.url
    if (path !== undefined) {
      keepBody(reply.raw as unknown as Raw, body => {
        // 405 is answered by routes of its own; nothing is documented there
        if (reply.statusCode === 405) return
        check ??= new AnswerCheck(app.swagger() as unknown as ApiDocument)
        const contentType = reply.getHeader('content-type')?.toString()
        const fault = check.fault({ method: request.method, path: documentedPath(path), status: reply.statusCode, contentType, body })
        if (fault !== null) faults.push(`${nameOf(request)} ${fault}`)
      })
    }
    requests.run(true, done)
  })
}

/** The part of a response of Node that is wrapped. */
interface Raw {
  write: (...given: unknown[]) => boolean
  end: (...given: unknown[]) => unknown
  once(event: 'finish', listener: () => void): unknown
}

/** Gives the whole body that went out, once it has; null where it is larger than is kept. Answers that break off are not looked at. */
function keepBody(raw: Raw, whole: (body: Buffer | null) => void): void {
  const write = raw.write.bind(raw)
  const end = raw.end.bind(raw)
  const chunks: Buffer[] = []
  let size = 0
  const note = (chunk: unknown): void => {
    if (typeof chunk !== 'string' && !(chunk instanceof Uint8Array)) return
    const bytes = Buffer.from(chunk as string)
    size += bytes.length
    if (size <= MOST_BYTES) chunks.push(bytes)
  }
  raw.write = (...given) => {
    note(given[0])
    return write(...given)
  }
  raw.end = (...given) => {
    note(given[0])
    // Node's own `end` may write: that would be noted twice
    raw.write = write
    return end(...given)
  }
  raw.once('finish', () => whole(size <= MOST_BYTES ? Buffer.concat(chunks) : null))
}

/** The routes that only refuse have a schema that hides them and no handler of their own (src/http/method-not-allowed.ts). */
function registered({ method, url, schema }: RouteOptions): RegisteredRoute[] {
  const methods = [method].flat()
  const refusesMethod = (schema as { hide?: boolean } | undefined)?.hide === true && methods.includes('OPTIONS')
  return methods.map(one => ({ method: one, url, refusesMethod }))
}

function documentedPath(url: string): string {
  return url.replace('*', ':path').replaceAll(/:(\w+)/g, '{$1}')
}

function nameOf({ method, url }: FastifyRequest): string {
  return `${method} ${url.length > 200 ? `${url.slice(0, 200)}...` : url}`
}
