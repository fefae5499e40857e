import {
  AbortMultipartUploadCommand,
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  UploadPartCopyCommand,
  type CompletedPart,
  type CopyObjectResult,
} from '@aws-sdk/client-s3'
import { CLEANING } from '../retries.ts'
import { COPY_MS, type S3Service } from './s3-service.ts'
import { completeUpload, completedPart } from './s3-upload.ts'

/** Copies of parts at once, for one blob. */
const COPIES = 8

/** An object that is copied, or a part of what is. */
export interface CopySource {
  /** Default: the service's own. */
  readonly bucket?: string
  readonly key: string
  readonly size: number
  /** The ETag that it must still have. */
  readonly etag?: string
  /** It was made of parts, and so is its copy: of a plain one Swift lists another ETag than it tells otherwise. */
  readonly ofParts?: boolean
}

/** What the new object has beside its bytes, and which one it may replace. */
export interface CopyTarget {
  readonly metadata?: Readonly<Record<string, string>>
  readonly conditions?: { readonly IfMatch?: string; readonly IfNoneMatch?: '*' }
  /** Asked right before a copy in parts, which may have taken long, gets its key; what it throws ends the copy. */
  readonly beforeNaming?: () => Promise<void>
}

interface CopyRange {
  readonly source: CopySource
  readonly start: number
  /** After its last byte. */
  readonly end: number
}

/** Makes one object of others, within the service. It is visible when it is whole, in place of an older one under that key. */
export async function publishCopy(service: S3Service, sources: readonly CopySource[], key: string, target: CopyTarget = {}): Promise<void> {
  const [only, ...more] = sources
  const isOne = only !== undefined && more.length === 0 && only.size <= service.limits.copyBytes && only.ofParts !== true
  if (isOne) await copyAtOnce(service, only, key, { target })
  else await copyInParts(service, sources, key, { target })
}

/** How a copy is made, and who watches it. */
interface CopyWish {
  readonly target?: CopyTarget
  readonly signal?: AbortSignal
  /** Hears how many bytes each part has that is done. */
  readonly onCopied?: (bytes: number) => void
  /** The service is asked for the SHA-256 of the bytes, where it can tell. */
  readonly digest?: boolean
}

/** What the service tells of the copy. */
export async function copyAtOnce(service: S3Service, source: CopySource, key: string, { target = {}, signal, digest }: CopyWish): Promise<CopyObjectResult> {
  const checksum = digest === true && service.tellsChecksums ? { ChecksumAlgorithm: 'SHA256' as const } : {}
  const metadata = target.metadata === undefined ? {} : { Metadata: { ...target.metadata }, MetadataDirective: 'REPLACE' as const }
  const command = { Bucket: service.bucket, Key: key, ...copySource(service, source), ...metadata, ...target.conditions, ...checksum }
  const send = (abortSignal: AbortSignal) => service.client.send(new CopyObjectCommand(command), { abortSignal })
  return (await service.ask(send, { attemptMs: COPY_MS, ...(signal === undefined ? {} : { signal }) })).CopyObjectResult ?? {}
}

export async function copyInParts(service: S3Service, sources: readonly CopySource[], key: string, watch: CopyWish): Promise<void> {
  const { metadata, conditions } = watch.target ?? {}
  const { client, bucket: Bucket } = service
  const begin = { Bucket, Key: key, ...(metadata === undefined ? {} : { Metadata: { ...metadata } }) }
  const { UploadId = '' } = await service.ask(abortSignal => client.send(new CreateMultipartUploadCommand(begin), { abortSignal }))
  service.running.add(UploadId)
  try {
    const ranges = rangesOf(service, sources)
    const parts: CompletedPart[] = []
    const stop = new AbortController()
    const signal = watch.signal === undefined ? stop.signal : AbortSignal.any([stop.signal, watch.signal])
    let next = 0
    const copyNext = async (): Promise<void> => {
      for (let range = ranges[next]; range !== undefined && !signal.aborted; range = ranges[next]) {
        next += 1
        const number = next
        const command = {
          ...{ Bucket, Key: key, UploadId, PartNumber: number },
          ...copySource(service, range.source),
          CopySourceRange: `bytes=${range.start}-${range.end - 1}`,
        }
        const send = (abortSignal: AbortSignal) => client.send(new UploadPartCopyCommand(command), { abortSignal })
        const { CopyPartResult } = await service.ask(send, { attemptMs: COPY_MS, signal })
        parts.push(completedPart(number, CopyPartResult ?? {}))
        watch.onCopied?.(range.end - range.start)
      }
    }
    const copies = Array.from({ length: COPIES }, copyNext)
    try {
      await Promise.all(copies)
    } catch (error) {
      stop.abort()
      await Promise.allSettled(copies) // they fail for the same reason, or because they were stopped
      throw error
    }
    watch.signal?.throwIfAborted()
    const size = sources.reduce((sum, source) => sum + source.size, 0)
    await watch.target?.beforeNaming?.()
    await completeUpload(service, { key, uploadId: UploadId, parts, size, ...(conditions === undefined ? {} : { conditions }) })
  } catch (error) {
    // What cannot be ended now is swept later; the reason that counts is the first one.
    const abort = { Bucket, Key: key, UploadId }
    await Promise.allSettled([service.ask(abortSignal => client.send(new AbortMultipartUploadCommand(abort), { abortSignal }), CLEANING)])
    throw error
  } finally {
    service.running.delete(UploadId)
  }
}

/**
 * The ranges to copy, in order. Those of one object are about equal, so that none but the very last is shorter than S3 allows (5 MiB), and they are as long as
 * the number of parts demands.
 */
function rangesOf(service: S3Service, sources: readonly CopySource[]): CopyRange[] {
  const { copyBytes, copyPartBytes, parts } = service.limits
  const total = sources.reduce((sum, source) => sum + source.size, 0)
  const most = Math.min(copyBytes, Math.max(copyPartBytes, Math.ceil((2 * total) / parts)))
  return sources.flatMap(source => {
    const { size } = source
    const count = Math.ceil(size / most)
    const length = Math.ceil(size / count)
    return Array.from({ length: count }, (_, index) => ({ source, start: index * length, end: Math.min(size, (index + 1) * length) }))
  })
}

/** Bucket and key, as the header wants them: percent-encoded, slashes as they are. */
function copySource(service: S3Service, { bucket, key, etag }: CopySource): { readonly CopySource: string; readonly CopySourceIfMatch?: string } {
  const CopySource = [bucket ?? service.bucket, ...key.split('/')].map(encodeURIComponent).join('/')
  return etag === undefined ? { CopySource } : { CopySource, CopySourceIfMatch: etag }
}
