import { randomUUID } from 'node:crypto'
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  UploadPartCommand,
  type CompletedPart,
} from '@aws-sdk/client-s3'
import { InFlight } from '../in-flight.ts'
import { CLEANING } from '../retries.ts'
import { isS3Error } from './s3-errors.ts'
import { COPY_MS, type S3Service } from './s3-service.ts'

/** A temporary object that is whole. */
export interface TemporaryObject {
  readonly key: string
  readonly size: number
}

interface Segment {
  readonly key: string
  readonly uploadId: string
  readonly parts: CompletedPart[]
  count: number
  size: number
}

/**
 * A body on its way into temporary objects, one after another: each takes the parts that one multipart upload may have, so that bodies of any length pass through
 * the same little memory. Their keys are known as running until `clear`, so that no sweep of this process takes them.
 */
export class S3Upload {
  readonly #service: S3Service
  readonly #inFlight: InFlight
  readonly #done: TemporaryObject[] = []
  #segment: Segment | null = null

  constructor(service: S3Service) {
    this.#service = service
    this.#inFlight = new InFlight(service.budget)
  }

  /** True until the first part. */
  get isEmpty(): boolean {
    return this.#segment === null && this.#done.length === 0
  }

  /** Begins to send the next part; waits while too many bytes are under way. Throws what an earlier part failed with. */
  async add(bytes: Buffer): Promise<void> {
    if (this.#segment !== null && this.#segment.count === this.#service.limits.parts) await this.#complete(this.#segment)
    const segment = this.#segment ?? (await this.#begin())
    this.#segment = segment
    segment.count += 1
    segment.size += bytes.byteLength
    const number = segment.count
    await this.#inFlight.begin(bytes.byteLength, signal => this.#send(segment, number, bytes, signal))
  }

  /** Everything is sent: the temporary objects, in the body's order. */
  async finish(): Promise<readonly TemporaryObject[]> {
    if (this.#segment !== null) await this.#complete(this.#segment)
    return this.#done
  }

  /** Removes everything temporary. A failure stays unheard: what is left is swept later, and the put's own result is what counts. */
  async clear(): Promise<void> {
    const { client, bucket: Bucket } = this.#service
    await this.#inFlight.stop()
    const segment = this.#segment
    const ends = this.#done.map(({ key }) =>
      this.#service.ask(abortSignal => client.send(new DeleteObjectCommand({ Bucket, Key: key }), { abortSignal }), CLEANING),
    )
    if (segment !== null) {
      const abort = { Bucket, Key: segment.key, UploadId: segment.uploadId }
      ends.push(this.#service.ask(abortSignal => client.send(new AbortMultipartUploadCommand(abort), { abortSignal }), CLEANING))
    }
    await Promise.allSettled(ends)
    for (const { key } of [...this.#done, ...(segment === null ? [] : [segment])]) this.#service.running.delete(key)
  }

  async #begin(): Promise<Segment> {
    const { client, bucket: Bucket } = this.#service
    const key = this.#service.temporaryKey(randomUUID())
    this.#service.running.add(key)
    try {
      const { UploadId } = await this.#service.ask(abortSignal => client.send(new CreateMultipartUploadCommand({ Bucket, Key: key }), { abortSignal }))
      return { key, uploadId: UploadId ?? '', parts: [], count: 0, size: 0 }
    } catch (error) {
      this.#service.running.delete(key)
      throw error
    }
  }

  async #send(segment: Segment, number: number, bytes: Buffer, signal: AbortSignal): Promise<void> {
    const { client, bucket: Bucket } = this.#service
    const command = { Bucket, Key: segment.key, UploadId: segment.uploadId, PartNumber: number, Body: bytes }
    const sent = await this.#service.ask(abortSignal => client.send(new UploadPartCommand(command), { abortSignal }), { signal })
    segment.parts.push(completedPart(number, sent))
  }

  async #complete(segment: Segment): Promise<void> {
    await this.#inFlight.all()
    await completeUpload(this.#service, segment)
    this.#done.push({ key: segment.key, size: segment.size })
    this.#segment = null
  }
}

/** What a part's answer says of it, for the completion: its checksums too, where the service made some. */
export function completedPart(number: number, answer: CompletedPart): CompletedPart {
  const { ETag, ChecksumCRC32, ChecksumCRC32C, ChecksumCRC64NVME, ChecksumSHA1, ChecksumSHA256 } = answer
  return { PartNumber: number, ETag, ChecksumCRC32, ChecksumCRC32C, ChecksumCRC64NVME, ChecksumSHA1, ChecksumSHA256 }
}

/** Which object may be replaced. */
interface CompletionConditions {
  readonly IfMatch?: string
  readonly IfNoneMatch?: '*'
}

/** Makes the object of its parts: it is there whole, or not at all. */
export async function completeUpload(
  service: S3Service,
  upload: {
    readonly key: string
    readonly uploadId: string
    readonly parts: readonly CompletedPart[]
    readonly size: number
    readonly conditions?: CompletionConditions
  },
): Promise<void> {
  const { client, bucket: Bucket } = service
  const Parts = upload.parts.toSorted((a, b) => (a.PartNumber ?? 0) - (b.PartNumber ?? 0))
  const command = { Bucket, Key: upload.key, UploadId: upload.uploadId, MultipartUpload: { Parts }, ...upload.conditions }
  try {
    await service.ask(abortSignal => client.send(new CompleteMultipartUploadCommand(command), { abortSignal }), { attemptMs: COPY_MS })
  } catch (error) {
    // An answer was lost and the upload completed before: then there is no upload any more, but the object is there.
    if (!isS3Error(error, 'NoSuchUpload') || (await service.find(upload.key))?.size !== upload.size) throw error
  }
}
