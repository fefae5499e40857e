import type { FastifyInstance } from 'fastify'
import { Context } from './context.ts'
import { sendError } from './errors.ts'
import type { Manner } from './errors.ts'
import { serverHeaders } from './headers.ts'
import { inRoute } from './update/in.ts'
import type { CmWellOptions } from './options.ts'
import { readRoutes } from './infoton/read.ts'
import { trackRoute } from './track/track.ts'
import { writeRoutes } from './infoton/write.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** How a call of the CM-Well dialect tells errors. */
    manner?: Manner
  }
}

/**
 * The CM-Well dialect (docs/reference/cmwell.md): updates of infotons and their tracking beneath `/_in` and `/_track`, and infotons at the root of the server,
 * at every path whose first segment is the name of a collection.
 */
export async function cmWellPlugin(app: FastifyInstance, options: CmWellOptions): Promise<void> {
  const context = new Context(options)
  app.decorate('dialect', 'cmwell')
  app.setErrorHandler(sendError)
  // bodies are streamed, and `format` or the route says what they are, whatever their Content-Type
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', (_request, payload, done) => {
    done(null, payload)
  })
  serverHeaders(app, context)
  inRoute(app, context)
  trackRoute(app, context)
  readRoutes(app, context)
  writeRoutes(app, context)
}

/** True for a URL beneath a prefix that is this dialect's alone: what goes wrong before routing is answered in its form, by `sendError`. */
export function isCmWell(url: string): boolean {
  return /^\/(?:_in|_track|ii)(?:[/?]|$)/.test(url)
}

export { sendError } from './errors.ts'
export { infotonConstraint } from './infoton/infoton-paths.ts'
