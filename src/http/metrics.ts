import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import { authenticate, limitAddress } from './auth.ts'
import type { HttpServices } from './services.ts'

/** The metrics as they are served, and who may read them: whoever has a token with the scope `metrics`, or everybody. */
export interface ServedMetrics {
  readonly access: 'token' | 'open'
  readonly contentType: string
  render(): Promise<string>
}

/** `GET /metrics`: what Prometheus scrapes. */
export function registerMetrics(app: FastifyInstance, services: HttpServices, { access, contentType, render }: ServedMetrics): void {
  const authenticated = authenticate(services, ['metrics'])
  const limited = async (request: FastifyRequest, reply: FastifyReply): Promise<void> => limitAddress(request, reply)
  app.get(
    '/metrics',
    {
      schema: {
        tags: ['server'],
        operationId: 'metrics',
        summary: 'The metrics of this process, in the text format of Prometheus',
        description:
          'With a token that has the scope `metrics` or `admin`; with the setting `metrics` as `open` without any; not there with `off`. What they are: docs/reference/metrics.md.',
        security: access === 'token' ? [{ token: [] }] : [],
        response: { 200: { description: 'the metrics', content: { 'text/plain': { schema: Type.String() } } } },
      },
      config: { errors: access === 'token' ? ['unauthenticated', 'insufficient_scope', 'rate_limited'] : ['rate_limited'] },
      onRequest: access === 'token' ? authenticated : limited,
    },
    async (_request, reply) => {
      // bytes, not a string: fastify would check it against the schema
      return reply
        .header('content-type', contentType)
        .header('cache-control', 'no-store')
        .send(Buffer.from(await render()))
    },
  )
}
