import { createHash, randomBytes } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CreateBucketCommand, ListMultipartUploadsCommand, ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { loadConfig } from '../../src/config.ts'
import { gathered } from '../support/gathered.ts'
import { examine, type Finding } from '../../src/doctor.ts'
import type { Clock } from '../../src/ports/clock.ts'
import { createToken, spawnServer, type ServerProcess } from '../support/server-process.ts'
import { SWIFT_START_MS, startSwift, type SwiftServer } from '../support/servers/swift.ts'
import { sha256 } from '../support/sha256.ts'
import { ShiftableClock } from '../support/shiftable-clock.ts'

/** Two parts of eight mebibytes and a bit: a multipart upload and a copy within the service. */
const BIG = randomBytes(17 * 1024 * 1024)
const SMALL = Buffer.from('hello, waybill')
const MOST_MS = 120_000

let swift: SwiftServer
let s3: S3Client
let data = ''
let token = ''
let server: ServerProcess

beforeAll(async () => {
  swift = await startSwift()
  s3 = new S3Client({
    endpoint: swift.url,
    region: swift.region,
    credentials: swift.credentials,
    forcePathStyle: true,
    requestChecksumCalculation: 'WHEN_REQUIRED',
  })
  await s3.send(new CreateBucketCommand({ Bucket: 'waybill' }))
  data = await mkdtemp(join(tmpdir(), 'waybill-stores-'))
  server = await start()
  token = await createToken(data, 'alice', ['read', 'write'])
  for (const collection of [{ id: 'near', store: 'local' }, { id: 'far', store: 'archive' }, { id: 'unsaid' }]) {
    expect((await call('POST', '/v1/collections', collection)).status).toBe(201)
  }
}, SWIFT_START_MS)
afterAll(async () => {
  await server.stop()
  await swift.stop()
  await rm(data, { recursive: true, force: true })
})

/** A server with a store in a bucket and one in its data directory; its secrets come from the environment. */
async function start(endpoint = swift.url): Promise<ServerProcess> {
  const stores = {
    archive: { kind: 's3', bucket: 'waybill', prefix: 'one/', endpoint, accessKeyIdVariable: 'ARCHIVE_KEY', secretAccessKeyVariable: 'ARCHIVE_SECRET' },
    local: { kind: 'local' },
  }
  const file = join(data, 'waybill.json')
  await writeFile(file, JSON.stringify({ stores, defaultStore: 'local', logLevel: 'debug' }))
  const { accessKeyId, secretAccessKey } = swift.credentials
  return spawnServer(data, { args: ['--config', file], env: { ARCHIVE_KEY: accessKeyId, ARCHIVE_SECRET: secretAccessKey } })
}

function call(method: string, path: string, body?: object | Buffer, headers: Record<string, string> = {}): Promise<Response> {
  const sent = body === undefined ? {} : { body: body instanceof Buffer ? new Uint8Array(body) : JSON.stringify(body) }
  const type = body === undefined || body instanceof Buffer ? {} : { 'content-type': 'application/json' }
  return fetch(server.url + path, { method, headers: { authorization: `Bearer ${token}`, ...type, ...headers }, ...sent })
}

function digest(bytes: Buffer): string {
  return `sha-256=:${createHash('sha256').update(bytes).digest('base64')}:`
}

async function keys(): Promise<string[]> {
  return ((await s3.send(new ListObjectsV2Command({ Bucket: 'waybill' }))).Contents ?? []).map(({ Key = '' }) => Key)
}

describe('a server with two stores', () => {
  it('keeps the files of a collection in its store, and those of one that does not say in the default one', async () => {
    const storeOf = async (id: string): Promise<unknown> => ((await (await call('GET', `/v1/collections/${id}`)).json()) as { store: string }).store
    expect([await storeOf('near'), await storeOf('far'), await storeOf('unsaid')]).toEqual(['local', 'archive', 'local'])
    expect((await call('POST', '/v1/collections', { id: 'nowhere', store: 'tape' })).status).toBe(400)

    expect((await call('PUT', '/v1/collections/near/entries/small', SMALL)).status).toBe(201)
    expect(await keys()).toEqual([])
    expect((await call('PUT', '/v1/collections/far/entries/small', SMALL, { 'repr-digest': digest(SMALL) })).status).toBe(201)
    expect(await keys()).toEqual([`one/blobs/${sha256(SMALL)}`])
  })

  it(
    'takes a large file in parts, gives back any range of it, and copies it by reference',
    async () => {
      expect((await call('PUT', '/v1/collections/far/entries/dir/big', BIG, { 'repr-digest': digest(BIG) })).status).toBe(201)
      const whole = await call('GET', '/v1/collections/far/entries/dir/big')
      expect(sha256(Buffer.from(await whole.arrayBuffer()))).toBe(sha256(BIG))
      const part = await call('GET', '/v1/collections/far/entries/dir/big', undefined, { range: 'bytes=9000000-9000099' })
      expect(part.status).toBe(206)
      expect(Buffer.from(await part.arrayBuffer()).equals(BIG.subarray(9_000_000, 9_000_100))).toBe(true)

      const before = await keys()
      const items = ['dir/big', 'small'].map(path => ({ source: { collection: 'far', path }, destination: { collection: 'far', path: `copies/${path}` } }))
      const job = await call('POST', '/v1/jobs', { kind: 'copy', items, verify: 'digest' }, { prefer: 'wait=60' })
      expect(await job.json()).toMatchObject({ state: 'finished', outcome: 'succeeded', counts: { done: 2 } })
      expect(await keys()).toEqual(before)
      const copy = await call('GET', '/v1/collections/far/entries/copies/dir/big')
      expect(sha256(Buffer.from(await copy.arrayBuffer()))).toBe(sha256(BIG))
    },
    MOST_MS,
  )

  it(
    'copies bytes from one store to the other and back',
    async () => {
      const copy = async (from: string, to: string, path: string, as: string): Promise<void> => {
        const items = [{ source: { collection: from, path }, destination: { collection: to, path: as } }]
        const job = await call('POST', '/v1/jobs', { kind: 'copy', items }, { prefer: 'wait=60' })
        expect(await job.json()).toMatchObject({ state: 'finished', outcome: 'succeeded' })
      }
      await copy('far', 'near', 'dir/big', 'big')
      await copy('near', 'far', 'big', 'back/big')
      for (const place of ['near/entries/big', 'far/entries/back/big']) {
        const bytes = await call('GET', `/v1/collections/${place}`)
        expect(sha256(Buffer.from(await bytes.arrayBuffer())), place).toBe(sha256(BIG))
      }
    },
    MOST_MS,
  )

  it('is found well by the doctor, unless its clock is another than that of the service', async () => {
    const { accessKeyId, secretAccessKey } = swift.credentials
    vi.stubEnv('ARCHIVE_KEY', accessKeyId)
    vi.stubEnv('ARCHIVE_SECRET', secretAccessKey)
    const before = await keys()
    const config = loadConfig({ file: join(data, 'waybill.json'), flags: { data } })
    const late = new ShiftableClock()
    late.shift = 3600 * 1000
    const archive = async (clock?: Clock): Promise<Finding | undefined> => (await gathered(examine(config, clock))).find(({ what }) => what === 'store archive')
    expect(await archive()).toMatchObject({ well: true })
    expect(await archive(late)).toMatchObject({ well: false, found: expect.stringContaining('60 minutes apart') as string })
    expect(await keys()).toEqual(before)
    vi.unstubAllEnvs()
  })

  it('stores nothing of a file with another digest, and leaves nothing temporary', async () => {
    const before = await keys()
    expect((await call('PUT', '/v1/collections/far/entries/wrong', randomBytes(9_000_000), { 'repr-digest': digest(SMALL) })).status).toBe(400)
    expect(await keys()).toEqual(before)
    expect((await s3.send(new ListMultipartUploadsCommand({ Bucket: 'waybill' }))).Uploads ?? []).toEqual([])
  })

  it(
    'starts while the service is out of reach, and says so until it is back; what lies in the other store is there all the time',
    async () => {
      await server.stop()
      server = await start('http://127.0.0.1:1')
      expect((await call('GET', '/readyz')).status).toBe(503)
      expect((await call('GET', '/healthz')).status).toBe(200)
      expect(await (await call('GET', '/v1/collections/near/entries/small')).text()).toBe(SMALL.toString())
      expect((await call('GET', '/v1/collections/far/entries/small')).status).toBe(503)
      expect(server.output()).not.toContain(swift.credentials.secretAccessKey)

      await server.kill()
      server = await start()
      expect((await call('GET', '/readyz')).status).toBe(200)
      expect(await (await call('GET', '/v1/collections/far/entries/small')).text()).toBe(SMALL.toString())
    },
    MOST_MS,
  )
})
