import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Entry } from '../../model/entry.ts'
import { WaybillError } from '../../model/errors.ts'
import { authenticate, callerOf } from '../auth.ts'
import { fileEnvelope } from './envelope.ts'
import { badRequest } from './errors.ts'
import { isMediaType, maxAgeOf, metadataOf } from './file-metadata.ts'
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
    const caller = callerOf(request)
    // A soft delete hides the name with all its versions, so the present one is looked up even when an older one is asked for.
    const present = await entries.stat(caller, collection, name)
    const entry = version === null || version === present.version ? present : await entries.stat(caller, collection, name, version)
    if (entry.deleted || entry.kind !== 'file') throw new WaybillError('entry_not_found', WORDS.noFile)
    setCacheHeaders(reply, entry)
    if (asMetadata) return reply.send(fileEnvelope('', metadataOf(entry)))
    return sendMedia(request, reply, entry)
  }

  async function sendMedia(request: FastifyRequest, reply: FastifyReply, entry: Entry): Promise<FastifyReply> {
    reply.header('content-disposition', 'attachment')
    if (entry.size === 0) return reply.code(204).send()
    reply.header('content-type', isMediaType(entry.mediaType) ? entry.mediaType : 'application/octet-stream').header('content-length', entry.size)
    if (request.method === 'HEAD') return reply.send()
    const opened = await entries.open(callerOf(request), entry.collection, entry.path, entry.version)
    return reply.send(await opened.read())
  }
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
