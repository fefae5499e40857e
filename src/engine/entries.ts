import type { Readable } from 'node:stream'
import type { Caller } from '../model/access.ts'
import type { CollectionView } from '../model/collection.ts'
import { DEFAULT_MEDIA_TYPE, type Conditions, type Entry, type Fields } from '../model/entry.ts'
import { WaybillError } from '../model/errors.ts'
import type { Page, PageQuery } from '../model/page.ts'
import { checkPath, prefixFault } from '../model/paths.ts'
import type { ByteRange } from '../ports/blob-store.ts'
import type { EntryFilter, EntryPage, Ledger } from '../ports/ledger.ts'
import type { LedgerOf } from '../ports/recording.ts'
import type { Access } from './access.ts'
import type { Entries, OpenEntry, PutRequest } from './api.ts'
import type { Looks } from './places/looks.ts'
import { PlacedEntries } from './places/placed-entries.ts'
import { refusePlacedWrite } from './places/refusals.ts'
import type { Stores } from './stores.ts'
import { WriteChecks } from './write-checks.ts'

/** Entries of collections, one at a time: bytes in and out, metadata, versions. */
export class EntryService implements Entries {
  readonly #ledger: Ledger
  readonly #by: LedgerOf
  readonly #access: Access
  readonly #stores: Stores
  readonly #looks: Looks
  readonly #placed: PlacedEntries
  readonly #checks: WriteChecks
  readonly #maxSize: number

  constructor(parts: { ledger: Ledger; by: LedgerOf; access: Access; stores: Stores; looks: Looks; maxUploadBytes: number }) {
    this.#ledger = parts.ledger
    this.#by = parts.by
    this.#access = parts.access
    this.#stores = parts.stores
    this.#looks = parts.looks
    this.#placed = new PlacedEntries(parts)
    this.#checks = new WriteChecks(parts)
    this.#maxSize = parts.maxUploadBytes
  }

  async list(caller: Caller, collection: string, filter: EntryFilter, page: PageQuery): Promise<EntryPage> {
    const { store, attached } = await this.#access.require(caller, collection, 'readonly')
    const fault = prefixFault(filter.prefix ?? '')
    if (fault !== null) throw new WaybillError('invalid_path', `prefix: ${fault}`)
    if (attached) return this.#placed.list({ collection, store }, filter, page)
    return this.#ledger.entries(collection, filter, page)
  }

  async stat(caller: Caller, collection: string, path: string, version?: number): Promise<Entry> {
    const view = await this.#access.require(caller, collection, 'readonly')
    await this.#refresh(view, path)
    return this.#find(collection, path, version)
  }

  async open(caller: Caller, collection: string, path: string, version?: number): Promise<OpenEntry> {
    const view = await this.#access.require(caller, collection, 'readonly')
    await this.#refresh(view, path)
    const entry = await this.#find(collection, path, version)
    const { store } = view
    if (view.attached) return this.#openPlaced(store, entry)
    const { digest } = entry
    if (entry.deleted || digest === null) throw new WaybillError('entry_not_found', `${JSON.stringify(path)} has no bytes in this version`)
    return { entry, read: (range?: ByteRange) => this.#stores.named(store).get(digest, range) }
  }

  async put(
    caller: Caller,
    collection: string,
    path: string,
    body: Readable,
    request: PutRequest,
  ): Promise<{ readonly entry: Entry; readonly created: boolean }> {
    const view = await this.#checks.before(caller, collection, path, request)
    refusePlacedWrite(view)
    const { store } = view
    await this.#checks.refuseEarly(collection, path, request.conditions)
    const blob = await this.#stores.named(store).put(body, {
      maxSize: this.#maxSize,
      ...(request.sha256 === undefined ? {} : { sha256: request.sha256 }),
      ...(request.size === undefined ? {} : { size: request.size }),
    })
    // a body may take hours: by now the grant may be gone, and the collection another one of that id (I9)
    await this.#access.requireRole(caller, collection, 'readwrite')
    // conditions and locks are checked again where it counts, in the transaction that makes the version; bytes that it refuses are swept as orphans
    return this.#by(caller).putEntry({
      collection,
      path,
      subject: caller.subject,
      ...(request.conditions === undefined ? {} : { conditions: request.conditions }),
      kind: 'file',
      digest: blob.sha256,
      size: blob.size,
      mediaType: request.mediaType ?? DEFAULT_MEDIA_TYPE,
      fields: request.fields ?? null,
    })
  }

  async stage(
    caller: Caller,
    collection: string,
    body: Readable,
    expect: { readonly maxSize?: number } = {},
  ): Promise<{ readonly digest: string; readonly size: number }> {
    const view = await this.#access.require(caller, collection, 'readwrite')
    refusePlacedWrite(view)
    const { store } = view
    const { sha256, size } = await this.#stores.named(store).put(body, { maxSize: Math.min(expect.maxSize ?? this.#maxSize, this.#maxSize) })
    return { digest: sha256, size }
  }

  async remove(caller: Caller, collection: string, path: string, conditions: Conditions = {}): Promise<Entry> {
    refusePlacedWrite(await this.#checks.before(caller, collection, path))
    return this.#by(caller).removeEntry({ collection, path, subject: caller.subject, conditions })
  }

  async patch(
    caller: Caller,
    collection: string,
    path: string,
    change: { readonly fields?: Fields; readonly mediaType?: string },
    conditions: Conditions = {},
  ): Promise<Entry> {
    await this.#refresh(await this.#checks.before(caller, collection, path, change), path)
    return this.#by(caller).patchEntry({ collection, path, subject: caller.subject, conditions, ...change })
  }

  async versions(caller: Caller, collection: string, path: string, page: PageQuery): Promise<Page<Entry>> {
    await this.#refresh(await this.#access.require(caller, collection, 'readonly'), path)
    const found = await this.#ledger.versions(collection, checkPath(path), page)
    if (found.items.length === 0 && page.cursor === undefined) throw notFound(path)
    return found
  }

  async byRevision(caller: Caller, revision: string): Promise<Entry> {
    const entry = await this.#ledger.entryByRevision(revision, caller.subject)
    if (entry === null) {
      throw new WaybillError('entry_not_found', `there is no version with the revision ${JSON.stringify(revision.slice(0, 64))} that you may read`)
    }
    return entry
  }

  /** What others did to a file of a place is noticed before anything is said of it. */
  async #refresh({ id, store, attached }: CollectionView, path: string): Promise<void> {
    if (attached) await this.#looks.paths({ collection: id, store }, [checkPath(path)])
  }

  /** Of a file in a place there are the present bytes only. */
  async #openPlaced(store: string, entry: Entry): Promise<OpenEntry> {
    const { collection, path, stamp, version } = entry
    const present = await this.#ledger.entry(collection, path)
    if (entry.deleted || stamp === null || present?.version !== version) {
      throw new WaybillError(
        'version_not_found',
        `${JSON.stringify(path)} has no bytes in version ${version} any more: an attached collection has those of the present one`,
      )
    }
    return { entry, read: (range?: ByteRange) => this.#stores.place(store).open(path, stamp, range) }
  }

  async #find(collection: string, path: string, version: number | undefined): Promise<Entry> {
    const entry = await this.#ledger.entry(collection, checkPath(path), version)
    if (entry !== null && (version !== undefined || !entry.deleted)) return entry
    if (version === undefined) throw notFound(path)
    throw new WaybillError('version_not_found', `${JSON.stringify(path)} has no version ${version}`)
  }
}

function notFound(path: string): WaybillError {
  return new WaybillError('entry_not_found', `there is no entry ${JSON.stringify(path)}`)
}
