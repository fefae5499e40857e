import { randomBytes, randomUUID } from 'node:crypto'
import { Readable } from 'node:stream'
import { AbortMultipartUploadCommand, CreateBucketCommand, ListMultipartUploadsCommand, S3Client } from '@aws-sdk/client-s3'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { BlobStore } from '../../src/ports/blob-store.ts'
import { openS3BlobStore } from '../../src/stores/s3/s3-blob-store.ts'
import { startFaultProxy, type FaultProxy } from '../support/servers/fault-proxy.ts'
import { SWIFT_START_MS, startSwift, type SwiftServer } from '../support/servers/swift.ts'
import { sha256 } from '../support/sha256.ts'
import { collect, sourceOf, taking } from './bodies.ts'

const PART_BYTES = 128 * 1024
/** Eight parts and a bit. */
const LARGE = randomBytes(8 * PART_BYTES + 17)
const PART = /^PUT .*partNumber=/
const COMPLETE = /^POST .*uploadId=/

let swift: SwiftServer
let proxy: FaultProxy
let client: S3Client
let bucket = ''

beforeAll(async () => {
  swift = await startSwift()
  proxy = await startFaultProxy(swift.url)
  const { url, region, credentials } = swift
  client = new S3Client({ endpoint: url, region, credentials, forcePathStyle: true, requestChecksumCalculation: 'WHEN_REQUIRED' })
}, SWIFT_START_MS)
afterAll(async () => {
  await proxy.stop()
  await swift.stop()
})
beforeEach(async () => {
  proxy.reset()
  bucket = `bucket-${randomUUID()}`
  await client.send(new CreateBucketCommand({ Bucket: bucket }))
})

/** Each is a process of its own, for all that it knows of another. */
function open(name = 'archive'): Promise<BlobStore> {
  const clock = { now: () => Date.now(), steady: () => performance.now(), sleep: () => Promise.resolve() }
  const { region, credentials } = swift
  return openS3BlobStore({ name, clock, bucket, prefix: name, endpoint: proxy.url, region, credentials, limits: { partBytes: PART_BYTES } })
}

const sent = (matches: RegExp): number => proxy.requests.filter(request => matches.test(request)).length
const uploads = async (): Promise<number> => ((await client.send(new ListMultipartUploadsCommand({ Bucket: bucket }))).Uploads ?? []).length

/** Five parts and a half arrive, then the source breaks off. */
async function breakOff(): Promise<void> {
  const half = sourceOf(LARGE, () => Readable.from(broken(), { objectMode: false }))
  await expect((await open()).receive(half, taking())).rejects.toMatchObject({ code: 'incomplete_body' })
  expect(sent(PART)).toBe(5)
  proxy.reset()
}

async function* broken(): AsyncGenerator<Buffer> {
  yield LARGE.subarray(0, 5.5 * PART_BYTES)
  await new Promise(resolve => setImmediate(resolve))
  throw new Error('the line is down')
}

describe('the S3 store with a known blob', () => {
  it('takes a small one with a single request', async () => {
    await (await open()).receive(sourceOf(Buffer.from('hello')), taking())
    expect(proxy.requests).toHaveLength(1)
  })

  it('sends a large one to its final name, with no object beside it', async () => {
    await (await open()).receive(sourceOf(LARGE), taking())
    expect(sent(PART)).toBe(9)
    expect(sent(COMPLETE)).toBe(1)
    expect(proxy.requests.filter(request => request.includes('/tmp/'))).toEqual([])
  })

  it('sends only the parts that are missing', async () => {
    await breakOff()
    const progress: number[] = []
    await (await open()).receive(sourceOf(LARGE), taking(progress))
    expect(sent(PART)).toBe(4)
    expect(progress[0]).toBe(PART_BYTES)
    expect(progress.at(-1)).toBe(LARGE.length)
    expect(await (await open()).verify(sha256(LARGE))).toBe(true)
  })

  it('sends again a part that has other bytes', async () => {
    const other = Buffer.concat([LARGE.subarray(0, PART_BYTES), randomBytes(PART_BYTES), LARGE.subarray(2 * PART_BYTES)])
    proxy.fail(COMPLETE, { kind: 'answer', status: 403 })
    // a store that is wrong about the digest, whose upload is not ended: as if its process had died before it noticed
    proxy.fail(/^DELETE /, { kind: 'answer', status: 403 }, 10)
    await expect((await open()).receive({ ...sourceOf(other), sha256: sha256(LARGE) }, taking())).rejects.toMatchObject({ code: 'digest_mismatch' })
    expect(await uploads()).toBe(1)
    proxy.reset()
    await (await open()).receive(sourceOf(LARGE), taking())
    expect(sent(PART)).toBe(1)
    expect(await (await open()).verify(sha256(LARGE))).toBe(true)
  })

  it('goes on after the service was out of reach', async () => {
    proxy.fail(/partNumber=7/, { kind: 'answer', status: 503 }, 6)
    await expect((await open()).receive(sourceOf(LARGE), taking())).rejects.toMatchObject({ code: 'unavailable' })
    proxy.reset()
    await (await open()).receive(sourceOf(LARGE), taking())
    expect(sent(PART)).toBeGreaterThan(0)
    expect(sent(PART)).toBeLessThan(9)
    expect(await (await open()).verify(sha256(LARGE))).toBe(true)
    expect(await uploads()).toBe(0)
  })

  it('begins anew when its upload is ended meanwhile, and is content when another has ended it well', async () => {
    await breakOff()
    const ended = Promise.withResolvers<undefined>()
    proxy.fail(PART, { kind: 'hold', until: ended.promise }, 4)
    const receiving = (await open()).receive(sourceOf(LARGE), taking())
    while (sent(PART) === 0) await new Promise(resolve => setTimeout(resolve, 5))
    const [upload] = (await client.send(new ListMultipartUploadsCommand({ Bucket: bucket }))).Uploads ?? []
    await client.send(new AbortMultipartUploadCommand({ Bucket: bucket, Key: upload?.Key, UploadId: upload?.UploadId }))
    ended.resolve(undefined)
    await receiving
    expect(await (await open()).verify(sha256(LARGE))).toBe(true)
  })

  it('removes a copy that is another than its source', async () => {
    const near = await open('near')
    const far = await open('far')
    const bytes = LARGE.subarray(0, 100_000)
    const blob = await near.put(Readable.from([bytes], { objectMode: false }))
    proxy.fail(new RegExp(`^HEAD .*/near/blobs/${blob.sha256}`), { kind: 'alter answer', headers: { etag: `"${'0'.repeat(32)}"` } })
    const here = await far.copyFrom(near, [blob], { ...taking(), slot: work => work() })
    expect(here).toEqual(new Set())
    expect(await collect(far.list())).toEqual([])
  })
})
