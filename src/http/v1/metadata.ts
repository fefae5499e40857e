import type { FastifyReply } from 'fastify'
import type { Entry } from '../../model/entry.ts'
import { callerOf } from '../auth.ts'
import { WRITE_HEADERS, tagOf, writeConditions } from '../conditions.ts'
import type { V1App, V1Context } from './context.ts'
import { encodeEntry } from './encode.ts'
import { pageOf, pageQuery } from './page.ts'
import { PageParameters, PathParams, Strict } from './schemas/common.ts'
import { EntryChange, EntryWire, VersionPage, VersionQuery } from './schemas/entry.ts'

/** `/v1/collections/{collection}/metadata/{path}` and `/versions/{path}`: entries without their bytes. */
export function registerMetadata(app: V1App, context: V1Context): void {
  const { entries } = context.services.engine
  const tags = ['entries']
  const errors = ['collection_not_found', 'entry_not_found', 'invalid_path'] as const

  app.get(
    '/v1/collections/:collection/metadata/*',
    {
      schema: {
        tags,
        operationId: 'getMetadata',
        summary: 'An entry without its bytes',
        params: PathParams,
        querystring: VersionQuery,
        response: { 200: EntryWire },
      },
      config: { errors: [...errors, 'version_not_found'] },
      onRequest: context.needs.read,
    },
    async (request, reply) => tagged(reply, await entries.stat(callerOf(request), request.params.collection, request.params['*'], request.query.version)),
  )

  app.patch(
    '/v1/collections/:collection/metadata/*',
    {
      schema: {
        tags,
        operationId: 'patchMetadata',
        summary: 'Change fields (a merge patch) and media type: a new version over the same bytes',
        params: PathParams,
        body: EntryChange,
        response: { 200: EntryWire },
      },
      config: { errors: [...errors, 'invalid_json', 'insufficient_role', 'precondition_failed', 'locked', 'fields_too_large'], headers: WRITE_HEADERS },
      onRequest: context.needs.write,
    },
    async (request, reply) => {
      const { collection, '*': path } = request.params
      return tagged(reply, await entries.patch(callerOf(request), collection, path, request.body, writeConditions(request.headers)))
    },
  )

  app.get(
    '/v1/collections/:collection/versions/*',
    {
      schema: {
        tags,
        operationId: 'listVersions',
        summary: 'All versions, newest first, tombstones too',
        params: PathParams,
        querystring: Strict(PageParameters),
        response: { 200: VersionPage },
      },
      config: { errors: [...errors, 'invalid_cursor'] },
      onRequest: context.needs.read,
    },
    async (request, reply) => {
      const { collection, '*': path } = request.params
      return pageOf(request, reply, await entries.versions(callerOf(request), collection, path, pageQuery(request.query)), encodeEntry)
    },
  )
}

function tagged(reply: FastifyReply, entry: Entry): EntryWire {
  reply.header('etag', tagOf(entry.revision))
  return encodeEntry(entry)
}
