import type { Readable } from 'node:stream'
import type { BlobItem, ContainerListBlobFlatSegmentResponse } from '@azure/storage-blob'
import { WaybillError } from '../../model/errors.ts'
import { isOfWrongBytes } from '../../model/wrong-bytes.ts'
import type { Blob, BlobSource, BlobStore, ByteRange, PutExpectations, StoredBlob, TakeOptions } from '../../ports/blob-store.ts'
import { BodyMeter } from '../body-meter.ts'
import { checkDigest, isDigest } from '../digest.ts'
import { OneAtATime } from '../one-at-a-time.ts'
import { partsOf } from '../parts.ts'
import { isThere, putWhole } from '../receiving.ts'
import { SMALL_BYTES } from '../service-copies.ts'
import { readBlob, verifyBlob, type Download, type ServiceReader } from '../service-read.ts'
import { publishCopy } from './azure-copy.ts'
import { AzureService, changedAt, stateOf, type AzureStoreOptions } from './azure-service.ts'
import { copyBlobs } from './azure-take.ts'
import { AzureUpload, md5 } from './azure-upload.ts'

/** Whether the service is there is asked often, by whoever balances the load: so quickly and once. */
const HEALTH = { attempts: 1, attemptMs: 10_000 }

/** A store in a container of Azure Blob Storage. Asks the service nothing yet. Throws `invalid_request` for a connection string that is none. */
export function openAzureBlobStore(options: AzureStoreOptions): BlobStore {
  return new AzureBlobStore(new AzureService(options))
}

/**
 * Blobs in a container.
 *
 *     <prefix>blobs/<64 hex>   whole blobs; when one was last put is when it was last written, by the service's clock
 *     <prefix>tmp/<uuid>       bytes of puts that are not finished
 *     <prefix>tmp/<64 hex>     those of a known blob, which the next try goes on with
 *
 * A body of at most one block goes under its final name in one request. A longer one goes to a temporary blob, block by block, and is copied to its final name within
 * the service (docs/decisions/0025-blobs-in-a-bucket.md). Every write changes a blob's ETag, which a deletion names: so the two never mix, whoever writes.
 */
class AzureBlobStore implements BlobStore {
  readonly name: string
  readonly shared = true
  readonly capabilities = { serverSideCopy: true, link: false }
  readonly #service: AzureService
  readonly #receiving = new OneAtATime()
  readonly #reader: ServiceReader

  constructor(service: AzureService) {
    this.name = service.store
    this.#service = service
    this.#reader = {
      store: service.store,
      clock: service.clock,
      fetch: (sha256, range) => service.coded(() => this.#fetch(sha256, range)),
      size: async sha256 => (await this.stat(sha256))?.size ?? null,
    }
  }

  /** Never destroys `body`: after a refusal the caller does, or lets its connection answer first. */
  async put(body: Readable, expect: PutExpectations = {}): Promise<Blob> {
    const upload = new AzureUpload(this.#service)
    return this.#service.coded(async () => {
      try {
        return await this.#send(body, new BodyMeter(expect), upload)
      } finally {
        await upload.clear()
      }
    })
  }

  async receive(source: BlobSource, { unlessPutSince, signal, onProgress }: Omit<TakeOptions, 'slot'>): Promise<void> {
    const { sha256, size } = source
    checkDigest(sha256)
    await this.#receiving.run(sha256, async () => {
      if (size > SMALL_BYTES && isThere(await this.stat(sha256), source, unlessPutSince)) return
      if (size <= this.#service.limits.blockBytes(0)) return putWhole(this, source)
      let sent = 0
      const onSent = (bytes: number): void => {
        sent += bytes
        onProgress?.(sha256, sent)
      }
      await this.#service.coded(() => this.#resume(source, new AzureUpload(this.#service, { name: sha256, signal, onSent })))
    })
  }

  async copyFrom(other: BlobStore, blobs: readonly Blob[], options: TakeOptions): Promise<ReadonlySet<string>> {
    if (!(#service in other) || other.#service.identity !== this.#service.identity)
      throw new WaybillError('unsupported', `the store "${this.name}" has its own account copy only from stores of the same one; "${other.name}" is none`)
    const from = other.#service
    return this.#service.coded(() => copyBlobs(from, this.#service, blobs, options))
  }

  async get(sha256: string, range?: ByteRange): Promise<Readable> {
    return readBlob(this.#reader, sha256, range)
  }

  async stat(sha256: string): Promise<StoredBlob | null> {
    checkDigest(sha256)
    return this.#service.coded(async () => {
      const found = await this.#service.find(this.#service.blob(sha256))
      return found?.state === 'whole' ? { sha256, size: found.size, putAt: found.changedAt } : null
    })
  }

  async verify(sha256: string): Promise<boolean> {
    return verifyBlob(this, sha256)
  }

  async *list(): AsyncIterable<StoredBlob> {
    const beneath = `${this.#service.prefix}blobs/`
    for await (const { name, properties } of this.#beneath(beneath)) {
      const sha256 = name.slice(beneath.length)
      if (!isDigest(sha256) || stateOf(properties.copyStatus) !== 'whole') continue
      yield { sha256, size: properties.contentLength ?? 0, putAt: changedAt(properties.lastModified) }
    }
  }

  async delete(sha256: string, unlessPutSince: number): Promise<boolean> {
    checkDigest(sha256)
    const blob = this.#service.blob(sha256)
    return this.#service.coded(async () => {
      const found = await this.#service.find(blob)
      if (found === null) return true
      if (found.state === 'copying' || found.changedAt >= unlessPutSince) return false
      return this.#service.remove(blob, found.etag)
    })
  }

  async sweepUnfinished(before: number, resumableBefore = before): Promise<number> {
    let swept = 0
    for await (const { name, properties } of this.#beneath(this.#service.prefix)) {
      const rest = name.slice(this.#service.prefix.length)
      const broken = /^blobs\/[0-9a-f]{64}$/.test(rest) && stateOf(properties.copyStatus) === 'broken'
      const resumable = /^tmp\/[0-9a-f]{64}$/.test(rest)
      if (!broken && !resumable && !/^tmp\/[0-9a-f-]{36}$/.test(rest)) continue // other things may lie beneath the same prefix
      if (this.#service.running.has(name) || changedAt(properties.lastModified) >= (resumable ? resumableBefore : before)) continue
      if (await this.#service.coded(() => this.#service.remove(this.#service.named(name), properties.etag))) swept += 1
    }
    return swept
  }

  async health(): Promise<void> {
    await this.#service.coded(() => this.#service.ask(abortSignal => this.#service.container.getProperties({ abortSignal }), HEALTH))
  }

  async #send(body: Readable, meter: BodyMeter, upload: AzureUpload): Promise<Blob> {
    for await (const block of partsOf(body, meter, this.#service.limits.blockBytes)) {
      if (block.last && upload.isEmpty) return this.#putAtOnce(meter.finish(), block.bytes)
      if (block.bytes.byteLength > 0) await upload.add(block.bytes)
    }
    const blob = meter.finish()
    await publishCopy(this.#service, await upload.finish(), this.#service.blob(blob.sha256), blob.size)
    return blob
  }

  /** The blocks stay when the source breaks off; wrong bytes leave nothing. */
  async #resume(source: BlobSource, upload: AzureUpload): Promise<void> {
    let keep = false
    try {
      const body = await source.open(0)
      try {
        await this.#send(body, new BodyMeter({ sha256: source.sha256, size: source.size, maxSize: source.size }), upload)
      } finally {
        body.destroy()
      }
    } catch (error) {
      keep = !isOfWrongBytes(error)
      throw error
    } finally {
      await upload.clear(keep)
    }
  }

  async #putAtOnce(blob: Blob, bytes: Buffer): Promise<Blob> {
    const { budget } = this.#service
    const target = this.#service.blob(blob.sha256)
    await budget.take(bytes.byteLength)
    try {
      const transactionalContentMD5 = md5(bytes)
      await this.#service.ask(abortSignal => target.upload(bytes, bytes.byteLength, { transactionalContentMD5, abortSignal }))
    } finally {
      budget.giveBack(bytes.byteLength)
    }
    return blob
  }

  /** Every blob whose name begins so, page by page. */
  async *#beneath(prefix: string): AsyncGenerator<BlobItem> {
    let continuationToken: string | undefined
    do {
      const list = async (abortSignal: AbortSignal): Promise<ContainerListBlobFlatSegmentResponse | undefined> => {
        const pages = this.#service.container
          .listBlobsFlat({ prefix, includeCopy: true, abortSignal })
          .byPage({ maxPageSize: this.#service.limits.pageItems, ...(continuationToken === undefined ? {} : { continuationToken }) })
        return (await pages.next()).value as ContainerListBlobFlatSegmentResponse | undefined
      }
      const page = await this.#service.coded(() => this.#service.ask(list))
      yield* page?.segment.blobItems ?? []
      continuationToken = page?.continuationToken === '' ? undefined : page?.continuationToken
    } while (continuationToken !== undefined)
  }

  async #fetch(sha256: string, range?: ByteRange): Promise<Download> {
    const blob = this.#service.blob(sha256)
    const length = range === undefined ? undefined : range.end - range.start
    const answer = await this.#service.ask(abortSignal => blob.download(range?.start ?? 0, length, { abortSignal, maxRetryRequests: 0 }))
    const body = answer.readableStreamBody as Readable
    if (stateOf(answer.copyStatus) === 'whole') return { body, length: answer.contentLength ?? 0, contentRange: answer.contentRange }
    body.destroy()
    throw new WaybillError('entry_not_found', `the store "${this.name}" has no blob ${sha256}`)
  }
}
