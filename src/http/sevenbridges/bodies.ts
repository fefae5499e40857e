import type { FastifyInstance } from 'fastify'
import { WaybillError } from '../../model/errors.ts'

/**
 * Bodies are kept as bytes; the routes that want JSON read them (http/json-body.ts). The official client sends the body `null` with every GET and `{}` with
 * every DELETE: they mean nothing, and are never looked at. A body that says it is something other than JSON is refused (90008).
 */
export function readBodies(app: FastifyInstance): void {
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (request, body, done) => {
    const type = request.headers['content-type']
    if (type === undefined || /^[^;]*json\b/i.test(type)) return done(null, body)
    done(new WaybillError('unsupported_media_type', `the Content-Type ${type} is not taken here; send JSON as application/json`), undefined)
  })
}
