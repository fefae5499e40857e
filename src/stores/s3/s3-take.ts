import { DeleteObjectCommand, type CopyObjectResult } from '@aws-sdk/client-s3'
import type { Blob, TakeOptions } from '../../ports/blob-store.ts'
import type { Publishing } from '../publishing.ts'
import { copyEach } from '../service-copies.ts'
import { copyAtOnce, copyInParts } from './s3-copy.ts'
import type { S3Service } from './s3-service.ts'

/** An object that was put in one request has the MD5 of its bytes as its ETag; of others it says nothing. */
const MD5 = /^"[0-9a-f]{32}"$/

export interface Copies {
  readonly from: S3Service
  readonly to: S3Service
  readonly publishing: Publishing
}

/** Has the service copy blobs into another bucket or prefix; returns the digests of those that are there now. */
export function copyBlobs(copies: Copies, blobs: readonly Blob[], options: TakeOptions): Promise<Set<string>> {
  return copyEach(blobs, options, blob => copyBlob(copies, blob, options))
}

async function copyBlob({ from, to, publishing }: Copies, { sha256, size }: Blob, { unlessPutSince, signal, onProgress }: TakeOptions): Promise<boolean> {
  const key = to.blobKey(sha256)
  const there = await to.find(key)
  // One that is older is renewed by bytes that were hashed: what the service copies is not, and must not come in place of a blob that is good.
  if (there !== null) return there.size === size && there.changedAt >= unlessPutSince
  const source = { bucket: from.bucket, key: from.blobKey(sha256), size }
  const found = await from.find(source.key)
  if (found?.size !== size) return false
  if (size <= to.limits.copyBytes) {
    const copied = await publishing.put(sha256, () => copyAtOnce(to, source, key, { signal, digest: true }))
    if (differs(copied, found.etag, sha256)) {
      await to.ask(abortSignal => to.client.send(new DeleteObjectCommand({ Bucket: to.bucket, Key: key }), { abortSignal }))
      return false
    }
  } else {
    let done = 0
    const onCopied = (bytes: number): void => {
      done += bytes
      onProgress?.(sha256, done)
    }
    await publishing.put(sha256, () => copyInParts(to, [source], key, { signal, onCopied }))
  }
  return (await to.find(key))?.size === size
}

/** Whether what the service tells of a copy contradicts the digest or the source. */
function differs({ ChecksumSHA256, ETag = '' }: CopyObjectResult, sourceEtag: string, sha256: string): boolean {
  if (ChecksumSHA256 !== undefined) return ChecksumSHA256 !== Buffer.from(sha256, 'hex').toString('base64')
  return MD5.test(ETag) && MD5.test(sourceEtag) && ETag !== sourceEtag
}
