import { ClientError } from './client-error.ts'
import { checkedDownload } from './download.ts'
import { collectionPath, entryPath } from './places.ts'
import { newSha256, reprDigest, sha256Of, type Sha256 } from './sha256.ts'
import { chunksOf, streamOf } from './streams.ts'
import type { Call, Transport } from './transport.ts'
import type { Body, BodySource, DownloadOptions, EntryChange, EntryInfo, EntryPage, EntryQuery, Stoppable, UploadOptions } from './types.ts'

/** Entries: bytes, metadata, lists. */
export class EntriesClient {
  readonly #transport: Transport

  constructor(transport: Transport) {
    this.#transport = transport
  }

  /**
   * Uploads bytes as the next version of a path. Nothing is stored when the body breaks off, a condition fails, or the bytes that arrive do not have
   * the SHA-256 of those that were sent (`digest_mismatch`). A stream's is known only at its end: it is compared with what was stored, which stays,
   * unless `sha256` says it before. Without a condition, and when the bytes can be sent again, an upload is repeated when its answer is lost.
   */
  async upload(collection: string, path: string, body: BodySource, options: UploadOptions = {}): Promise<EntryInfo> {
    const call = { method: 'PUT', path: bytesPath(collection, path), signal: options.signal }
    const idempotent = options.ifMatch === undefined && options.ifNoneMatch === undefined
    const sha256 = options.sha256 ?? (isStreamed(body) ? undefined : await sha256Of(body))
    const headers = uploadHeaders(options, sha256)
    if (sha256 !== undefined) return this.#transport.json({ ...call, headers, body, idempotent })
    return this.#uploadHashed({ ...call, headers, idempotent }, body)
  }

  async #uploadHashed(call: Call, source: BodySource): Promise<EntryInfo> {
    let hash = newSha256()
    const hashedBody = (): Body => {
      hash = newSha256()
      return hashed(typeof source === 'function' ? source() : source, hash)
    }
    const entry = await this.#transport.json<EntryInfo>({ ...call, body: typeof source === 'function' ? hashedBody : hashedBody() })
    const sha256 = hash.digest()
    if (entry.digest === sha256) return entry
    const detail = `version ${entry.version} of ${entry.path} was stored with other bytes than were sent (SHA-256 ${entry.digest}, not ${sha256}); upload it again`
    throw new ClientError(200, 'digest_mismatch', detail)
  }

  /**
   * The answer whose body streams the bytes, checked: reading it fails with a `ClientError` when not all of them came, or when those of a whole file
   * do not have their SHA-256. A line that breaks is mended: the rest is asked for, of the same version. `ETag` is among the headers. Read or cancel
   * the body.
   */
  async download(collection: string, path: string, options: DownloadOptions = {}): Promise<Response> {
    const call = { path: bytesPath(collection, path), query: { version: options.version }, signal: options.signal }
    const { start, end } = options.range ?? {}
    const first = await this.#transport.send(start === undefined ? call : { ...call, headers: { range: rangeOf(start, end) } })
    return checkedDownload(`${collection}:${path}`, first, rest =>
      this.#transport.send({ ...call, headers: { range: rangeOf(rest.start, rest.end ?? undefined), 'if-match': rest.ifMatch } }),
    )
  }

  /** Soft: the path disappears, its versions stay. */
  remove(collection: string, path: string, options: { readonly ifMatch?: string } & Stoppable = {}): Promise<void> {
    const headers: Record<string, string> = options.ifMatch === undefined ? {} : { 'if-match': `"${options.ifMatch}"` }
    return this.#transport.json({ method: 'DELETE', path: bytesPath(collection, path), headers, signal: options.signal })
  }

  /** Without its bytes; an earlier version where one is named. */
  metadata(collection: string, path: string, options: { readonly version?: number } & Stoppable = {}): Promise<EntryInfo> {
    return this.#transport.json({ path: metadataPath(collection, path), query: { version: options.version }, signal: options.signal })
  }

  /** Changes fields (by a merge patch, RFC 7396) and media type: a new version over the same bytes. */
  patch(collection: string, path: string, change: EntryChange, options: { readonly ifMatch?: string } & Stoppable = {}): Promise<EntryInfo> {
    const headers: Record<string, string> = options.ifMatch === undefined ? {} : { 'if-match': `"${options.ifMatch}"` }
    return this.#transport.json({ method: 'PATCH', path: metadataPath(collection, path), headers, json: change, signal: options.signal })
  }

  /** Newest first, tombstones too. */
  versions(collection: string, path: string, options: Stoppable = {}): AsyncGenerator<EntryInfo, void, undefined> {
    return this.#transport.all({ path: `${collectionPath(collection)}/versions/${entryPath(path)}`, signal: options.signal })
  }

  /** Every entry, in path order, page after page. */
  list(collection: string, query: Omit<EntryQuery, 'delimiter' | 'cursor'> = {}): AsyncGenerator<EntryInfo, void, undefined> {
    return this.#transport.all(entriesCall(collection, query))
  }

  /** One page; with a delimiter also the prefixes at this level. */
  page(collection: string, query: EntryQuery = {}): Promise<EntryPage> {
    return this.#transport.json(entriesCall(collection, query))
  }
}

function entriesCall(collection: string, { signal, ...query }: EntryQuery): Call {
  return { path: `${collectionPath(collection)}/entries`, query, signal }
}

function uploadHeaders(options: UploadOptions, sha256: string | undefined): Record<string, string> {
  const headers: Record<string, string> = { 'content-type': options.mediaType ?? 'application/octet-stream' }
  if (sha256 !== undefined) headers['repr-digest'] = reprDigest(sha256)
  if (options.ifMatch !== undefined) headers['if-match'] = `"${options.ifMatch}"`
  if (options.ifNoneMatch !== undefined) headers['if-none-match'] = options.ifNoneMatch
  return headers
}

/** True for what can be read only while it is sent. */
function isStreamed(body: BodySource): body is ReadableStream<Uint8Array> | (() => Body) {
  return typeof body === 'function' || body instanceof ReadableStream
}

/** The same bytes as a stream, hashed as they pass. */
function hashed(body: Body, hash: Sha256): ReadableStream<Uint8Array> {
  async function* passing(stream: ReadableStream<Uint8Array<ArrayBuffer>>): AsyncGenerator<Uint8Array<ArrayBuffer>, void, undefined> {
    for await (const chunk of chunksOf(stream)) {
      hash.update(chunk)
      yield chunk
    }
  }
  return streamOf(passing((body instanceof ReadableStream ? body : new Response(body).body) as ReadableStream<Uint8Array<ArrayBuffer>>))
}

/** RFC 9110 section 14.1.2. */
function rangeOf(start: number, end: number | undefined): string {
  return `bytes=${start}-${end ?? ''}`
}

function bytesPath(collection: string, path: string): string {
  return `${collectionPath(collection)}/entries/${entryPath(path)}`
}

function metadataPath(collection: string, path: string): string {
  return `${collectionPath(collection)}/metadata/${entryPath(path)}`
}
