import type { FastifyReply, FastifyRequest } from 'fastify'
import type { OpenEntry } from '../../engine/api.ts'
import type { Entry } from '../../model/entry.ts'
import { WaybillError } from '../../model/errors.ts'
import { callerOf } from '../auth.ts'
import { rangeHolds, readVerdict, tagOf } from './conditions.ts'
import type { V1App, V1Context } from './context.ts'
import { reprDigest } from './digest-header.ts'
import { attachment } from '../disposition.ts'
import { rangeWish } from './range.ts'
import { Nothing, PathParams, Text } from './schemas/common.ts'
import { VersionQuery } from './schemas/entry.ts'
import { sendEmpty } from './empty.ts'

const READ_HEADERS = {
  Range: 'one range of bytes',
  'If-Range': 'an ETag or date: without a match the whole is sent',
  'If-None-Match': 'ETags: 304 when one matches',
  'If-Match': 'ETags: 412 unless one matches',
}

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
        return answer(request, reply, opened)
      },
    })
  }
}

async function answer(request: FastifyRequest, reply: FastifyReply, opened: OpenEntry): Promise<FastifyReply> {
  const { entry } = opened
  const tag = tagOf(entry.revision)
  setEntryHeaders(reply, entry, tag)
  const verdict = readVerdict(request.headers, tag, entry.modifiedAt)
  if (verdict === 'failed') throw new WaybillError('precondition_failed', 'the entry is at another revision than the request wants', { actual: entry.revision })
  if (verdict === 'unchanged') return sendEmpty(reply, 304)
  reply.header('content-type', entry.mediaType).header('content-disposition', attachment(entry.path))
  // RFC 9110 section 14.2: Range is defined for GET only
  const ranged = request.method === 'GET' && rangeHolds(one(request.headers['if-range']), tag, entry.modifiedAt)
  const wish = rangeWish(ranged ? request.headers.range : undefined, entry.size)
  if (wish.kind === 'outside') {
    reply.header('content-range', `bytes */${entry.size}`)
    throw new WaybillError('range_not_satisfiable', `the range lies outside the file, which has ${entry.size} bytes`)
  }
  if (wish.kind === 'part') {
    const { start, end } = wish.range
    reply
      .code(206)
      .header('content-range', `bytes ${start}-${end - 1}/${entry.size}`)
      .header('content-length', end - start)
    return reply.send(await opened.read(wish.range))
  }
  reply.header('content-length', entry.size)
  return request.method === 'HEAD' ? reply.send() : reply.send(await opened.read())
}

function one(header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? header.join(', ') : header
}

/** Validators and digest; and nothing of a stored file may run in a browser, whatever its media type claims. */
function setEntryHeaders(reply: FastifyReply, entry: Entry, tag: string): void {
  reply.headers({
    etag: tag,
    'last-modified': new Date(entry.modifiedAt).toUTCString(),
    'accept-ranges': 'bytes',
    'cache-control': 'private, no-cache',
    'content-security-policy': "default-src 'none'; sandbox",
  })
  if (entry.digest !== null) reply.header('repr-digest', reprDigest(entry.digest))
}
