import { isUtf8 } from 'node:buffer'
import type { FastifyInstance, FastifyRequest, RouteOptions } from 'fastify'
import { WaybillError } from '../../model/errors.ts'
import { jsonDepthFault, jsonValuesFault } from '../../model/json-depth.ts'
import { Strict } from './schemas/common.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The route reads its body as a stream. */
    stream?: boolean
  }
}

/** Media types of JSON bodies; a merge patch has its own (RFC 7396 section 4). */
const JSON_TYPES = ['application/json', 'application/merge-patch+json']

/** Reads JSON bodies of at most `limit` bytes, and nothing else: other types are 415. An empty body counts as none. */
export function readJson(app: FastifyInstance, limit: number): void {
  const parse = app.getDefaultJsonParser('error', 'error')
  app.removeAllContentTypeParsers()
  app.addContentTypeParser<Buffer>(JSON_TYPES, { parseAs: 'buffer', bodyLimit: limit }, (request, bytes, done) => {
    if (bytes.length === 0) return done(null, undefined)
    if (!isUtf8(bytes)) return done(new WaybillError('invalid_json', 'the body is not valid UTF-8; send JSON in UTF-8'), undefined)
    const many = jsonValuesFault(bytes)
    if (many !== null) return done(new WaybillError('body_too_large', `the body ${many}`), undefined)
    const text = bytes.toString('utf8')
    void parse(request, text, (error, value) => {
      if (error !== null) return done(jsonError(text, 'the body'), undefined)
      const fault = jsonDepthFault(value)
      if (fault === null) done(null, value)
      else done(new WaybillError('invalid_json', `the body ${fault}`), undefined)
    })
  })
}

/** Leaves bodies of these types (`*`: of any) as streams. */
export function readStreams(app: FastifyInstance, types: string | string[]): void {
  app.addContentTypeParser(types, (_request, payload, done) => done(null, payload))
}

/** Why a text was refused as JSON, with the place that the parser names. `what` begins the sentence. */
export function jsonError(text: string, what: string): WaybillError {
  try {
    JSON.parse(text)
  } catch (error) {
    return new WaybillError('invalid_json', `${what} is not valid JSON: ${(error as Error).message}`, {}, { cause: error })
  }
  return new WaybillError('invalid_json', `${what} has a member named __proto__ or constructor.prototype; these names are not taken`)
}

const NO_QUERY = Strict({})
const BODY_METHODS = new Set(['POST', 'PUT', 'PATCH', 'DELETE'])

/**
 * An `onRoute` hook for the whole dialect: a route that names no query parameters takes none, one with a body schema needs a body, and one
 * without takes none but an empty object. Routes with `config.stream` read the body themselves.
 */
export function holdToSchemas(route: RouteOptions): void {
  route.schema = { querystring: NO_QUERY, ...route.schema }
  if (![route.method].flat().every(method => BODY_METHODS.has(method)) || route.config?.stream === true) return
  const check = route.schema.body === undefined ? refuseBody : requireBody
  route.preValidation = [...[route.preValidation ?? []].flat(), check]
}

function requireBody(request: FastifyRequest, _reply: unknown, done: (error?: Error) => void): void {
  done(
    request.body === undefined
      ? new WaybillError('invalid_request', 'this call needs a body; send a JSON object with Content-Type: application/json')
      : undefined,
  )
}

function refuseBody(request: FastifyRequest, _reply: unknown, done: (error?: Error) => void): void {
  const { body } = request
  const empty = body === undefined || body === null || (typeof body === 'object' && !Array.isArray(body) && Object.keys(body).length === 0)
  done(empty ? undefined : new WaybillError('invalid_request', 'this call takes no body', { errors: [{ pointer: '', detail: 'must be empty' }] }))
}
