import { Readable } from 'node:stream'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Caller } from '../../model/access.ts'
import type { Conditions, Entry } from '../../model/entry.ts'
import { WaybillError, isWaybillError } from '../../model/errors.ts'
import { authenticate, callerOf } from '../auth.ts'
import { unlessGivenUp } from '../body-watch.ts'
import { decodeBase64, readMedia } from './base64-stream.ts'
import { fileEnvelope } from './envelope.ts'
import { badRequest } from './errors.ts'
import { fieldsOf, fileTypeOf, mediaTypeOf, parseMetadata } from './file-metadata.ts'
import type { FileMetadata } from './file-metadata.ts'
import type { ApolloOptions } from './options.ts'
import { MultipartRelated, relatedBoundary } from './multipart-related.ts'
import type { RelatedPart } from './multipart-related.ts'
import { collectionOf, fileNameOf, headerOf, versionIn } from './request.ts'
import { WORDS } from './words.ts'

/** The metadata part: names and descriptions, a page of text at most. */
const METADATA_BYTES = 64 * 1024

/** What the request asks for, apart from its body. */
interface UploadRequest {
  readonly caller: Caller
  readonly collection: string
  readonly name: string
  readonly conditions: Conditions
  readonly metadataOnly: boolean
}

/**
 * `PUT .../upload/{filename}`: part 1 the metadata, part 2 the media, streamed. Always a new version, unless `If-None-Match: *` (only when there
 * is none) or `If-Match: N` (only when N is the latest) says otherwise. Nothing is stored when the body breaks off or a condition fails.
 */
export function uploadRoute(app: FastifyInstance, { services }: ApolloOptions): void {
  app.put('/upload/:name', { onRequest: authenticate(services, ['apollo_read', 'apollo_write']) }, async (request, reply) => {
    const wish: UploadRequest = {
      caller: callerOf(request),
      name: fileNameOf(request),
      collection: collectionOf(request),
      conditions: uploadConditions(headerOf(request, 'if-match'), headerOf(request, 'if-none-match')),
      metadataOnly: metadataOnly(headerOf(request, 'x-metadata-only')),
    }
    const boundary = relatedBoundary(request.headers['content-type'])
    if (boundary === null) throw badRequest(`${WORDS.badRequest}: the Content-Type must be multipart/related with a boundary of 1 to 70 characters`)
    refuseTooLong(request, services.limits.uploadBytes)
    const body = bodyStream(request)
    // Its end must not destroy the request: the answer still has to go out.
    const chunks = body.iterator({ destroyOnReturn: false }) as AsyncIterableIterator<Buffer>
    try {
      const stored = await unlessGivenUp(reply, storeParts(new MultipartRelated(chunks, boundary), wish))
      if (stored === null) return await reply
      return uploadAnswer(stored, wish.metadataOnly)
    } finally {
      letPass(body, chunks, request)
    }
  })

  async function storeParts(reader: MultipartRelated, wish: UploadRequest): Promise<Entry> {
    const first = await reader.next()
    if (first === null) throw badRequest(`${WORDS.badMetadata} The body has no parts; send the metadata, then the media`)
    const metadata = parseMetadata(await readWhole(first.body))
    if (metadata.name !== wish.name) throw badRequest(WORDS.otherName)
    const second = await reader.next()
    if (wish.metadataOnly) {
      await finish(reader)
      return storeMetadata(wish, metadata)
    }
    if (second === null) throw badRequest(`${WORDS.badRequest}: the second part, the media, is missing; send it, or X-Metadata-Only: true`)
    const media = mediaOf(second, metadata.size)
    return put(wish, metadata, second.headers.get('content-type') ?? null, Readable.from(whole(media, reader), { objectMode: false }))
  }

  async function put(wish: UploadRequest, metadata: FileMetadata, partType: string | null, body: Readable): Promise<Entry> {
    const request = { mediaType: mediaTypeOf(metadata, partType), fields: fieldsOf(metadata), conditions: wish.conditions }
    const { entry } = await services.engine.entries.put(wish.caller, wish.collection, wish.name, body, request)
    return entry
  }

  /** X-Metadata-Only: a new version of the metadata over the same bytes, or of a new file without any. */
  async function storeMetadata(wish: UploadRequest, metadata: FileMetadata): Promise<Entry> {
    const { entries } = services.engine
    try {
      const present = await entries.stat(wish.caller, wish.collection, wish.name)
      const cleared = { file_description: null, file_rating: null, max_age: null, file_type: null }
      const change = { fields: { ...cleared, ...fieldsOf(metadata) }, mediaType: mediaTypeOf(metadata, present.mediaType) }
      return await entries.patch(wish.caller, wish.collection, wish.name, change, wish.conditions)
    } catch (error) {
      if (!isWaybillError(error, 'entry_not_found')) throw error
      return put(wish, metadata, null, Readable.from([]))
    }
  }
}

/** Passes the media on, and lets it end only when the rest of the body is sound: its closing boundary, and no third part. */
async function* whole(media: AsyncIterable<Buffer>, reader: MultipartRelated): AsyncGenerator<Buffer> {
  yield* media
  await finish(reader)
}

async function finish(reader: MultipartRelated): Promise<void> {
  if ((await reader.next()) !== null) throw badRequest(`${WORDS.badRequest}: the body has more than two parts; send the metadata, then the media`)
  await reader.end()
}

function mediaOf(part: RelatedPart, fileSize: number | null): AsyncIterable<Buffer> {
  const encoding = part.headers.get('content-transfer-encoding')?.toLowerCase()
  if (encoding === 'base64') return decodeBase64(part.body)
  if (encoding === undefined) return readMedia(part.body, fileSize)
  if (['binary', '8bit', '7bit'].includes(encoding)) return part.body
  throw badRequest(`${WORDS.badRequest}: the Content-Transfer-Encoding must be base64 or binary`)
}

async function readWhole(body: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const bytes of body) {
    size += bytes.length
    if (size > METADATA_BYTES) throw badRequest(`${WORDS.badMetadata} It has more than ${METADATA_BYTES} bytes`)
    chunks.push(bytes)
  }
  return Buffer.concat(chunks)
}

/** If-None-Match: * creates only; If-Match: N replaces only version N. Together they could never hold. */
export function uploadConditions(ifMatch: string | null, ifNoneMatch: string | null): Conditions {
  if (ifMatch !== null && ifNoneMatch !== null) throw badRequest(`${WORDS.badRequest}: send If-Match or If-None-Match, not both`)
  if (ifNoneMatch !== null && ifNoneMatch !== '*') throw badRequest(`${WORDS.badRequest}: If-None-Match must be *`)
  if (ifNoneMatch !== null) return { ifNoneMatch: '*' }
  if (ifMatch === null) return {}
  const version = versionIn(ifMatch)
  if (version === null) throw badRequest(`${WORDS.badRequest}: If-Match must be a version number such as 1`)
  return { ifVersion: version }
}

/**
 * Spares a client the upload of what is refused anyway; the exact bound is the engine's. Base64 takes a third more than its media, with its line breaks
 * a little more than that.
 */
function refuseTooLong(request: FastifyRequest, most: number): void {
  const length = Number(request.headers['content-length'] ?? 0)
  if (length > most * 1.5 + METADATA_BYTES)
    throw new WaybillError('body_too_large', `the body has ${length} bytes; media of at most ${most} bytes is allowed here`)
}

function metadataOnly(header: string | null): boolean {
  const value = header?.toLowerCase() ?? 'false'
  if (value !== 'true' && value !== 'false') throw badRequest(`${WORDS.badRequest}: X-Metadata-Only must be true or false`)
  return value === 'true'
}

function bodyStream(request: FastifyRequest): Readable {
  return request.body instanceof Readable ? request.body : Readable.from([])
}

/** Lets the rest of a refused body pass unread, so that the connection is good for the next request. The answer does not wait for it. */
function letPass(body: Readable, chunks: AsyncIterableIterator<Buffer>, request: FastifyRequest): void {
  Promise.resolve(chunks.return?.()).then(
    () => body.resume(),
    (error: unknown) => {
      request.log.debug({ err: error }, 'the body of a refused upload broke off')
    },
  )
}

function uploadAnswer(entry: Entry, metadataOnly: boolean): object {
  return fileEnvelope(WORDS.uploaded, {
    message: metadataOnly ? WORDS.uploadedMetadata : WORDS.uploaded,
    entityId: entry.entityId,
    version: String(entry.version),
    fileName: entry.path,
    fileSize: entry.size,
    fileType: fileTypeOf(entry),
  })
}
