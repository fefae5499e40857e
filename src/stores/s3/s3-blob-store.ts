import type { Readable } from 'node:stream'
import { DeleteObjectCommand, GetObjectCommand, HeadBucketCommand, PutObjectCommand } from '@aws-sdk/client-s3'
import { WaybillError } from '../../model/errors.ts'
import type { Blob, BlobSource, BlobStore, ByteRange, PutExpectations, StoredBlob, TakeOptions } from '../../ports/blob-store.ts'
import { BodyMeter } from '../body-meter.ts'
import { checkDigest, isDigest } from '../digest.ts'
import { OneAtATime } from '../one-at-a-time.ts'
import { partsOf } from '../parts.ts'
import { Publishing } from '../publishing.ts'
import { putWhole } from '../receiving.ts'
import { SMALL_BYTES } from '../service-copies.ts'
import { readBlob, verifyBlob, type Download, type ServiceReader } from '../service-read.ts'
import { publishCopy } from './s3-copy.ts'
import { isS3Error, s3Error } from './s3-errors.ts'
import { resumablePartBytes, sendResumably } from './s3-resume.ts'
import { S3Service, changedAt, checkRegion, type S3StoreOptions } from './s3-service.ts'
import { objectsBeneath, sweepTemporary } from './s3-sweep.ts'
import { copyBlobs } from './s3-take.ts'
import { S3Upload } from './s3-upload.ts'

/** Whether the service is there is asked often, by whoever balances the load: so quickly and once. */
const HEALTH = { attempts: 1, attemptMs: 10_000 }
/** How long a deletion may take after the blob's age was read. It is not repeated later: by then the blob may have been put again elsewhere. */
const DELETION = { attempts: 1, attemptMs: 10_000 }

/** A store in a bucket. Asks the service nothing yet: one that cannot be reached makes no server fail to start. Throws `invalid_request` without a region. */
export async function openS3BlobStore(options: S3StoreOptions): Promise<BlobStore> {
  const service = new S3Service(options)
  await checkRegion(service)
  return new S3BlobStore(service)
}

/**
 * Blobs in a bucket of any service that speaks S3.
 *
 *     <prefix>blobs/<64 hex>   whole blobs; when one was last put is when its object was last written, by the service's clock
 *     <prefix>tmp/<uuid>       bytes of puts that are not finished, as multipart uploads and as objects
 *
 * A body of at most one part goes under its final name in one request. A longer one goes to temporary objects, part by part, and is copied to its final name within
 * the service, which shows an object whole or not at all (docs/decisions/0025-blobs-in-a-bucket.md). A put of what is there writes it again: that renews its age
 * and heals a damaged one.
 */
class S3BlobStore implements BlobStore {
  readonly name: string
  readonly shared = true
  readonly capabilities = { serverSideCopy: true, link: false }
  readonly #service: S3Service
  readonly #publishing = new Publishing()
  readonly #receiving = new OneAtATime()
  readonly #reader: ServiceReader

  constructor(service: S3Service) {
    this.name = service.store
    this.#service = service
    this.#reader = {
      store: service.store,
      clock: service.clock,
      fetch: (sha256, range) => service.coded(() => this.#fetch(sha256, range)),
      size: sha256 => service.coded(async () => (await service.find(service.blobKey(sha256)))?.size ?? null),
    }
  }

  /** Never destroys `body`: after a refusal the caller does, or lets its connection answer first. */
  async put(body: Readable, expect: PutExpectations = {}): Promise<Blob> {
    const meter = new BodyMeter(expect)
    return this.#service.coded(async () => {
      const upload = new S3Upload(this.#service)
      try {
        for await (const part of partsOf(body, meter, () => this.#service.limits.partBytes)) {
          if (part.last && upload.isEmpty) return await this.#putAtOnce(meter.finish(), part.bytes)
          if (part.bytes.byteLength > 0) await upload.add(part.bytes)
        }
        const blob = meter.finish()
        const sources = await upload.finish()
        await this.#publishing.put(blob.sha256, () => publishCopy(this.#service, sources, this.#service.blobKey(blob.sha256)))
        return blob
      } finally {
        await upload.clear()
      }
    })
  }

  async receive(source: BlobSource, options: Omit<TakeOptions, 'slot'>): Promise<void> {
    const { sha256, size } = source
    checkDigest(sha256)
    await this.#receiving.run(sha256, async () => {
      if (size > SMALL_BYTES && (await this.#isThere(source, options.unlessPutSince))) return
      const partBytes = size <= this.#service.limits.partBytes ? null : resumablePartBytes(this.#service, size)
      if (partBytes === null) await putWhole(this, source)
      else await this.#service.coded(() => this.#sendResumably(source, partBytes, options))
    })
  }

  async copyFrom(other: BlobStore, blobs: readonly Blob[], options: TakeOptions): Promise<ReadonlySet<string>> {
    if (!(#service in other) || other.#service.identity !== this.#service.identity)
      throw new WaybillError('unsupported', `the store "${this.name}" has its own service copy only from stores of the same one; "${other.name}" is none`)
    const copies = { from: other.#service, to: this.#service, publishing: this.#publishing }
    return this.#service.coded(() => copyBlobs(copies, blobs, options))
  }

  async get(sha256: string, range?: ByteRange): Promise<Readable> {
    return readBlob(this.#reader, sha256, range)
  }

  async stat(sha256: string): Promise<StoredBlob | null> {
    checkDigest(sha256)
    return this.#service.coded(async () => {
      const found = await this.#service.find(this.#service.blobKey(sha256))
      if (found !== null) return { sha256, size: found.size, putAt: found.changedAt }
      await this.#findBucket() // a bucket that is not there is answered like an object that is not
      return null
    })
  }

  async verify(sha256: string): Promise<boolean> {
    return verifyBlob(this, sha256)
  }

  async *list(): AsyncIterable<StoredBlob> {
    const beneath = this.#service.blobKey('')
    try {
      for await (const { Key = '', Size = 0, LastModified } of objectsBeneath(this.#service, beneath)) {
        const sha256 = Key.slice(beneath.length)
        if (isDigest(sha256)) yield { sha256, size: Size, putAt: changedAt(LastModified) }
      }
    } catch (error) {
      throw s3Error(error, this.name, this.#service.clock.now())
    }
  }

  async delete(sha256: string, unlessPutSince: number): Promise<boolean> {
    checkDigest(sha256)
    const key = this.#service.blobKey(sha256)
    const { client, bucket: Bucket } = this.#service
    // S3 has no deletion on a condition that a renewed blob fails: between its two requests this process's own puts wait, those of other processes do not know.
    return this.#service.coded(() =>
      this.#publishing.delete(sha256, async () => {
        const found = await this.#service.find(key)
        if (found === null) return true
        if (found.changedAt >= unlessPutSince) return false
        await this.#service.ask(abortSignal => client.send(new DeleteObjectCommand({ Bucket, Key: key }), { abortSignal }), DELETION)
        return true
      }),
    )
  }

  async sweepUnfinished(before: number, resumableBefore = before): Promise<number> {
    return this.#service.coded(() => sweepTemporary(this.#service, before, resumableBefore))
  }

  async health(): Promise<void> {
    await this.#service.coded(() => this.#findBucket())
  }

  /** Asks for nothing but the blob: where the bucket is not there, the put that follows says so. */
  async #isThere({ sha256, size }: BlobSource, since: number): Promise<boolean> {
    const found = await this.#service.coded(() => this.#service.find(this.#service.blobKey(sha256)))
    return found?.size === size && found.changedAt >= since
  }

  /** Another node may send the same blob in the same upload: when it ends that, the blob is there, or this one begins anew. */
  async #sendResumably(source: BlobSource, partBytes: number, { unlessPutSince, signal, onProgress }: Omit<TakeOptions, 'slot'>): Promise<void> {
    const { sha256 } = source
    const upload = {
      ...{ source, partBytes, signal },
      onProgress: (bytes: number) => onProgress?.(sha256, bytes),
      publish: (complete: () => Promise<void>) => this.#publishing.put(sha256, complete),
    }
    try {
      await sendResumably(this.#service, upload)
    } catch (error) {
      if (!isS3Error(error, 'NoSuchUpload')) throw error
      if (!(await this.#isThere(source, unlessPutSince))) await sendResumably(this.#service, upload)
    }
  }

  async #putAtOnce(blob: Blob, Body: Buffer): Promise<Blob> {
    const { client, bucket: Bucket, budget } = this.#service
    const Key = this.#service.blobKey(blob.sha256)
    await budget.take(Body.byteLength)
    try {
      await this.#publishing.put(blob.sha256, () => this.#service.ask(abortSignal => client.send(new PutObjectCommand({ Bucket, Key, Body }), { abortSignal })))
    } finally {
      budget.giveBack(Body.byteLength)
    }
    return blob
  }

  async #fetch(sha256: string, range?: ByteRange): Promise<Download> {
    const { client, bucket: Bucket } = this.#service
    const Range = range === undefined ? {} : { Range: `bytes=${range.start}-${range.end - 1}` }
    const command = { Bucket, Key: this.#service.blobKey(sha256), ...Range }
    const answer = await this.#service.ask(abortSignal => client.send(new GetObjectCommand(command), { abortSignal }))
    return { body: answer.Body as Readable, length: answer.ContentLength ?? 0, contentRange: answer.ContentRange }
  }

  async #findBucket(): Promise<void> {
    const { client, bucket: Bucket } = this.#service
    try {
      await this.#service.ask(abortSignal => client.send(new HeadBucketCommand({ Bucket }), { abortSignal }), HEALTH)
    } catch (error) {
      const coded = s3Error(error, this.name, this.#service.clock.now())
      if (coded.code !== 'entry_not_found') throw coded
      throw new WaybillError('unavailable', `the bucket of the store "${this.name}" is not there`, {}, { cause: coded.cause })
    }
  }
}
