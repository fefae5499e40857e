import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { leastPartSize, type Upload, type UploadPart } from '../../model/upload.ts'
import { callerOf } from '../auth.ts'
import { jsonObjectOf } from '../json-body.ts'
import { partUrl } from '../signed-transfers.ts'
import { CODES } from './codes.ts'
import type { Context } from './context.ts'
import { Refusal, badRequest, withLines } from './errors.ts'
import type { FileObject } from './file-object.ts'
import { findFolder, type Folder } from './folders.ts'
import { checkName, pathOne, placeOf, queryOne, textOf } from './request.ts'
import { PREFIX, nameOf, timeWords } from './words.ts'

/** Parts of clients that leave the size to us: few round trips, and little to send again. The official client holds four in memory. */
const USUAL_PART = 32 * 1024 * 1024

/** What a file that is in the way is told as, at the start and at the end of an upload. */
const TAKEN = { precondition_failed: CODES.fileExists, entry_exists: CODES.fileExists }

/** An upload as told. `parts` are those that have arrived, whether or not they were reported. */
interface UploadObject {
  readonly href: string
  readonly upload_id: string
  readonly project: string
  readonly name: string
  readonly size: number
  readonly part_size: number
  readonly parallel_uploads: boolean
  readonly initialized_on: string
  readonly expires_on: string
  readonly parts: readonly PartObject[]
}

interface PartObject {
  readonly part_number: number
  readonly size: number
  readonly response: { readonly headers: { readonly ETag: string } }
}

/** `/v2/upload/multipart`: uploads in parts. The parts' bytes go to signed URLs (http/signed-transfers.ts), as they would to a storage service. */
export function uploadRoutes(app: FastifyInstance, context: Context): void {
  const { engine, writes } = context
  const one = '/upload/multipart/:id'
  app.post('/upload/multipart', writes, start)
  app.get(one, writes, async request => uploadObject(await engine.uploads.get(callerOf(request), idOf(request)), context.base(request)))
  app.get(`${one}/part/:number`, writes, partInfo)
  // the official client reports with a slash at the end, the documents without
  for (const url of [`${one}/part`, `${one}/part/`]) app.post(url, writes, report)
  app.post(`${one}/complete`, writes, complete)
  app.delete(one, writes, abort)

  async function start(request: FastifyRequest): Promise<UploadObject> {
    const body = jsonObjectOf(request.body)
    const name = textOf(body, 'name')
    if (name === null) throw badRequest(CODES.badFileName, 'name is missing; give the name of the new file')
    checkName(name, CODES.badFileName)
    const size = wholeOf(body, 'size')
    if (size === null) throw badRequest(CODES.badFileRequest, 'size is missing; give the size of the file in bytes')
    const overwrite = isTrue(request, 'overwrite')
    const folder = await findFolder(engine, callerOf(request), placeOf(body), 'readwrite')
    if (await isTaken(request, folder, name, overwrite)) {
      throw new Refusal('entry_exists', CODES.fileExists, `${JSON.stringify(name)} exists there already; choose another name, or for a file overwrite=true`)
    }
    const wish = {
      collection: folder.project,
      path: folder.path === '' ? name : `${folder.path}/${name}`,
      size,
      partSize: Math.max(wholeOf(body, 'part_size') ?? USUAL_PART, leastPartSize(size)),
      ...(overwrite ? {} : { conditions: { ifNoneMatch: '*' } as const }),
    }
    const upload = await withLines(engine.uploads.start(callerOf(request), wish), { ...TAKEN, invalid_path: CODES.badFileName })
    return uploadObject(upload, context.base(request))
  }

  /** Told before gigabytes are sent, not after: a folder is never overwritten, a file only when that is wished. */
  async function isTaken(request: FastifyRequest, { project, path }: Folder, name: string, overwrite: boolean): Promise<boolean> {
    const { items } = await engine.tree.children(callerOf(request), project, path, { names: [name] }, { offset: 0, limit: 1 })
    return items.some(({ kind }) => kind === 'folder' || !overwrite)
  }

  /** How to send one part: the documents' description of a request to a storage service. */
  async function partInfo(request: FastifyRequest): Promise<object> {
    const id = idOf(request)
    const text = pathOne(request, 'number')
    const number = /^\d{1,9}$/.test(text) ? Number(text) : 0
    await engine.uploads.part(callerOf(request), id, number) // refuses a number that no part has
    const { url, expiresAt } = partUrl(context.services, request, callerOf(request), id, number)
    return { method: 'PUT', url, expires: timeWords(expiresAt), headers: {}, success_codes: [200], report: { headers: ['ETag'] } }
  }

  /** A report changes nothing, the part is here; it says whether it is the one that was sent. */
  async function report(request: FastifyRequest): Promise<PartObject> {
    const body = jsonObjectOf(request.body)
    const number = wholeOf(body, 'part_number')
    if (number === null) throw badRequest(CODES.badFileRequest, 'part_number is missing; give the number of the part that was sent')
    const part = await engine.uploads.part(callerOf(request), idOf(request), number)
    if (part === null) throw badRequest(CODES.badFileRequest, `part ${number} has not arrived; send its bytes first`)
    const etag = etagOf(body)
    if (etag !== null && etag !== part.sha256) {
      throw badRequest(CODES.badFileRequest, `part ${part.number} has the ETag ${part.sha256}, not ${JSON.stringify(etag.slice(0, 100))}; send it again`)
    }
    return partObject(part)
  }

  async function complete(request: FastifyRequest): Promise<FileObject> {
    const entry = await withoutTimeout(request, () => withLines(engine.uploads.complete(callerOf(request), idOf(request)), TAKEN))
    return context.files(request).of(entry)
  }

  async function abort(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    await engine.uploads.abort(callerOf(request), idOf(request))
    return reply.code(204).send()
  }
}

function uploadObject(upload: Upload, base: string): UploadObject {
  return {
    href: `${base}${PREFIX}/upload/multipart/${upload.id}`,
    upload_id: upload.id,
    project: upload.collection,
    name: nameOf(upload.path),
    size: upload.size,
    part_size: upload.partSize,
    parallel_uploads: true,
    initialized_on: timeWords(upload.startedAt),
    expires_on: timeWords(upload.expiresAt),
    parts: upload.parts.map(partObject),
  }
}

function partObject({ number, size, sha256 }: UploadPart): PartObject {
  return { part_number: number, size, response: { headers: { ETag: sha256 } } }
}

/** To join the parts of a large file takes minutes without a byte on the connection, which would be cut off for its silence. */
async function withoutTimeout<T>({ raw, server }: FastifyRequest, work: () => Promise<T>): Promise<T> {
  raw.socket.setTimeout(0)
  try {
    return await work()
  } finally {
    raw.socket.setTimeout(server.server.timeout)
  }
}

function idOf(request: FastifyRequest): string {
  return pathOne(request, 'id')
}

/** A member of a body that is a whole number, or null when it is absent. */
function wholeOf(body: Readonly<Record<string, unknown>>, name: string): number | null {
  const value = body[name] ?? null
  if (value === null) return null
  if (Number.isSafeInteger(value) && (value as number) >= 0) return value as number
  throw badRequest(CODES.badFileRequest, `${name} must be a whole number from 0`)
}

/** A query parameter that is true or false, in any letter case: Python writes True. */
function isTrue(request: FastifyRequest, name: string): boolean {
  const text = queryOne(request, name)?.toLowerCase() ?? 'false'
  if (text !== 'true' && text !== 'false') throw badRequest(CODES.badRequest, `${name} must be true or false`)
  return text === 'true'
}

/** `response.headers.ETag` of a report, whatever the letter case of the header, without its quotes; null when it is not told. */
function etagOf({ response }: Readonly<Record<string, unknown>>): string | null {
  const headers = Object.entries((response as { headers?: object | null } | null | undefined)?.headers ?? {}) as [string, unknown][]
  const etag = headers.find(([name]) => name.toLowerCase() === 'etag')?.[1]
  return typeof etag === 'string' ? etag.replaceAll('"', '') : null
}
