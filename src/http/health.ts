import type { FastifyInstance } from 'fastify'
import { Type } from 'typebox'
import { limitAddress } from './auth.ts'
import type { HttpServices } from './services.ts'

const STATUS = Type.Object({ status: Type.Literal('ok') }, { title: 'Health' })

/** `GET /healthz`: the process is alive. `GET /readyz`: ledger and stores answer, else 503 with the reason. */
export function registerHealth(app: FastifyInstance, services: HttpServices): void {
  const schema = { tags: ['server'], response: { 200: STATUS } }
  app.get('/healthz', { schema: { ...schema, operationId: 'health', summary: 'The process is alive' } }, () => ({ status: 'ok' }))
  app.get(
    '/readyz',
    {
      schema: { ...schema, operationId: 'ready', summary: 'Ledger and stores answer' },
      config: { errors: ['unavailable', 'rate_limited'] },
      onRequest: async (request, reply) => limitAddress(request, reply),
    },
    async () => {
      await services.engine.ready()
      return { status: 'ok' }
    },
  )
}
