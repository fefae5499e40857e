import { randomBytes, randomUUID } from 'node:crypto'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { CreateBucketCommand, DeleteObjectCommand, ListMultipartUploadsCommand, ListObjectsV2Command, PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Place } from '../../src/ports/place.ts'
import { openS3Place, type S3PlaceOptions } from '../../src/stores/s3/s3-place.ts'
import { systemClock } from '../../src/system/clock.ts'
import { startFaultProxy, type FaultProxy } from '../support/servers/fault-proxy.ts'
import { SWIFT_START_MS, startSwift, type SwiftServer } from '../support/servers/swift.ts'
import { placeContract } from './place.ts'

const KIB = 1024

let swift: SwiftServer
let client: S3Client
let proxy: FaultProxy
beforeAll(async () => {
  swift = await startSwift()
  proxy = await startFaultProxy(swift.url)
  const { url: endpoint, region, credentials } = swift
  client = new S3Client({ endpoint, region, credentials, forcePathStyle: true, requestChecksumCalculation: 'WHEN_REQUIRED' })
}, SWIFT_START_MS)
afterAll(async () => {
  await proxy.stop()
  await swift.stop()
})

async function bucket(): Promise<string> {
  const Bucket = `bucket-${randomUUID()}`
  await client.send(new CreateBucketCommand({ Bucket }))
  return Bucket
}

function open(name: string, Bucket: string, more: Partial<S3PlaceOptions> = {}): Promise<Place> {
  const { url: endpoint, region, credentials } = swift
  const settings = { endpoint, region, credentials, readonly: false, conditionalWrites: false, limits: { partBytes: 512 * KIB, pageItems: 20 } }
  return openS3Place({ name, clock: systemClock, bucket: Bucket, prefix: 'some/where', ...settings, ...more })
}

placeContract('a part of a bucket', async () => {
  const [Bucket, far] = [await bucket(), await bucket()]
  const keyOf = (path: string): string => `some/where/${path}`
  return {
    place: await open('one', Bucket),
    other: await open('other', far),
    writeOutside: async (path, bytes) => {
      await client.send(new PutObjectCommand({ Bucket, Key: keyOf(path), Body: bytes }))
    },
    removeOutside: async path => {
      await client.send(new DeleteObjectCommand({ Bucket, Key: keyOf(path) }))
    },
    unfinished: async () => {
      const uploads = await client.send(new ListMultipartUploadsCommand({ Bucket }))
      const objects = await client.send(new ListObjectsV2Command({ Bucket, Prefix: keyOf('.waybill/') }))
      return (uploads.Uploads ?? []).length + (objects.Contents ?? []).length
    },
    close: () => Promise.resolve(), // the buckets go with their server
  }
})

describe('a part of a bucket', () => {
  const stage = (place: Place, bytes: Buffer) => place.stage(Readable.from([bytes], { objectMode: false }), {})

  it('takes files of several parts, and tells them by their mark', async () => {
    const place = await open('p', await bucket())
    const bytes = randomBytes(1700 * KIB)
    const staged = await stage(place, bytes)
    const [published] = await place.publish([{ staged, path: 'large', expect: null }], () => true)
    if (published === undefined || 'error' in published) throw new Error('the file was not published', { cause: published?.error })
    expect((await buffer(await place.open('large', published.file.stamp))).equals(bytes)).toBe(true)
    expect(await place.marked('large', staged.mark)).toEqual(published.file)
    expect((await place.list({ prefix: '', after: '', limit: 10 })).files).toEqual([published.file])
  })

  it('asks once more before a large file gets its key: its parts take their time', async () => {
    const place = await open('p', await bucket())
    const staged = await stage(place, randomBytes(1700 * KIB))
    let asked = 0
    const [published] = await place.publish([{ staged, path: 'large', expect: null }], () => ++asked === 1)
    expect(published).toMatchObject({ error: { code: 'stale_lease' } })
    expect(asked).toBe(2)
    expect(await place.stat(['large'])).toEqual([null])
    await place.discard(staged)
  })

  it('tells keys that are no paths, and passes over those that stand for a folder', async () => {
    const Bucket = await bucket()
    for (const key of ['a//b', 'folder/', 'folder/x', 'with space+plus', 'line\nbreak']) {
      await client.send(new PutObjectCommand({ Bucket, Key: `some/where/${key}`, Body: key.endsWith('/') ? '' : 'x' }))
    }
    const { files, misfits } = await (await open('p', Bucket)).list({ prefix: '', after: '', limit: 100 })
    expect(files.map(({ path }) => path)).toEqual(['folder/x', 'with space+plus'])
    expect(misfits.map(({ path }) => path)).toEqual(['a//b', 'line\nbreak'])
  })

  it('asks a service that can to refuse a write over what came meanwhile', async () => {
    proxy.reset()
    const place = await open('p', await bucket(), { endpoint: proxy.url, conditionalWrites: true })
    proxy.fail(/^PUT .*\/raced/, { kind: 'answer', status: 412, body: '<Error><Code>PreconditionFailed</Code></Error>' })
    const staged = await stage(place, Buffer.from('x'))
    const [published] = await place.publish([{ staged, path: 'raced', expect: null }], () => true)
    expect(published).toMatchObject({ error: { code: 'destination_changed' } })
    // Swift takes no conditions on writes, and says so: the header was there
    const [refused] = await place.publish([{ staged, path: 'refused', expect: null }], () => true)
    expect(refused).toMatchObject({ error: { code: 'unavailable', message: expect.stringContaining('NotImplemented') as string } })
    await place.discard(staged)
  })

  it('knows its own object when the answer to its write was lost', async () => {
    proxy.reset()
    const place = await open('p', await bucket(), { endpoint: proxy.url })
    proxy.fail(/^PUT .*\/lost/, { kind: 'lose answer' })
    const staged = await stage(place, Buffer.from('x'))
    const [published] = await place.publish([{ staged, path: 'lost', expect: null }], () => true)
    expect(published).toMatchObject({ file: { path: 'lost', size: 1 } })
  })

  it('goes on with a read that breaks off, of the same object only', async () => {
    proxy.reset()
    const Bucket = await bucket()
    const place = await open('p', Bucket, { endpoint: proxy.url })
    const put = (byte: string) => client.send(new PutObjectCommand({ Bucket, Key: 'some/where/long', Body: Buffer.alloc(400 * KIB, byte) }))
    await put('a')
    const [file] = await place.stat(['long'])
    proxy.fail(/^GET .*\/long/, { kind: 'cut answer', afterBytes: 100 * KIB })
    expect((await buffer(await place.open('long', file?.stamp ?? ''))).toString()).toBe('a'.repeat(400 * KIB))
    proxy.fail(/^GET .*\/long/, { kind: 'cut answer', afterBytes: 100 * KIB })
    const stream = await place.open('long', file?.stamp ?? '')
    await put('b')
    await expect(buffer(stream)).rejects.toMatchObject({ code: 'source_changed' })
  })

  it('writes nothing into one that is read-only', async () => {
    const Bucket = await bucket()
    const place = await open('p', Bucket, { readonly: true })
    await expect(stage(place, Buffer.from('x'))).rejects.toMatchObject({ code: 'unsupported' })
    await place.health()
    expect(await place.sweepUnfinished(Date.now())).toBe(0)
    await expect((await open('p', 'no-such-bucket')).health()).rejects.toMatchObject({ code: 'unavailable' })
  })
})
