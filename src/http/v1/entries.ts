import type { FastifyRequest } from 'fastify'
import type { PutRequest } from '../../engine/api.ts'
import { WaybillError } from '../../model/errors.ts'
import { mediaTypeFault } from '../../model/media-type.ts'
import { callerOf } from '../auth.ts'
import { unlessGivenUp } from '../body-watch.ts'
import { readStreams } from './bodies.ts'
import { WRITE_HEADERS, tagOf, writeConditions } from '../conditions.ts'
import type { V1App, V1Context } from './context.ts'
import { announcedSha256, reprDigest } from '../digest-header.ts'
import { encodeEntry } from './encode.ts'
import { linkNext, pageQuery } from './page.ts'
import { CollectionParams, Nothing, PathParams, Text } from './schemas/common.ts'
import { EntryPage, EntryQuery, EntryWire } from './schemas/entry.ts'
import { sendEmpty } from './empty.ts'

/** `/v1/collections/{collection}/entries`: list, store and delete entries. Their bytes are read in entry-content.ts. */
export function registerEntries(app: V1App, context: V1Context): void {
  registerListAndRemove(app, context)
  app.register(async scope => {
    // bytes of any type are bytes here, JSON too
    scope.removeAllContentTypeParsers()
    readStreams(scope, '*')
    registerPut(scope.withTypeProvider(), context)
  })
}

function registerListAndRemove(app: V1App, context: V1Context): void {
  const { entries } = context.services.engine
  const tags = ['entries']

  app.get(
    '/v1/collections/:collection/entries',
    {
      schema: {
        tags,
        operationId: 'listEntries',
        summary: 'Entries in path order',
        params: CollectionParams,
        querystring: EntryQuery,
        response: { 200: EntryPage },
      },
      config: { errors: ['collection_not_found', 'invalid_cursor', 'invalid_path'] },
      onRequest: context.needs.read,
    },
    async (request, reply) => {
      const { limit: _limit, cursor: _cursor, ...filter } = request.query
      const page = await entries.list(callerOf(request), request.params.collection, filter, pageQuery(request.query))
      linkNext(request, reply, page.nextCursor)
      const prefixes = filter.delimiter === undefined ? {} : { prefixes: [...page.prefixes] }
      return { items: page.items.map(encodeEntry), ...prefixes, nextCursor: page.nextCursor }
    },
  )

  app.delete(
    '/v1/collections/:collection/entries/*',
    {
      schema: {
        tags,
        operationId: 'deleteEntry',
        summary: 'Delete an entry, softly: a tombstone is a version',
        params: PathParams,
        response: { 204: Nothing },
      },
      config: {
        errors: ['collection_not_found', 'insufficient_role', 'entry_not_found', 'invalid_path', 'folder_not_empty', 'precondition_failed', 'locked'],
        headers: WRITE_HEADERS,
      },
      onRequest: context.needs.write,
    },
    async (request, reply) => {
      const { collection, '*': path } = request.params
      await entries.remove(callerOf(request), collection, path, writeConditions(request.headers))
      return sendEmpty(reply, 204)
    },
  )
}

function registerPut(app: V1App, context: V1Context): void {
  const { engine, limits } = context.services

  app.put(
    '/v1/collections/:collection/entries/*',
    {
      schema: {
        tags: ['entries'],
        operationId: 'putEntry',
        summary: 'Store bytes under a path',
        description:
          'Streamed. 201 for a new path, 200 for a new version. `If-Match`, `If-None-Match: *` and `Repr-Digest` are checked; what fails or breaks off stores nothing.',
        params: PathParams,
        body: { content: { 'application/octet-stream': { schema: { ...Text, format: 'binary' } } } },
        response: { 200: EntryWire, 201: EntryWire },
      },
      config: {
        stream: true,
        headers: { ...WRITE_HEADERS, 'Repr-Digest': '`sha-256=:<base64>:` of the bytes (RFC 9530): 400 and nothing stored when they have another' },
        errors: [
          'collection_not_found',
          'insufficient_role',
          'invalid_path',
          'digest_mismatch',
          'incomplete_body',
          'entry_exists',
          'precondition_failed',
          'body_too_large',
          'unsupported_media_type',
          'locked',
          'out_of_space',
        ],
      },
      onRequest: context.needs.write,
    },
    async (request, reply) => {
      const { collection, '*': path } = request.params
      const wish = putRequest(request, limits.uploadBytes)
      const stored = await unlessGivenUp(reply, engine.entries.put(callerOf(request), collection, path, request.raw, wish))
      if (stored === null) return reply
      const { entry, created } = stored
      reply.header('etag', tagOf(entry.revision))
      if (entry.digest !== null) reply.header('repr-digest', reprDigest(entry.digest))
      if (created) reply.header('location', request.url.split('?')[0])
      return reply.code(created ? 201 : 200).send(encodeEntry(entry))
    },
  )
}

/** What the header of a PUT says about its bytes. */
function putRequest(request: FastifyRequest, mostBytes: number): PutRequest {
  const { headers } = request
  // RFC 9110 section 14.5: a server that does not do partial PUT answers a Content-Range with 400
  if (headers['content-range'] !== undefined) throw refused('Content-Range', 'Content-Range is not taken; send the whole file')
  const coding = headers['content-encoding']
  if (coding !== undefined && coding.toLowerCase() !== 'identity') {
    throw new WaybillError('unsupported_media_type', `Content-Encoding ${coding} is not taken; send the bytes as they are to be stored`)
  }
  const type = headers['content-type']
  const fault = type === undefined ? null : mediaTypeFault(type)
  if (fault !== null) throw refused('Content-Type', `Content-Type ${fault}`)
  const sha256 = announcedSha256(headers['repr-digest'])
  const size = headers['content-length'] === undefined ? undefined : Number(headers['content-length'])
  if (size !== undefined && size > mostBytes) throw new WaybillError('body_too_large', `the file has ${size} bytes; at most ${mostBytes} are allowed`)
  return {
    conditions: writeConditions(headers),
    ...(type === undefined ? {} : { mediaType: type }),
    ...(sha256 === null ? {} : { sha256 }),
    ...(size === undefined ? {} : { size }),
  }
}

function refused(pointer: string, detail: string): WaybillError {
  return new WaybillError('invalid_request', detail, { errors: [{ pointer, detail }] })
}
