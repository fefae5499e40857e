import type { FastifyRequest } from 'fastify'
import type { Engine } from '../../engine/api.ts'
import { callerOf } from '../auth.ts'
import type { authenticate } from '../auth.ts'
import { baseUrl } from '../base-url.ts'
import type { HttpServices } from '../services.ts'
import { needs } from './credentials.ts'
import { FileObjects } from './folders.ts'
import type { SevenBridgesOptions } from './options.ts'

type Hook = ReturnType<typeof authenticate>

/** What the dialect's routes share. */
export class Context {
  readonly services: HttpServices
  readonly retentionMs: number
  /** `onRequest` hooks: who calls, and with which scopes. */
  readonly reads: { readonly onRequest: Hook }
  readonly writes: { readonly onRequest: Hook }

  constructor({ services, retentionMs }: SevenBridgesOptions) {
    this.services = services
    this.retentionMs = retentionMs
    this.reads = { onRequest: needs(services, ['read']) }
    this.writes = { onRequest: needs(services, ['write']) }
  }

  get engine(): Engine {
    return this.services.engine
  }

  base(request: FastifyRequest): string {
    return baseUrl(request, this.services)
  }

  /** For the file objects of one answer. */
  files(request: FastifyRequest): FileObjects {
    return new FileObjects(this.engine, callerOf(request), this.base(request))
  }
}
