import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'
import type { Caller } from '../model/access.ts'
import { DEFAULT_MEDIA_TYPE, type Entry } from '../model/entry.ts'
import { WaybillError, isWaybillError } from '../model/errors.ts'
import { measuresFault, partSizes, refuseIncomplete, type Upload, type UploadPart, type UploadPlan } from '../model/upload.ts'
import type { Blob, BlobStore } from '../ports/blob-store.ts'
import type { Ids } from '../ports/clock.ts'
import type { Ledger } from '../ports/ledger.ts'
import type { LedgerOf } from '../ports/recording.ts'
import type { Access } from './access.ts'
import { refusePlacedWrite } from './places/refusals.ts'
import type { Stores } from './stores.ts'
import type { Uploads, UploadWish } from './uploads-api.ts'
import { WriteChecks } from './write-checks.ts'

/** Uploads in parts. A part is a blob of its own, in the collection's store, until completing joins them. */
export class UploadService implements Uploads {
  readonly #ledger: Ledger
  readonly #by: LedgerOf
  readonly #access: Access
  readonly #stores: Stores
  readonly #ids: Ids
  readonly #checks: WriteChecks
  readonly #maxSize: number
  readonly #lifeMs: number
  /** Completions that run now: who asks again meanwhile waits for the same one. */
  readonly #completing = new Map<string, Promise<Entry>>()

  constructor(parts: { ledger: Ledger; by: LedgerOf; access: Access; stores: Stores; ids: Ids; maxUploadBytes: number; uploadLifeMs: number }) {
    this.#ledger = parts.ledger
    this.#by = parts.by
    this.#access = parts.access
    this.#stores = parts.stores
    this.#ids = parts.ids
    this.#checks = new WriteChecks(parts)
    this.#maxSize = parts.maxUploadBytes
    this.#lifeMs = parts.uploadLifeMs
  }

  async start(caller: Caller, wish: UploadWish): Promise<Upload> {
    const { collection, path, size, partSize, conditions } = wish
    refusePlacedWrite(await this.#checks.before(caller, collection, path, wish))
    const fault = measuresFault({ size, partSize })
    if (fault !== null) throw new WaybillError('invalid_request', fault)
    if (size > this.#maxSize) throw new WaybillError('body_too_large', `a file may have at most ${this.#maxSize} bytes, not ${size}`)
    await this.#checks.refuseEarly(collection, path, conditions)
    const plan = await this.#ledger.createUpload({
      id: this.#ids.uuid(),
      collection,
      path,
      size,
      partSize,
      mediaType: wish.mediaType ?? DEFAULT_MEDIA_TYPE,
      fields: wish.fields ?? null,
      conditions: conditions ?? {},
      startedBy: caller.subject,
      ttlMs: this.#lifeMs,
    })
    return { ...plan, parts: [] }
  }

  async get(caller: Caller, id: string): Promise<Upload> {
    const { plan } = await this.#open(caller, id)
    return { ...plan, parts: await this.#ledger.uploadParts(id) }
  }

  async part(caller: Caller, id: string, number: number): Promise<UploadPart | null> {
    const { plan } = await this.#open(caller, id)
    partSizes(plan, number)
    const [part] = await this.#ledger.uploadParts(id, number)
    return part ?? null
  }

  async putPart(caller: Caller, id: string, number: number, body: Readable): Promise<UploadPart> {
    const { plan, store } = await this.#open(caller, id)
    const sizes = partSizes(plan, number)
    const blob = await putAtMost(store, body, Math.max(...sizes))
    if (blob === null || !sizes.includes(blob.size)) {
      const arrived = blob === null ? 'more arrived' : `${blob.size} arrived`
      throw new WaybillError('invalid_request', `part ${number} of this upload has ${sizes[0]} bytes, ${arrived}; nothing of it was kept`)
    }
    const part = { number, size: blob.size, sha256: blob.sha256 }
    await this.#ledger.putUploadPart(id, part)
    return part
  }

  async complete(caller: Caller, id: string): Promise<Entry> {
    await this.#find(caller, id)
    const running = this.#completing.get(id) ?? this.#complete(caller, id).finally(() => this.#completing.delete(id))
    this.#completing.set(id, running)
    return running
  }

  async abort(caller: Caller, id: string): Promise<void> {
    await this.#open(caller, id)
    await this.#ledger.abortUpload(id)
  }

  /** A part that comes while the others are joined begins it anew: what was answered as taken is in the file. */
  async #complete(caller: Caller, id: string): Promise<Entry> {
    for (;;) {
      // the parts first: an upload that ends, or that another server completes, between the two has none, and is not incomplete for that
      const parts = await this.#ledger.uploadParts(id)
      const { plan, version, store } = await this.#find(caller, id)
      if (version !== null) return this.#made(plan, version)
      refuseIncomplete(plan, parts)
      await this.#checks.before(caller, plan.collection, plan.path)
      await this.#checks.refuseEarly(plan.collection, plan.path, plan.conditions)
      const blob = await join(store, plan.size, parts)
      await this.#find(caller, id) // to join many parts takes long: the grant may be gone by now (I9)
      const made = await this.#by(caller).completeUpload(id, parts, blob)
      if (made !== null) return made
    }
  }

  async #made({ id, collection, path }: UploadPlan, version: number): Promise<Entry> {
    const made = await this.#ledger.entry(collection, path, version)
    if (made === null) throw notFound(id)
    return made
  }

  /** The caller's own upload, completed or not, and the store its parts lie in. */
  async #find(caller: Caller, id: string): Promise<{ plan: UploadPlan; version: number | null; store: BlobStore }> {
    const found = await this.#ledger.upload(id)
    if (found?.plan.startedBy !== caller.subject) throw notFound(id)
    const { store } = await this.#access.require(caller, found.plan.collection, 'readwrite')
    return { ...found, store: this.#stores.named(store) }
  }

  /** As `#find`, one that is not completed. */
  async #open(caller: Caller, id: string): Promise<{ plan: UploadPlan; store: BlobStore }> {
    const found = await this.#find(caller, id)
    if (found.version !== null) throw notFound(id)
    return found
  }
}

/**
 * The parts as one blob: streamed in their order, one open at a time, and each is what arrived, or nothing is stored: `digest_mismatch`. `unavailable` where one
 * cannot be read. A single part is that blob already.
 */
async function join(store: BlobStore, size: number, parts: readonly UploadPart[]): Promise<Blob> {
  const filled = parts.filter(part => part.size > 0)
  const [first] = filled
  if (first !== undefined && filled.length === 1) return { sha256: first.sha256, size }
  const bytes = async function* (): AsyncGenerator<Uint8Array> {
    for (const part of filled) yield* wholePart(store, part)
  }
  const body = Readable.from(bytes(), { objectMode: false })
  body.on('error', (error: unknown) => error) // a part that breaks off after the put has failed must not end the process: nobody reads it any more
  try {
    return await store.put(body, { size })
  } finally {
    body.destroy() // closes the part that was being read when the put failed
  }
}

async function* wholePart(store: BlobStore, { number, sha256 }: UploadPart): AsyncGenerator<Uint8Array> {
  const digest = createHash('sha256')
  try {
    for await (const chunk of await store.get(sha256)) {
      digest.update(chunk as Uint8Array)
      yield chunk as Uint8Array
    }
  } catch (error) {
    if (isWaybillError(error, 'entry_not_found')) throw damaged(number)
    if (isWaybillError(error)) throw error
    throw new WaybillError('unavailable', `part ${number} of the upload cannot be read just now; complete it again later`, {}, { cause: error })
  }
  if (digest.digest('hex') !== sha256) throw damaged(number)
}

function damaged(number: number): WaybillError {
  return new WaybillError('digest_mismatch', `the stored bytes of part ${number} of the upload are not those that arrived; send the part again, then complete`)
}

/** The body as a blob, or null when it has more than `maxSize` bytes. */
async function putAtMost(store: BlobStore, body: Readable, maxSize: number): Promise<Blob | null> {
  try {
    return await store.put(body, { maxSize })
  } catch (error) {
    if (isWaybillError(error, 'body_too_large')) return null
    throw error
  }
}

function notFound(id: string): WaybillError {
  return new WaybillError('upload_not_found', `there is no upload ${JSON.stringify(id.slice(0, 50))} of yours; it may have ended, or been completed`)
}
