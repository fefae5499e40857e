import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { OpenEntry } from '../../engine/api.ts'
import type { Caller } from '../../model/access.ts'
import { DEFAULT_MEDIA_TYPE } from '../../model/entry.ts'
import type { Entry } from '../../model/entry.ts'
import { WaybillError } from '../../model/errors.ts'
import { isMediaType } from '../../model/media-type.ts'
import { authenticate, callerOf } from '../auth.ts'
import { attachment } from '../disposition.ts'
import { fileEnvelope } from './envelope.ts'
import { badRequest } from './errors.ts'
import { maxAgeOf, metadataOf } from './file-metadata.ts'
import type { ApolloOptions } from './options.ts'
import { collectionOf, fileNameOf, headerOf, queryOf, versionIn } from './request.ts'
import { WORDS } from './words.ts'

/** `GET .../{name}`, `GET .../{name}/version/{v}`, and both with `?alt=metadata`. */
export function downloadRoutes(app: FastifyInstance, { services }: ApolloOptions): void {
  const { entries } = services.engine
  const onRequest = authenticate(services, ['apollo_read'])
  for (const url of ['/:name', '/:name/version/:version']) {
    app.route({ method: ['GET', 'HEAD'], url, onRequest, exposeHeadRoute: false, handler: download })
  }

  async function download(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const name = fileNameOf(request, WORDS.badNameOnRead)
    const collection = collectionOf(request, WORDS.noCollectionIdOnRead)
    const version = versionOf(request)
    const asMetadata = wantsMetadata(request)
    const opened = await openVersion(callerOf(request), collection, name, version)
    if (opened.entry.kind !== 'file') throw new WaybillError('entry_not_found', WORDS.noFile)
    setCacheHeaders(reply, opened.entry)
    if (asMetadata) return reply.send(fileEnvelope('', metadataOf(opened.entry)))
    return sendMedia(request, reply, opened)
  }

  /** A soft delete hides the name with all its versions, so the present one is looked up even when an older one is asked for. */
  async function openVersion(caller: Caller, collection: string, name: string, version: number | null): Promise<OpenEntry> {
    const latest = await entries.open(caller, collection, name)
    return version === null || version === latest.entry.version ? latest : entries.open(caller, collection, name, version)
  }
}

async function sendMedia(request: FastifyRequest, reply: FastifyReply, { entry, read }: OpenEntry): Promise<FastifyReply> {
  reply.header('content-disposition', attachment(entry.path))
  if (entry.size === 0) return reply.code(204).send()
  reply.header('content-type', isMediaType(entry.mediaType) ? entry.mediaType : DEFAULT_MEDIA_TYPE).header('content-length', entry.size)
  return request.method === 'HEAD' ? reply.send() : reply.send(await read())
}

/**
 * The metadata's max-age becomes Cache-Control. One URL stands for many files here (the collection and the version come in headers), so a cache
 * must compare those as well (RFC 9110 section 12.5.5).
 */
function setCacheHeaders(reply: FastifyReply, entry: Entry): void {
  const seconds = maxAgeOf(entry)
  if (seconds !== null) reply.header('cache-control', `max-age=${seconds}`)
  reply.header('vary', 'Authorization, ErCollectionId, If-Match').header('etag', `"${entry.version}"`)
}

/** The version that the path or If-Match names; null: the latest. On a GET of this dialect If-Match selects, it is not a precondition. */
function versionOf(request: FastifyRequest): number | null {
  const inPath = (request.params as { version?: string }).version ?? null
  const inHeader = headerOf(request, 'if-match')
  const ofPath = inPath === null ? null : selectedVersion(inPath, 'the version in the path')
  const ofHeader = inHeader === null || inHeader === '*' ? null : selectedVersion(inHeader, 'If-Match')
  if (ofPath !== null && ofHeader !== null && ofPath !== ofHeader) throw badRequest(`${WORDS.badRequest}: the path and If-Match name different versions`)
  return ofPath ?? ofHeader
}

function selectedVersion(text: string, where: string): number {
  const version = versionIn(text)
  if (version === null) throw badRequest(`${WORDS.badRequest}: ${where} must be a version number such as 1`)
  return version
}

function wantsMetadata(request: FastifyRequest): boolean {
  const alt = queryOf(request, 'alt')
  if (alt !== null && alt !== 'metadata' && alt !== 'media') throw badRequest(`${WORDS.badRequest}: alt must be metadata or media`)
  return alt === 'metadata'
}
