import type { IncomingMessage, ServerResponse } from 'node:http'
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import type { FastifyBaseLogger, FastifyInstance, FastifyReply, FastifyRequest, RawServerDefault } from 'fastify'
import type { HttpServices } from '../services.ts'

/** The instance the routes of this dialect are registered on: request and answer types follow from the schemas. */
export type V1App = FastifyInstance<RawServerDefault, IncomingMessage, ServerResponse, FastifyBaseLogger, TypeBoxTypeProvider>

type Hook = (request: FastifyRequest, reply: FastifyReply) => Promise<void>

/** What every resource of this dialect is given. */
export interface V1Context {
  readonly services: HttpServices
  /** How long a job submitted here is kept after it finished. */
  readonly retentionMs: number
  /** The `onRequest` hooks of reading and writing routes, of those that any token may call, and of those for operators. */
  readonly needs: { readonly token: Hook; readonly read: Hook; readonly write: Hook; readonly admin: Hook }
}
