import type { Fields } from '../model/entry.ts'
import { collectionPath, entryPath } from './places.ts'
import type { Transport } from './transport.ts'
import type { Body, EntryInfo, EntryPage, EntryQuery, PutOptions } from './types.ts'

/** Entries: bytes, metadata, lists. */
export class EntriesClient {
  readonly #transport: Transport

  constructor(transport: Transport) {
    this.#transport = transport
  }

  /** Uploads bytes as the next version of a path. Nothing is stored when the body breaks off, the digest differs or a condition fails. */
  put(collection: string, path: string, body: Body, options: PutOptions = {}): Promise<EntryInfo> {
    const headers: Record<string, string> = { 'content-type': options.mediaType ?? 'application/octet-stream' }
    if (options.sha256 !== undefined) headers['repr-digest'] = reprDigest(options.sha256)
    if (options.ifMatch !== undefined) headers['if-match'] = `"${options.ifMatch}"`
    if (options.ifNoneMatch !== undefined) headers['if-none-match'] = options.ifNoneMatch
    return this.#transport.json({ method: 'PUT', path: bytesPath(collection, path), headers, body, signal: options.signal })
  }

  /** The answer whose body streams the bytes; `Repr-Digest` and `ETag` are among its headers. Read or cancel the body. */
  get(
    collection: string,
    path: string,
    options: { readonly version?: number; readonly range?: string; readonly signal?: AbortSignal } = {},
  ): Promise<Response> {
    const headers: Record<string, string> = options.range === undefined ? {} : { range: options.range }
    return this.#transport.send({ path: bytesPath(collection, path), query: { version: options.version }, headers, signal: options.signal })
  }

  /** Soft: the path disappears, its versions stay. */
  remove(collection: string, path: string, options: { readonly ifMatch?: string } = {}): Promise<void> {
    const headers: Record<string, string> = options.ifMatch === undefined ? {} : { 'if-match': `"${options.ifMatch}"` }
    return this.#transport.done({ method: 'DELETE', path: bytesPath(collection, path), headers })
  }

  metadata(collection: string, path: string): Promise<EntryInfo> {
    return this.#transport.json({ path: metadataPath(collection, path) })
  }

  /** Changes the fields by a merge patch (RFC 7396): a new version over the same bytes. */
  patch(collection: string, path: string, fields: Fields, options: { readonly ifMatch?: string } = {}): Promise<EntryInfo> {
    const headers: Record<string, string> = { 'content-type': 'application/merge-patch+json' }
    if (options.ifMatch !== undefined) headers['if-match'] = `"${options.ifMatch}"`
    return this.#transport.json({ method: 'PATCH', path: metadataPath(collection, path), headers, body: JSON.stringify({ fields }) })
  }

  /** Newest first, tombstones too. */
  versions(collection: string, path: string): AsyncGenerator<EntryInfo, void, undefined> {
    return this.#transport.all({ path: `${collectionPath(collection)}/versions/${entryPath(path)}` })
  }

  /** Every entry, in path order, page after page. */
  list(collection: string, query: EntryQuery = {}): AsyncGenerator<EntryInfo, void, undefined> {
    return this.#transport.all({ path: `${collectionPath(collection)}/entries`, query: { ...query } })
  }

  /** One page; with a delimiter also the prefixes at this level. */
  page(collection: string, query: EntryQuery = {}): Promise<EntryPage> {
    return this.#transport.json({ path: `${collectionPath(collection)}/entries`, query: { ...query } })
  }
}

function bytesPath(collection: string, path: string): string {
  return `${collectionPath(collection)}/entries/${entryPath(path)}`
}

function metadataPath(collection: string, path: string): string {
  return `${collectionPath(collection)}/metadata/${entryPath(path)}`
}

/** A SHA-256 in hex as RFC 9530 section 3 writes it: a byte sequence of structured fields. */
function reprDigest(hex: string): string {
  const bytes = Uint8Array.from(hex.match(/../g) ?? [], pair => Number.parseInt(pair, 16))
  return `sha-256=:${btoa(String.fromCharCode(...bytes))}:`
}

/** The SHA-256 of a `Repr-Digest` header in hex, or null when it names none. */
export function sha256Of(header: string | null): string | null {
  const base64 = /(?:^|,)\s*sha-256=:([A-Za-z0-9+/=]+):/.exec(header ?? '')?.[1]
  return base64 === undefined ? null : Array.from(atob(base64), byte => byte.charCodeAt(0).toString(16).padStart(2, '0')).join('')
}
