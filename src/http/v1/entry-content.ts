import { callerOf } from '../auth.ts'
import { READ_HEADERS, sendEntryBytes } from '../entry-bytes.ts'
import type { V1App, V1Context } from './context.ts'
import { Nothing, PathParams, Text } from './schemas/common.ts'
import { VersionQuery } from './schemas/entry.ts'

const BYTES = { 'application/octet-stream': { schema: { ...Text, format: 'binary' } } }

/** `GET` and `HEAD /v1/collections/{collection}/entries/{path}`: the bytes. */
export function registerEntryContent(app: V1App, context: V1Context): void {
  const { entries } = context.services.engine
  for (const method of ['GET', 'HEAD'] as const) {
    app.route({
      method,
      url: '/v1/collections/:collection/entries/*',
      schema: {
        tags: ['entries'],
        operationId: method === 'GET' ? 'getEntry' : 'headEntry',
        summary: method === 'GET' ? 'The bytes of an entry' : 'What GET would answer, without the bytes',
        description: '`Range` and `If-Range` (one range), `If-None-Match`, `If-Match`; `?version=` reads an older version.',
        params: PathParams,
        querystring: VersionQuery,
        response: { 200: { description: 'the bytes', content: BYTES }, 206: { description: 'the range', content: BYTES }, 304: Nothing },
      },
      config: {
        errors: ['collection_not_found', 'entry_not_found', 'version_not_found', 'invalid_path', 'precondition_failed', 'range_not_satisfiable'],
        headers: READ_HEADERS,
      },
      onRequest: context.needs.read,
      exposeHeadRoute: false,
      handler: async (request, reply) => {
        const { collection, '*': path } = request.params
        const opened = await entries.open(callerOf(request), collection, path, request.query.version)
        return sendEntryBytes(request, reply, opened)
      },
    })
  }
}
