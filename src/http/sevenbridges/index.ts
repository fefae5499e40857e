import type { FastifyInstance } from 'fastify'
import { watchMethods } from '../method-not-allowed.ts'
import { actionRoutes } from './actions.ts'
import { asyncJobRoutes } from './async-jobs.ts'
import { asyncSubmitRoutes } from './async-submit.ts'
import { readBodies } from './bodies.ts'
import { bulkRoutes } from './bulk.ts'
import { Context } from './context.ts'
import { downloadRoutes } from './downloads.ts'
import { refuseNoRoute, sendError } from './errors.ts'
import { changeRoutes } from './file-changes.ts'
import { fileRoutes } from './files.ts'
import type { SevenBridgesOptions } from './options.ts'
import { projectRoutes } from './projects.ts'
import { rateLimit } from './rate-limit.ts'
import { uploadRoutes } from './uploads.ts'
import { userRoutes } from './users.ts'

/**
 * The Seven Bridges dialect (docs/reference/sevenbridges.md), to be registered with the prefix /v2: asynchronous bulk jobs over files, and what the
 * clients of that API need around them.
 */
export async function sevenBridgesPlugin(app: FastifyInstance, options: SevenBridgesOptions): Promise<void> {
  const context = new Context(options)
  app.decorate('dialect', 'sevenbridges')
  app.setErrorHandler(sendError)
  app.setNotFoundHandler(refuseNoRoute)
  readBodies(app)
  const refuseOtherMethods = watchMethods(app)
  rateLimit(app, context)
  userRoutes(app, context)
  projectRoutes(app, context)
  fileRoutes(app, context)
  changeRoutes(app, context)
  actionRoutes(app, context)
  bulkRoutes(app, context)
  downloadRoutes(app, context)
  uploadRoutes(app, context)
  asyncSubmitRoutes(app, context)
  asyncJobRoutes(app, context)
  refuseOtherMethods()
}

/** True for a URL beneath this dialect's prefix: what goes wrong before routing is answered in its form, by `sendError`. */
export function isSevenBridges(url: string): boolean {
  return /^\/v2(?:[/?]|$)/.test(url)
}

export { bodyOf, sendError } from './errors.ts'
