import type { FastifyInstance } from 'fastify'
import { collectionRoutes } from './collections.ts'
import { copyRoute } from './copy.ts'
import { deleteRoute } from './delete.ts'
import { downloadRoutes } from './download.ts'
import { entityRoute } from './entities.ts'
import { refuseNoRoute, sendRefusal } from './errors.ts'
import { logsRoute } from './logs.ts'
import type { ApolloOptions } from './options.ts'
import { trackRoutes } from './track.ts'
import { uploadRoute } from './upload.ts'

/**
 * The Apollo dialect (docs/reference/apollo.md), beneath /apollo, and uploads and downloads beneath /files as well: some pages are headed by the
 * short path while their samples use the long one. Both have the dialect's own errors and its own 404.
 */
export async function apolloPlugin(app: FastifyInstance, options: ApolloOptions): Promise<void> {
  app.decorate('dialect', 'apollo')
  await app.register(apolloRoutes, { ...options, prefix: '/apollo' })
  await app.register(fileRoutes, { ...options, prefix: '/files' })
}

/** True for a URL beneath this dialect's prefixes: what goes wrong before routing is answered in its form, by `sendRefusal`. */
export function isApollo(url: string): boolean {
  return /^\/(?:apollo|files)(?:[/?]|$)/.test(url)
}

export { sendRefusal, unparsedRefusal } from './errors.ts'

async function apolloRoutes(app: FastifyInstance, options: ApolloOptions): Promise<void> {
  speakApollo(app)
  copyRoute(app, options)
  trackRoutes(app, options)
  logsRoute(app, options)
  collectionRoutes(app, options)
  entityRoute(app, options)
  deleteRoute(app, options)
  await app.register(fileRoutes, { ...options, prefix: '/files' })
}

/** Upload and download, the same beneath both prefixes. */
async function fileRoutes(app: FastifyInstance, options: ApolloOptions): Promise<void> {
  speakApollo(app)
  downloadRoutes(app, options)
  await app.register(async uploads => {
    // The media must not be held in memory, and its Content-Type is judged by the route: the body passes as it comes.
    uploads.removeAllContentTypeParsers()
    uploads.addContentTypeParser('*', (_request, payload, done) => {
      done(null, payload)
    })
    uploadRoute(uploads, options)
  })
}

/**
 * Errors, the 404 and bodies of this dialect. Bodies arrive as bytes whatever their Content-Type: the samples send it on calls without a body, where
 * it means nothing, and the routes that want JSON say themselves what is wrong with it.
 */
function speakApollo(app: FastifyInstance): void {
  app.setErrorHandler(sendRefusal)
  app.setNotFoundHandler(refuseNoRoute)
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => {
    done(null, body)
  })
}
