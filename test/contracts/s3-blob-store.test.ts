import { randomUUID } from 'node:crypto'
import {
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3'
import { afterAll, beforeAll } from 'vitest'
import type { BlobStore } from '../../src/ports/blob-store.ts'
import { openS3BlobStore } from '../../src/stores/s3/s3-blob-store.ts'
import type { S3Limits } from '../../src/stores/s3/s3-service.ts'
import { systemClock } from '../../src/system/clock.ts'
import { SWIFT_START_MS, startSwift, type SwiftServer } from '../support/servers/swift.ts'
import { blobStoreContract, nextMomentOfAService, type BlobStoreUnderTest } from './blob-store.ts'
import { copyFromContract, type Neighbours } from './copy-from.ts'

const KIB = 1024

let swift: SwiftServer
let client: S3Client
beforeAll(async () => {
  swift = await startSwift()
  client = new S3Client({
    endpoint: swift.url,
    region: swift.region,
    credentials: swift.credentials,
    forcePathStyle: true,
    requestChecksumCalculation: 'WHEN_REQUIRED',
  })
}, SWIFT_START_MS)
afterAll(() => swift.stop())

/** A store in a bucket of its own. */
async function storeOnSwift(prefix: string | undefined, checksums: 'when_required' | 'when_supported', limits: Partial<S3Limits>): Promise<BlobStoreUnderTest> {
  const { url, region, credentials } = swift
  const Bucket = `bucket-${randomUUID()}`
  await client.send(new CreateBucketCommand({ Bucket }))
  const beneath = prefix === undefined ? '' : `${prefix}/`
  const store = await openS3BlobStore({ name: 's3', clock: systemClock, bucket: Bucket, prefix, endpoint: url, region, credentials, checksums, limits })
  return {
    store,
    nextMoment: nextMomentOfAService,
    rounds: 2,
    corrupt: async digest => {
      await client.send(new PutObjectCommand({ Bucket, Key: `${beneath}blobs/${digest}`, Body: 'rotten' }))
    },
    leaveUnfinished: async () => {
      const Key = `${beneath}tmp/${randomUUID()}`
      const { UploadId } = await client.send(new CreateMultipartUploadCommand({ Bucket, Key }))
      await client.send(new UploadPartCommand({ Bucket, Key, UploadId, PartNumber: 1, Body: 'half' }))
    },
    unfinished: async () => {
      const uploads = await client.send(new ListMultipartUploadsCommand({ Bucket }))
      const objects = await client.send(new ListObjectsV2Command({ Bucket, Prefix: `${beneath}tmp/` }))
      return (uploads.Uploads ?? []).length + (objects.Contents ?? []).length
    },
    close: () => Promise.resolve(), // the bucket goes with its server
  }
}

blobStoreContract('the S3 store', () => storeOnSwift('some/where', 'when_required', { partBytes: 512 * KIB, pageItems: 20 }))

const stores = (limits: Partial<S3Limits>): (() => Promise<Neighbours>) => {
  return async () => ({ from: await storeOnSwift(undefined, 'when_required', {}), to: await storeOnSwift('else', 'when_required', limits) })
}
const elsewhere = (): Promise<BlobStore> => {
  const { region } = swift
  return openS3BlobStore({
    name: 's3',
    clock: systemClock,
    bucket: 'b',
    endpoint: swift.url,
    region,
    credentials: { accessKeyId: 'other', secretAccessKey: 's' },
  })
}
copyFromContract('the S3 store', stores({}), elsewhere)
// What blobs above 5 GiB come to.
copyFromContract('the S3 store, in parts', stores({ copyBytes: 50 * KIB, copyPartBytes: 200 * KIB }), elsewhere)
