import { createHash } from 'node:crypto'
import { isOfWrongBytes } from '../../model/wrong-bytes.ts'
import { AbortMultipartUploadCommand, CreateMultipartUploadCommand, UploadPartCommand, type CompletedPart } from '@aws-sdk/client-s3'
import type { BlobSource } from '../../ports/blob-store.ts'
import { BodyMeter } from '../body-meter.ts'
import { InFlight } from '../in-flight.ts'
import { pooledParts } from '../parts.ts'
import { CLEANING } from '../retries.ts'
import { isS3Error } from './s3-errors.ts'
import type { S3Service } from './s3-service.ts'
import { partsOfUpload, uploadsBeneath } from './s3-sweep.ts'
import { completeUpload, completedPart } from './s3-upload.ts'

const MIB = 1024 * 1024
/** The longest part that is still held in memory. */
const MOST_PART_BYTES = 64 * MIB

/**
 * How long the parts of a blob of that size are, which must be the same for each try: as short as the number of parts allows. Null when even the longest would be
 * too many; such a blob is put through temporary objects instead.
 */
export function resumablePartBytes({ limits: { partBytes, parts } }: S3Service, size: number): number | null {
  if (size <= partBytes * parts) return partBytes
  const bytes = Math.ceil(size / parts / MIB) * MIB
  return bytes <= MOST_PART_BYTES ? bytes : null
}

/** A part that an earlier try has sent. */
interface SentPart {
  readonly size: number
  readonly part: CompletedPart
}

interface Upload {
  readonly id: string
  readonly sent: ReadonlyMap<number, SentPart>
}

export interface ResumableUpload {
  readonly source: BlobSource
  readonly partBytes: number
  readonly signal: AbortSignal
  readonly onProgress: (bytes: number) => void
  /** Runs the completion, which makes the object visible. */
  readonly publish: (complete: () => Promise<void>) => Promise<void>
}

/**
 * Sends a known blob to its final name in one multipart upload, or goes on with the one that an earlier try has left there: parts whose MD5 (their ETag) is that of
 * the source's bytes are not sent again. The upload is completed only when the whole has its digest; until then nothing is visible under the name.
 */
export async function sendResumably(service: S3Service, upload: ResumableUpload): Promise<void> {
  const key = service.blobKey(upload.source.sha256)
  const { id, sent } = (await findUpload(service, key)) ?? (await begin(service, key))
  service.running.add(id)
  try {
    const parts = await sendParts(service, { key, id, sent }, upload)
    await upload.publish(() => completeUpload(service, { key, uploadId: id, parts, size: upload.source.size }))
  } catch (error) {
    // otherwise the parts stay for the next try, until a sweep takes them
    if (isOfWrongBytes(error)) await abort(service, key, id)
    throw error
  } finally {
    service.running.delete(id)
  }
}

async function sendParts(
  service: S3Service,
  { key, id, sent }: Upload & { readonly key: string },
  { source, partBytes, signal, onProgress }: ResumableUpload,
): Promise<CompletedPart[]> {
  const { sha256, size } = source
  const meter = new BodyMeter({ sha256, size, maxSize: size })
  const inFlight = new InFlight(null)
  const parts: CompletedPart[] = []
  let arrived = 0
  const arrive = (part: CompletedPart, bytes: number): void => {
    parts.push(part)
    arrived += bytes
    onProgress(arrived)
  }
  const body = await source.open(0)
  try {
    let number = 0
    for await (const { bytes, giveBack } of pooledParts(body, meter, partBytes, service.buffers)) {
      number += 1
      const before = sent.get(number)
      if (before?.size === bytes.byteLength && before.part.ETag === `"${md5(bytes)}"`) {
        giveBack()
        arrive(before.part, bytes.byteLength)
        continue
      }
      const part = { key, id, number, bytes }
      await inFlight.begin(bytes.byteLength, stop =>
        sendPart(service, part, AbortSignal.any([stop, signal]))
          .then(done => arrive(done, bytes.byteLength))
          .finally(giveBack),
      )
    }
    meter.finish()
    await inFlight.all()
    return parts
  } finally {
    body.destroy()
    await inFlight.settled() // what was read of a source that broke off still arrives
  }
}

async function sendPart(
  service: S3Service,
  { key, id, number, bytes }: { readonly key: string; readonly id: string; readonly number: number; readonly bytes: Buffer },
  signal: AbortSignal,
): Promise<CompletedPart> {
  const command = { Bucket: service.bucket, Key: key, UploadId: id, PartNumber: number, Body: bytes }
  return completedPart(number, await service.ask(abortSignal => service.client.send(new UploadPartCommand(command), { abortSignal }), { signal }))
}

async function begin(service: S3Service, Key: string): Promise<Upload> {
  const { client, bucket: Bucket } = service
  const { UploadId = '' } = await service.ask(abortSignal => client.send(new CreateMultipartUploadCommand({ Bucket, Key }), { abortSignal }))
  return { id: UploadId, sent: new Map() }
}

/** The upload to this key that has come farthest. Its name is the digest: whoever began it was sending the same bytes. */
async function findUpload(service: S3Service, key: string): Promise<Upload | null> {
  const found: Upload[] = []
  for await (const { Key, UploadId: id = '' } of uploadsBeneath(service, key)) {
    const sent = Key === key ? await partsSent(service, key, id) : null
    if (sent !== null) found.push({ id, sent })
  }
  return found.toSorted((a, b) => b.sent.size - a.sent.size)[0] ?? null
}

/** Null when the upload has ended meanwhile. */
async function partsSent(service: S3Service, key: string, id: string): Promise<Map<number, SentPart> | null> {
  const sent = new Map<number, SentPart>()
  try {
    for await (const { PartNumber = 0, Size = 0, ...rest } of partsOfUpload(service, key, id)) {
      sent.set(PartNumber, { size: Size, part: completedPart(PartNumber, rest) })
    }
    return sent
  } catch (error) {
    if (isS3Error(error, 'NoSuchUpload')) return null
    throw error
  }
}

async function abort(service: S3Service, Key: string, UploadId: string): Promise<void> {
  const command = { Bucket: service.bucket, Key, UploadId }
  // What cannot be ended now is swept later; the reason that counts is the first one.
  await Promise.allSettled([service.ask(abortSignal => service.client.send(new AbortMultipartUploadCommand(command), { abortSignal }), CLEANING)])
}

function md5(bytes: Uint8Array): string {
  return createHash('md5').update(bytes).digest('hex')
}
