import type { FastifyRequest } from 'fastify'
import type { HttpServices } from './services.ts'

/** The base of absolute links, without a slash at its end: the configured public URL, or else the scheme and host that the request came to. */
export function baseUrl(request: FastifyRequest, services: Pick<HttpServices, 'publicUrl'>): string {
  return services.publicUrl ?? `${request.protocol}://${request.host || `${request.socket.localAddress ?? 'localhost'}:${request.socket.localPort ?? 80}`}`
}
