import {
  AbortMultipartUploadCommand,
  DeleteObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  ListPartsCommand,
  type ListMultipartUploadsCommandInput,
  type MultipartUpload,
  type Part,
  type _Object,
} from '@aws-sdk/client-s3'
import { isS3Error } from './s3-errors.ts'
import { changedAt, type S3Service } from './s3-service.ts'

/** Every object whose key begins so, page by page, in the order of their keys. */
export async function* objectsBeneath(service: S3Service, prefix: string): AsyncGenerator<_Object> {
  for (let token: string | undefined; ;) {
    const command = { Bucket: service.bucket, Prefix: prefix, MaxKeys: service.limits.pageItems, ...(token === undefined ? {} : { ContinuationToken: token }) }
    const page = await service.ask(abortSignal => service.client.send(new ListObjectsV2Command(command), { abortSignal }))
    yield* page.Contents ?? []
    token = page.IsTruncated === true ? page.NextContinuationToken : undefined
    if (token === undefined) return
  }
}

/** Every multipart upload that has begun and not ended, of keys that begin so. */
export async function* uploadsBeneath(service: S3Service, prefix: string): AsyncGenerator<MultipartUpload> {
  for (let after: { readonly KeyMarker?: string; readonly UploadIdMarker?: string } | undefined = {}; after !== undefined;) {
    const command: ListMultipartUploadsCommandInput = { Bucket: service.bucket, Prefix: prefix, MaxUploads: service.limits.pageItems, ...after }
    const page = await service.ask(abortSignal => service.client.send(new ListMultipartUploadsCommand(command), { abortSignal }))
    yield* page.Uploads ?? []
    after =
      page.IsTruncated === true
        ? {
            ...(page.NextKeyMarker === undefined ? {} : { KeyMarker: page.NextKeyMarker }),
            ...(page.NextUploadIdMarker === undefined ? {} : { UploadIdMarker: page.NextUploadIdMarker }),
          }
        : undefined
  }
}

/**
 * Ends uploads and deletes temporary objects that nobody has written to since `before` (uploads to a final name, which can be gone on with: `resumableBefore`);
 * returns how many. Those of this process's running puts stay.
 */
export async function sweepTemporary(service: S3Service, before: number, resumableBefore: number): Promise<number> {
  let swept = 0
  for await (const { Key = '', UploadId = '', Initiated } of uploadsBeneath(service, service.prefix)) {
    const until = Key.startsWith(service.blobKey('')) ? resumableBefore : before
    if (!service.isOurs(Key) || service.running.has(Key) || service.running.has(UploadId) || changedAt(Initiated) >= until) continue
    if (await writtenSince(service, Key, UploadId, until)) continue
    if (await gone(service, new AbortMultipartUploadCommand({ Bucket: service.bucket, Key, UploadId }))) swept += 1
  }
  for await (const { Key = '', LastModified } of objectsBeneath(service, service.temporaryKey(''))) {
    if (!service.isOurs(Key) || service.running.has(Key) || changedAt(LastModified) >= before) continue
    if (await gone(service, new DeleteObjectCommand({ Bucket: service.bucket, Key }))) swept += 1
  }
  return swept
}

/** The parts that an upload has. Throws the service's `NoSuchUpload` when it has ended. */
export async function* partsOfUpload(service: S3Service, Key: string, UploadId: string): AsyncGenerator<Part> {
  for (let marker: string | undefined; ;) {
    const command = { Bucket: service.bucket, Key, UploadId, MaxParts: service.limits.pageItems, ...(marker === undefined ? {} : { PartNumberMarker: marker }) }
    const page = await service.ask(abortSignal => service.client.send(new ListPartsCommand(command), { abortSignal }))
    yield* page.Parts ?? []
    marker = page.IsTruncated === true ? page.NextPartNumberMarker : undefined
    if (marker === undefined) return
  }
}

/** Whether a part came since: another process may still be sending, and a large body takes its time. */
async function writtenSince(service: S3Service, key: string, uploadId: string, before: number): Promise<boolean> {
  try {
    for await (const part of partsOfUpload(service, key, uploadId)) if (changedAt(part.LastModified) >= before) return true
    return false
  } catch (error) {
    if (isS3Error(error, 'NoSuchUpload')) return true // ended meanwhile
    throw error
  }
}

/** Removes one; false when somebody else already had. */
async function gone(service: S3Service, command: AbortMultipartUploadCommand | DeleteObjectCommand): Promise<boolean> {
  try {
    await service.ask(abortSignal =>
      command instanceof DeleteObjectCommand ? service.client.send(command, { abortSignal }) : service.client.send(command, { abortSignal }),
    )
    return true
  } catch (error) {
    if (isS3Error(error, 'NoSuchUpload', 'NoSuchKey')) return false
    throw error
  }
}
