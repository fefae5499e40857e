import type { FastifyPluginAsync } from 'fastify'
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import { authenticate } from '../auth.ts'
import type { HttpServices } from '../services.ts'
import { holdToSchemas, readJson } from './bodies.ts'
import { registerCollections } from './collections.ts'
import type { V1Context } from './context.ts'
import { registerEntries } from './entries.ts'
import { registerEntryContent } from './entry-content.ts'
import { registerEvents } from './events.ts'
import { registerGrants } from './grants.ts'
import { registerItems } from './items.ts'
import { registerJobs } from './jobs.ts'
import { registerLocks } from './locks.ts'
import { registerMetadata } from './metadata.ts'
import { registerSubmit } from './submit.ts'
import { registerSystem } from './system.ts'
import { registerTokens } from './tokens.ts'
import { registerWhoami } from './whoami.ts'

export interface V1Options {
  readonly services: HttpServices
  /** How long a job submitted here is kept after it finished. */
  readonly retentionMs: number
}

/** Our own API (docs/reference/v1.md): one file a resource. Its errors are the root's, problem details. */
export const v1Plugin: FastifyPluginAsync<V1Options> = async (app, { services, retentionMs }) => {
  const context: V1Context = {
    services,
    retentionMs,
    needs: {
      token: authenticate(services, []),
      read: authenticate(services, ['read']),
      write: authenticate(services, ['write']),
      admin: authenticate(services, ['admin']),
    },
  }
  readJson(app, services.limits.jsonBodyBytes)
  app.addHook('onRoute', holdToSchemas)
  const typed = app.withTypeProvider<TypeBoxTypeProvider>()
  registerCollections(typed, context)
  registerGrants(typed, context)
  registerLocks(typed, context)
  registerEntries(typed, context)
  registerEntryContent(typed, context)
  registerMetadata(typed, context)
  registerSubmit(typed, context)
  registerJobs(typed, context)
  registerItems(typed, context)
  registerEvents(typed, context)
  registerTokens(typed, context)
  registerWhoami(typed, context)
  registerSystem(typed, context)
}
