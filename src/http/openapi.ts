import { STATUS_CODES } from 'node:http'
import swagger from '@fastify/swagger'
import type { SwaggerTransform } from '@fastify/swagger'
import swaggerUi from '@fastify/swagger-ui'
import type { FastifyInstance, FastifySchema } from 'fastify'
import { Type } from 'typebox'
import { CATALOGUE } from '../model/errors.ts'
import type { ErrorCode } from '../model/errors.ts'
import { limitAddress } from './auth.ts'

/** Version of the API, not of the package. */
const API_VERSION = '1.0.0'

/** A sheet that travels with its goods, and the name. */
const LOGO = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 150 40" height="40"><g fill="none" stroke="#fff" stroke-width="2.5">
<path d="M8 6h16l8 8v20H8z"/><path d="M24 6v8h8M13 20h13M13 26h13"/></g><text x="44" y="28" fill="#fff" font-family="sans-serif" font-size="24">Waybill</text></svg>`

/** What any call with a token may answer. */
const COMMON_ERRORS: readonly ErrorCode[] = ['invalid_request', 'unauthenticated', 'insufficient_scope', 'rate_limited', 'internal', 'unavailable']

/** Swagger UI writes its own styles into the page; everything is served from here. */
const PAGE_POLICY =
  "default-src 'none'; base-uri 'none'; connect-src 'self'; font-src 'self'; frame-ancestors 'none'; img-src 'self' data:; script-src 'self'; style-src 'self' 'unsafe-inline'"

const TEXT = Type.String()
const PROBLEM = Type.Object(
  {
    type: Type.String({ description: '`/errors/` and the code' }),
    title: TEXT,
    status: Type.Integer(),
    detail: Type.String({ description: 'what is wrong and what would be right' }),
    code: Type.Enum(Object.keys(CATALOGUE)),
    instance: Type.Optional(TEXT),
    errors: Type.Optional(
      Type.Array(
        Type.Object({
          pointer: Type.String({ description: 'a JSON pointer into the body, or the name of a query parameter or header' }),
          detail: TEXT,
          line: Type.Optional(Type.Integer()),
          column: Type.Optional(Type.Integer()),
        }),
      ),
    ),
    holder: Type.Optional(Type.String({ description: 'who holds the lock' })),
    job: Type.Optional(Type.String({ description: 'the job that holds the lock' })),
    expiresAt: Type.Optional(Type.String({ format: 'date-time' })),
    expected: Type.Optional(Type.Unsafe<string | null>({ type: ['string', 'null'] })),
    actual: Type.Optional(Type.Unsafe<string | null>({ type: ['string', 'null'] })),
    scope: Type.Optional(Type.String({ description: 'the missing scopes' })),
  },
  { title: 'Problem' },
)

/** Collects the routes' schemas into an OpenAPI 3.1 document. Call it before the routes are registered. */
export async function registerOpenapi(app: FastifyInstance): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Waybill',
        version: API_VERSION,
        description: 'Bulk jobs over files in collections: copy, move, delete, update, with the exact state of every item.',
      },
      tags: ['collections', 'entries', 'jobs', 'events', 'tokens', 'server'].map(name => ({ name })),
      components: { securitySchemes: { token: { type: 'http', scheme: 'bearer', description: 'An opaque token or a JWT.' } } },
    },
    hideUntagged: true,
    transform: documentRoute,
    transformObject: documentObject => ('openapiObject' in documentObject ? hoistTitled(documentObject.openapiObject) : documentObject.swaggerObject),
  })
}

/** Serves the document at `/openapi.json` and a page of it at `/docs`. */
export async function registerDocs(app: FastifyInstance): Promise<void> {
  app.get('/openapi.json', { schema: { hide: true }, onRequest: async (request, reply) => limitAddress(request, reply) }, (_request, reply) => {
    reply.header('cache-control', 'public, max-age=300')
    return app.swagger()
  })
  await app.register(swaggerUi, {
    routePrefix: '/docs',
    staticCSP: PAGE_POLICY,
    logo: { type: 'image/svg+xml', content: Buffer.from(LOGO), href: '/docs', target: '_self' },
    theme: { title: 'Waybill API' },
    uiConfig: { validatorUrl: null, deepLinking: true, displayRequestDuration: true },
    uiHooks: {
      onRequest: (request, reply, done) => {
        limitAddress(request, reply)
        done()
      },
    },
  })
}

/** A route as documented: the wildcard by its name, the token, and the problems it may answer. */
const documentRoute: SwaggerTransform = ({ schema, url, route }) => {
  const documented = { ...(schema as FastifySchema | undefined) }
  if (documented.tags === undefined) return { schema: documented, url }
  const open = documented.tags.includes('server') && !url.startsWith('/v1')
  if (!open) documented.security ??= [{ token: [] }]
  if (documented.params !== undefined) documented.params = nameWildcard(documented.params)
  const { errors = [], headers } = route.config ?? {}
  if (headers !== undefined) documented.headers = headerParameters(headers)
  documented.response = { ...described(documented.response), ...problems(open ? errors : [...COMMON_ERRORS, ...errors]) }
  return { schema: documented, url: url.replace('*', ':path') }
}

/** Request headers a route reads. They are documented here and read by the route: a schema that is checked would cost every request. */
function headerParameters(headers: Readonly<Record<string, string>>): object {
  return Type.Object(Object.fromEntries(Object.entries(headers).map(([name, description]) => [name, Type.Optional(Type.String({ description }))])))
}

/** Every answer needs a description; where the schema has none, the words of its status do. */
function described(responses: unknown): Record<string, object> {
  const entries = Object.entries((responses ?? {}) as Record<string, { description?: string }>)
  return Object.fromEntries(
    entries.map(([status, schema]) => [status, schema.description === undefined ? { ...schema, 'x-response-description': STATUS_CODES[status] } : schema]),
  )
}

function problems(codes: readonly ErrorCode[]): Record<string, object> {
  const byStatus = Map.groupBy([...new Set(codes)].sort(), code => CATALOGUE[code].status)
  return Object.fromEntries(
    [...byStatus]
      .sort(([a], [b]) => a - b)
      .map(([status, own]) => [
        String(status),
        { description: own.map(code => `\`${code}\``).join(', '), content: { 'application/problem+json': { schema: PROBLEM } } },
      ]),
  )
}

function nameWildcard(params: unknown): unknown {
  const { properties, required, ...rest } = params as { properties: Record<string, unknown>; required?: string[] }
  const named = Object.fromEntries(Object.entries(properties).map(([name, node]) => [name === '*' ? 'path' : name, node]))
  return { ...rest, properties: named, required: required?.map(name => (name === '*' ? 'path' : name)) }
}

/** Moves every schema that has a title to `components` and leaves a reference, so that generated clients have names for them. */
function hoistTitled<Document extends object>(document: Document): Document {
  const schemas: Record<string, unknown> = {}
  const hoist = (node: unknown): unknown => {
    if (Array.isArray(node)) return node.map(hoist)
    if (typeof node !== 'object' || node === null) return node
    const copy = Object.fromEntries(Object.entries(node).map(([name, value]) => [name, hoist(value)]))
    if (typeof copy['title'] !== 'string' || (copy['type'] === undefined && copy['enum'] === undefined)) return copy
    const { type } = copy
    const nullable = Array.isArray(type) && type.includes('null')
    schemas[copy['title']] = nullable ? { ...copy, type: type.find(word => word !== 'null') as string } : copy
    const reference = { $ref: `#/components/schemas/${copy['title']}` }
    return nullable ? { anyOf: [reference, { type: 'null' }] } : reference
  }
  const hoisted = hoist(document) as Document & { components?: object }
  const named = Object.fromEntries(Object.entries(schemas).sort(([a], [b]) => (a < b ? -1 : 1)))
  return { ...hoisted, components: { ...hoisted.components, schemas: named } }
}
