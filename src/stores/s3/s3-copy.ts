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

/** A whole object: of the service's own bucket, or of another one that it may read. */
export interface CopiedObject {
  readonly bucket?: string
  readonly key: string
  readonly size: number
}

interface CopyRange {
  readonly object: CopiedObject
  readonly start: number
  /** After its last byte. */
  readonly end: number
}

/** Makes one object of others, within the service. It is visible when it is whole, in place of an older one under that key. */
export async function publishCopy(service: S3Service, sources: readonly CopiedObject[], key: string): Promise<void> {
  const [only, ...more] = sources
  if (only !== undefined && more.length === 0 && only.size <= service.limits.copyBytes) await copyAtOnce(service, only, key)
  else await copyInParts(service, sources, key)
}

/** What the service tells of the copy. With checksums it takes the SHA-256 of the bytes on the way. */
export async function copyAtOnce(service: S3Service, source: CopiedObject, key: string, signal?: AbortSignal): Promise<CopyObjectResult> {
  const checksum = service.tellsChecksums ? { ChecksumAlgorithm: 'SHA256' as const } : {}
  const command = { Bucket: service.bucket, Key: key, CopySource: copySource(service, source), ...checksum }
  const send = (abortSignal: AbortSignal) => service.client.send(new CopyObjectCommand(command), { abortSignal })
  return (await service.ask(send, { attemptMs: COPY_MS, ...(signal === undefined ? {} : { signal }) })).CopyObjectResult ?? {}
}

/** `onCopied` hears how many bytes each part has that is done. */
export async function copyInParts(
  service: S3Service,
  sources: readonly CopiedObject[],
  key: string,
  watch: { readonly signal?: AbortSignal; readonly onCopied?: (bytes: number) => void } = {},
): Promise<void> {
  const { client, bucket: Bucket } = service
  const { UploadId = '' } = await service.ask(abortSignal => client.send(new CreateMultipartUploadCommand({ Bucket, Key: key }), { abortSignal }))
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
          CopySource: copySource(service, range.object),
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
    await completeUpload(service, { key, uploadId: UploadId, parts, size })
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
function rangesOf(service: S3Service, sources: readonly CopiedObject[]): CopyRange[] {
  const { copyBytes, copyPartBytes, parts } = service.limits
  const total = sources.reduce((sum, source) => sum + source.size, 0)
  const most = Math.min(copyBytes, Math.max(copyPartBytes, Math.ceil((2 * total) / parts)))
  return sources.flatMap(object => {
    const { size } = object
    const count = Math.ceil(size / most)
    const length = Math.ceil(size / count)
    return Array.from({ length: count }, (_, index) => ({ object, start: index * length, end: Math.min(size, (index + 1) * length) }))
  })
}

/** Bucket and key, as the header wants them: percent-encoded, slashes as they are. */
function copySource(service: S3Service, { bucket = service.bucket, key }: CopiedObject): string {
  return [bucket, ...key.split('/')].map(encodeURIComponent).join('/')
}
