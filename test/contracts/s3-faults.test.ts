import { randomBytes, randomUUID } from 'node:crypto'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { inspect } from 'node:util'
import {
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
  UploadPartCopyCommand,
} from '@aws-sdk/client-s3'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { BlobStore } from '../../src/ports/blob-store.ts'
import { openS3BlobStore } from '../../src/stores/s3/s3-blob-store.ts'
import type { S3Limits, S3StoreOptions } from '../../src/stores/s3/s3-service.ts'
import { startFaultProxy, type FaultProxy } from '../support/servers/fault-proxy.ts'
import { SWIFT_START_MS, startSwift, type SwiftServer } from '../support/servers/swift.ts'
import { sha256 } from '../support/sha256.ts'
import { nextMomentOfAService } from './blob-store.ts'
import { collect } from './bodies.ts'

const KIB = 1024
const SMALL = Buffer.from('hello, waybill')
const LARGE = randomBytes(1024 * KIB + 17)
/** Four parts and a bit, one temporary object, one copy. */
const LIMITS: Partial<S3Limits> = { partBytes: 256 * KIB }
/** Three temporary objects and a copy in parts: what bodies above 8 GiB, and copies above 5 GiB, come to. */
const LOW_LIMITS: Partial<S3Limits> = { partBytes: 128 * KIB, parts: 4, copyBytes: 200 * KIB, copyPartBytes: 150 * KIB, budgetBytes: 256 * KIB }

const PART = /^PUT .*partNumber=/
const COMPLETE = /^POST .*uploadId=/
const PUT_BLOB = /^PUT \S*\/blobs\/[0-9a-f]{64}(\?x-id=\w+)?$/
const PUT_COPY_PART = /^PUT \S*\/blobs\/\S+partNumber=/

let swift: SwiftServer
let proxy: FaultProxy
let client: S3Client
let bucket = ''
/** How long the store would have waited: its clock does not. */
let slept: number[] = []

beforeAll(async () => {
  swift = await startSwift()
  proxy = await startFaultProxy(swift.url)
  client = new S3Client({
    endpoint: swift.url,
    region: swift.region,
    credentials: swift.credentials,
    forcePathStyle: true,
    requestChecksumCalculation: 'WHEN_REQUIRED',
  })
}, SWIFT_START_MS)
afterAll(async () => {
  await proxy.stop()
  await swift.stop()
})
beforeEach(async () => {
  proxy.reset()
  slept = []
  bucket = `bucket-${randomUUID()}`
  await client.send(new CreateBucketCommand({ Bucket: bucket }))
})

function open(limits: Partial<S3Limits> = LIMITS, options: Partial<S3StoreOptions> = {}): Promise<BlobStore> {
  const clock = {
    now: () => Date.now(),
    steady: () => performance.now(),
    sleep: (ms: number) => {
      slept.push(ms)
      return Promise.resolve()
    },
  }
  const { region, credentials } = swift
  return openS3BlobStore({ name: 'archive', clock, bucket, endpoint: proxy.url, region, credentials, limits, ...options })
}

function stream(bytes: Buffer): Readable {
  return Readable.from([bytes], { objectMode: false })
}

async function left(): Promise<string[]> {
  const uploads = await client.send(new ListMultipartUploadsCommand({ Bucket: bucket }))
  const objects = await client.send(new ListObjectsV2Command({ Bucket: bucket, Prefix: 'tmp/' }))
  return [...(uploads.Uploads ?? []), ...(objects.Contents ?? [])].map(({ Key = '' }) => Key)
}

describe('the S3 store on a bad line', () => {
  it('waits as long as a busy service asks for', async () => {
    const store = await open()
    proxy.fail(PART, { kind: 'answer', status: 503, headers: { 'retry-after': '7' } }, 2)
    const { sha256: digest } = await store.put(stream(LARGE))
    expect(await store.verify(digest)).toBe(true)
    expect(slept).toHaveLength(2)
    for (const ms of slept) expect(ms).toBeGreaterThanOrEqual(7000)
  })

  it('waits until the date that a busy service names', async () => {
    const store = await open()
    proxy.fail(PUT_BLOB, { kind: 'answer', status: 429, headers: { 'retry-after': new Date(Date.now() + 20_000).toUTCString() } })
    await store.put(stream(SMALL))
    expect(slept[0]).toBeGreaterThan(17_000)
  })

  it('asks no more when it is to wait for long, and says for how long', async () => {
    const store = await open()
    proxy.fail(PUT_BLOB, { kind: 'answer', status: 503, headers: { 'retry-after': '3600' } })
    await expect(store.put(stream(SMALL))).rejects.toMatchObject({ code: 'unavailable', facts: { retryAfterSeconds: 3600 } })
    expect(proxy.requests).toHaveLength(1)
  })

  it('pauses longer from attempt to attempt, and gives up after six', async () => {
    const store = await open()
    proxy.fail(PART, { kind: 'answer', status: 500 }, 1000)
    await expect(store.put(stream(LARGE))).rejects.toMatchObject({ code: 'unavailable' })
    expect(proxy.requests.filter(name => PART.test(name) && name.includes('partNumber=1&'))).toHaveLength(6)
    expect(Math.max(...slept)).toBeLessThanOrEqual(4000)
    expect(await left()).toEqual([])
    expect(await collect(store.list())).toEqual([])
  })

  it('sends a part again whose connection was reset in its middle', async () => {
    const store = await open()
    proxy.fail(PART, { kind: 'reset', afterBytes: 100 * KIB }, 3)
    const { sha256: digest } = await store.put(stream(LARGE))
    expect(await store.verify(digest)).toBe(true)
    expect(await left()).toEqual([])
  })

  it.each([
    ['a small blob', SMALL, PUT_BLOB, LIMITS],
    ['a part', LARGE, PART, LIMITS],
    ['the completion of an upload', LARGE, COMPLETE, LIMITS],
    ['the copy to the final name', LARGE, PUT_BLOB, LIMITS],
    ['a copied part', LARGE, PUT_COPY_PART, LOW_LIMITS],
    ['the completion of a copy', LARGE, /^POST \S*\/blobs\/\S+uploadId=/, LOW_LIMITS],
    ['the removal of what was temporary', LARGE, /^DELETE /, LIMITS],
  ])('puts a blob whole though the answer to %s is lost', async (_what, bytes, matches, limits) => {
    const store = await open(limits)
    proxy.fail(matches, { kind: 'lose answer' })
    const blob = await store.put(stream(bytes))
    expect(blob).toEqual({ sha256: sha256(bytes), size: bytes.length })
    expect(await store.verify(blob.sha256)).toBe(true)
    expect(slept).toHaveLength(1)
    expect(await left()).toEqual([])
  })

  it('knows that an upload was completed when the service has forgotten the upload since', async () => {
    const store = await open()
    proxy.fail(COMPLETE, { kind: 'lose answer' })
    proxy.fail(COMPLETE, { kind: 'answer', status: 404, headers: { 'content-type': 'application/xml' }, body: '<Error><Code>NoSuchUpload</Code></Error>' })
    const { sha256: digest } = await store.put(stream(LARGE))
    expect(await store.verify(digest)).toBe(true)
    expect(await left()).toEqual([])
  })

  it('has an upload swept of whose beginning it never heard', async () => {
    const store = await open()
    proxy.fail(/^POST \S*uploads/, { kind: 'lose answer' })
    const { sha256: digest } = await store.put(stream(LARGE))
    expect(await left()).toHaveLength(1)
    expect(await store.sweepUnfinished(Number.MAX_SAFE_INTEGER)).toBe(1)
    expect(await left()).toEqual([])
    expect(await store.verify(digest)).toBe(true)
  })

  it('goes on with a download where it broke off', async () => {
    const store = await open()
    const { sha256: digest } = await store.put(stream(LARGE))
    proxy.fail(/^GET \S*\/blobs\//, { kind: 'cut answer', afterBytes: 300_000 }, 3)
    expect((await buffer(await store.get(digest))).equals(LARGE)).toBe(true)
    proxy.fail(/^GET \S*\/blobs\//, { kind: 'cut answer', afterBytes: 1000 }, 2)
    expect((await buffer(await store.get(digest, { start: 500, end: 9000 }))).equals(LARGE.subarray(500, 9000))).toBe(true)
    expect(proxy.requests.filter(name => name.startsWith('GET'))).toHaveLength(4 + 3)
  })

  it('gives a download up that never comes further', async () => {
    const store = await open()
    const { sha256: digest } = await store.put(stream(LARGE))
    proxy.fail(/^GET /, { kind: 'cut answer', afterBytes: 0 }, 100)
    await expect(buffer(await store.get(digest))).rejects.toMatchObject({ code: 'unavailable' })
  })
})

describe('what the S3 store says when it cannot', () => {
  it.each([
    ['a full service', { kind: 'answer', status: 507 } as const],
    ['a full service that promises nothing', { kind: 'answer', status: 507, headers: { 'retry-after': '1' } } as const],
  ])('tells of %s at once', async (_what, fault) => {
    const store = await open()
    proxy.fail(PART, fault, 100)
    await expect(store.put(stream(LARGE))).rejects.toMatchObject({ code: 'out_of_space', message: expect.stringContaining('"archive"') })
    expect(slept).toEqual([])
    expect(await left()).toEqual([])
  })

  it('is unavailable without its bucket, and never says that a blob is missing then', async () => {
    const store = await open(LIMITS, { bucket: 'no-such-bucket' })
    await expect(store.health()).rejects.toMatchObject({ code: 'unavailable', message: 'the bucket of the store "archive" is not there' })
    for (const ask of [() => store.stat(sha256(SMALL)), () => store.verify(sha256(SMALL)), () => store.put(stream(SMALL))]) {
      await expect(ask()).rejects.toMatchObject({ code: 'unavailable' })
    }
  })

  it('tells nobody where it is nor what opens it', async () => {
    const refused = await open(LIMITS, { credentials: { accessKeyId: 'AKIDOFNOBODY', secretAccessKey: 'open sesame' } })
    const unreachable = await open(LIMITS, { endpoint: 'http://127.0.0.1:1' })
    for (const store of [refused, unreachable]) {
      for (const ask of [() => store.health(), () => store.put(stream(SMALL)), () => store.get(sha256(SMALL)), () => collect(store.list())]) {
        const failure: unknown = await ask().catch((error: unknown) => error)
        expect(failure).toMatchObject({ code: 'unavailable' })
        expect(inspect(failure, { depth: 20, showHidden: true })).not.toMatch(/AKIDOFNOBODY|sesame|127\.0\.0\.1|Signature=|Credential=/)
      }
    }
  })
})

describe('the S3 store and its limits', () => {
  it('takes bodies longer than one upload may be, and copies in parts what one request may not', async () => {
    const store = await open(LOW_LIMITS)
    const { sha256: digest } = await store.put(stream(LARGE))
    expect(await store.verify(digest)).toBe(true)
    expect((await buffer(await store.get(digest, { start: 500_000, end: 700_000 }))).equals(LARGE.subarray(500_000, 700_000))).toBe(true)
    expect(new Set(proxy.requests.filter(name => name.startsWith('POST') && name.includes('/tmp/')).map(name => name.split('?')[0]))).toHaveProperty('size', 3)
    expect(proxy.requests.filter(name => PUT_COPY_PART.test(name)).length).toBeGreaterThan(3)
    expect(await left()).toEqual([])
    await store.put(stream(LARGE)) // over the one that is there
    expect(await store.verify(digest)).toBe(true)
  })

  it('holds no more bytes in memory than its budget', async () => {
    const store = await open({ ...LOW_LIMITS, parts: 1000 })
    const bodies = Array.from({ length: 3 }, () => randomBytes(600 * KIB))
    await Promise.all(bodies.map(body => store.put(stream(body))))
    expect(proxy.mostAtOnce(/^PUT \S*\/tmp\//)).toBe(2)
  })

  it('keeps nothing when a copy in parts fails', async () => {
    const store = await open(LOW_LIMITS)
    proxy.fail(/^PUT \S*\/blobs\/\S+partNumber=3/, { kind: 'answer', status: 507 }, 100)
    await expect(store.put(stream(LARGE))).rejects.toMatchObject({ code: 'out_of_space' })
    expect(await left()).toEqual([])
    expect(await collect(store.list())).toEqual([])
  })

  it('sweeps the copy that a crash ended, and what is not its own never', async () => {
    const store = await open(LOW_LIMITS)
    await client.send(new PutObjectCommand({ Bucket: bucket, Key: 'tmp/notes.txt', Body: 'x' }))
    await client.send(new CreateMultipartUploadCommand({ Bucket: bucket, Key: 'of/another' }))
    const Key = `blobs/${sha256(SMALL)}`
    const { UploadId } = await client.send(new CreateMultipartUploadCommand({ Bucket: bucket, Key }))
    const copy = { Bucket: bucket, Key, UploadId, PartNumber: 1, CopySource: `${bucket}/tmp/notes.txt` }
    const moment = await nextMomentOfAService()
    await client.send(new UploadPartCopyCommand(copy))
    expect(await store.sweepUnfinished(moment)).toBe(0) // begun before, but written to since
    expect(await store.sweepUnfinished(Number.MAX_SAFE_INTEGER)).toBe(1)
    expect((await left()).sort()).toEqual(['of/another', 'tmp/notes.txt'])
  })

  it('lets a put of the same bytes wait for a deletion that has begun, and no deletion go on during a put', async () => {
    const store = await open()
    const { sha256: digest } = await store.put(stream(SMALL))
    const deletion = Promise.withResolvers<undefined>()
    proxy.fail(/^DELETE /, { kind: 'hold', until: deletion.promise })
    const deleted = store.delete(digest, Number.MAX_SAFE_INTEGER)
    while (!proxy.requests.some(name => name.startsWith('DELETE'))) await new Promise(resolve => setTimeout(resolve, 5))
    const put = store.put(stream(SMALL))
    await new Promise(resolve => setTimeout(resolve, 50))
    deletion.resolve(undefined)
    expect(await deleted).toBe(true)
    await put
    expect(await store.verify(digest)).toBe(true)

    const publication = Promise.withResolvers<undefined>()
    proxy.reset()
    proxy.fail(PUT_BLOB, { kind: 'hold', until: publication.promise })
    const again = store.put(stream(SMALL))
    while (!proxy.requests.some(name => PUT_BLOB.test(name))) await new Promise(resolve => setTimeout(resolve, 5))
    expect(await store.delete(digest, Number.MAX_SAFE_INTEGER)).toBe(false)
    publication.resolve(undefined)
    await again
    expect(await store.verify(digest)).toBe(true)
  })
})
