import type { FastifyRequest } from 'fastify'

/** The first value of a query parameter; undefined when it is absent. */
export function parameter(request: FastifyRequest, name: string): string | undefined {
  const value = (request.query as Readonly<Record<string, unknown>>)[name]
  const first: unknown = Array.isArray(value) ? value[0] : value
  return typeof first === 'string' ? first : undefined
}

/** True when a flag is there: `?tracking`, `?tracking=` and even `?tracking=false` all mean on (contract, section 1.1). */
export function flag(request: FastifyRequest, name: string): boolean {
  return parameter(request, name) !== undefined
}
