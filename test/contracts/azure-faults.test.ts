import { randomBytes, randomUUID } from 'node:crypto'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { inspect } from 'node:util'
import type { StorageSharedKeyCredential } from '@azure/storage-blob'
import {
  AccountSASPermissions,
  AccountSASResourceTypes,
  AccountSASServices,
  BlobServiceClient,
  generateAccountSASQueryParameters,
  type ContainerClient,
} from '@azure/storage-blob'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { WaybillError } from '../../src/model/errors.ts'
import type { BlobStore } from '../../src/ports/blob-store.ts'
import { openAzureBlobStore } from '../../src/stores/azure/azure-blob-store.ts'
import type { AzureLimits, AzureStoreOptions } from '../../src/stores/azure/azure-service.ts'
import { startAzurite, type Azurite } from '../support/servers/azurite.ts'
import { startFaultProxy, type FaultProxy } from '../support/servers/fault-proxy.ts'
import { sha256 } from '../support/sha256.ts'
import { collect, sourceOf, taking } from './bodies.ts'

const KIB = 1024
const SMALL = Buffer.from('hello, waybill')
const LARGE = randomBytes(1024 * KIB + 17)
const LIMITS: Partial<AzureLimits> = { blockBytes: () => 256 * KIB }
/** Copied while we wait, as blobs above 256 MiB are. */
const LONG: Partial<AzureLimits> = { ...LIMITS, copyBytes: 0 }

const BLOCK = /^PUT .*comp=block&/
const PUT_BLOB = /^PUT \S*\/blobs(\/|%2F)[0-9a-f]{64}$/

let azurite: Azurite
let proxy: FaultProxy
let container: ContainerClient
/** How long the store would have waited: its clock does not. */
let slept: number[] = []

beforeAll(async () => {
  azurite = await startAzurite()
  proxy = await startFaultProxy(azurite.url)
}, 120_000)
afterAll(async () => {
  await proxy.stop()
  await azurite.stop()
})
beforeEach(async () => {
  proxy.reset()
  slept = []
  container = BlobServiceClient.fromConnectionString(azurite.connectionString()).getContainerClient(`container-${randomUUID()}`)
  await container.create()
})

function open(limits: Partial<AzureLimits> = LIMITS, options: Partial<AzureStoreOptions> = {}): BlobStore {
  const clock = {
    now: () => Date.now(),
    steady: () => performance.now(),
    sleep: (ms: number) => {
      slept.push(ms)
      return Promise.resolve()
    },
  }
  return openAzureBlobStore({
    name: 'archive',
    clock,
    container: container.containerName,
    connectionString: azurite.connectionString(proxy.url),
    limits,
    ...options,
  })
}

function stream(bytes: Buffer): Readable {
  return Readable.from([bytes], { objectMode: false })
}

async function left(): Promise<string[]> {
  return (await collect(container.listBlobsFlat({ prefix: 'tmp/', includeUncommitedBlobs: true }))).map(({ name }) => name)
}

describe('the Azure store on a bad line', () => {
  it('waits as long as a busy service asks for', async () => {
    const store = open()
    proxy.fail(BLOCK, { kind: 'answer', status: 503, headers: { 'retry-after': '7' } }, 2)
    const { sha256: digest } = await store.put(stream(LARGE))
    expect(await store.verify(digest)).toBe(true)
    expect(slept).toHaveLength(2)
    for (const ms of slept) expect(ms).toBeGreaterThanOrEqual(7000)
  })

  it('asks no more when it is to wait for long, and says for how long', async () => {
    const store = open()
    proxy.fail(PUT_BLOB, { kind: 'answer', status: 429, headers: { 'retry-after': '3600' } })
    await expect(store.put(stream(SMALL))).rejects.toMatchObject({ code: 'unavailable', facts: { retryAfterSeconds: 3600 } })
    expect(proxy.requests).toHaveLength(1)
  })

  it('gives up after six attempts and keeps nothing', async () => {
    const store = open()
    proxy.fail(BLOCK, { kind: 'answer', status: 500 }, 1000)
    await expect(store.put(stream(LARGE))).rejects.toMatchObject({ code: 'unavailable' })
    expect(Math.max(...slept)).toBeLessThanOrEqual(4000)
    expect(await left()).toEqual([])
    expect(await collect(store.list())).toEqual([])
  })

  it('sends a block again whose connection was reset in its middle', async () => {
    const store = open()
    proxy.fail(BLOCK, { kind: 'reset', afterBytes: 100 * KIB }, 3)
    const { sha256: digest } = await store.put(stream(LARGE))
    expect(await store.verify(digest)).toBe(true)
    expect(await left()).toEqual([])
  })

  it.each([
    ['a small blob', SMALL, PUT_BLOB, LIMITS],
    ['the beginning of an upload', LARGE, /^PUT \S*\/tmp\/[^?]*$/, LIMITS],
    ['a block', LARGE, BLOCK, LIMITS],
    ['the list of blocks', LARGE, /^PUT .*comp=blocklist/, LIMITS],
    ['the copy to the final name', LARGE, PUT_BLOB, LIMITS],
    ['the beginning of a long copy', LARGE, PUT_BLOB, LONG],
    ['the removal of what was temporary', LARGE, /^DELETE /, LIMITS],
  ])('puts a blob whole though the answer to %s is lost', async (_what, bytes, matches, limits) => {
    const store = open(limits)
    proxy.fail(matches, { kind: 'lose answer' })
    const blob = await store.put(stream(bytes))
    expect(blob).toEqual({ sha256: sha256(bytes), size: bytes.length })
    expect(slept).toHaveLength(1)
    expect(await store.verify(blob.sha256)).toBe(true)
    expect(await left()).toEqual([])
  })

  it('goes on with a download where it broke off, and gives up one that never comes further', async () => {
    const store = open()
    const { sha256: digest } = await store.put(stream(LARGE))
    proxy.fail(/^GET \S*\/blobs\//, { kind: 'cut answer', afterBytes: 300_000 }, 3)
    expect((await buffer(await store.get(digest))).equals(LARGE)).toBe(true)
    proxy.fail(/^GET \S*\/blobs\//, { kind: 'cut answer', afterBytes: 1000 }, 2)
    expect((await buffer(await store.get(digest, { start: 500, end: 9000 }))).equals(LARGE.subarray(500, 9000))).toBe(true)
    expect(proxy.requests.filter(name => name.startsWith('GET'))).toHaveLength(4 + 3)
    proxy.fail(/^GET /, { kind: 'cut answer', afterBytes: 0 }, 100)
    await expect(buffer(await store.get(digest))).rejects.toMatchObject({ code: 'unavailable' })
  })

  it('spares a blob that another process puts again between the two requests of its deletion', async () => {
    const [ours, theirs] = [open(), open(LIMITS, { connectionString: azurite.connectionString() })]
    const { sha256: digest } = await ours.put(stream(SMALL))
    const deletion = Promise.withResolvers<undefined>()
    proxy.fail(/^DELETE /, { kind: 'hold', until: deletion.promise })
    const deleted = ours.delete(digest, Number.MAX_SAFE_INTEGER)
    while (!proxy.requests.some(name => name.startsWith('DELETE'))) await new Promise(resolve => setTimeout(resolve, 5))
    await theirs.put(stream(SMALL))
    deletion.resolve(undefined)
    expect(await deleted).toBe(false)
    expect(await ours.verify(digest)).toBe(true)
  })
})

describe('what the Azure store says when it cannot', () => {
  it('tells of a full service at once', async () => {
    const store = open()
    proxy.fail(BLOCK, { kind: 'answer', status: 507 }, 100)
    await expect(store.put(stream(LARGE))).rejects.toMatchObject({ code: 'out_of_space', message: expect.stringContaining('"archive"') })
    expect(slept).toEqual([])
    expect(await left()).toEqual([])
  })

  it('is unavailable without its container, and never says that a blob is missing then', async () => {
    const store = open(LIMITS, { container: 'no-such-container' })
    await expect(store.health()).rejects.toMatchObject({ code: 'unavailable', message: 'the container of the store "archive" is not there' })
    for (const ask of [() => store.stat(sha256(SMALL)), () => store.verify(sha256(SMALL)), () => store.put(stream(SMALL))]) {
      await expect(ask()).rejects.toMatchObject({ code: 'unavailable' })
    }
  })

  it('tells nobody where it is nor what opens it', async () => {
    const key = Buffer.from('open sesame').toString('base64')
    const refused = open(LIMITS, { connectionString: azurite.connectionString().replace(/AccountKey=[^;]+/, `AccountKey=${key}`) })
    const unreachable = open(LIMITS, { connectionString: azurite.connectionString('http://127.0.0.1:1') })
    for (const store of [refused, unreachable]) {
      for (const ask of [() => store.health(), () => store.put(stream(SMALL)), () => store.get(sha256(SMALL)), () => collect(store.list())]) {
        const failure: unknown = await ask().catch((error: unknown) => error)
        expect(failure).toMatchObject({ code: 'unavailable' })
        expect(inspect(failure, { depth: 20, showHidden: true })).not.toMatch(/sesame|127\.0\.0\.1|SharedKey|devstoreaccount/)
      }
    }
  })

  it('refuses what is no connection string, without quoting it', () => {
    for (const connectionString of ['', 'my secret', 'AccountName=a;AccountKey=c2VjcmV0']) {
      let failure: unknown = null
      try {
        open(LIMITS, { connectionString })
      } catch (error) {
        failure = error
      }
      expect(failure).toBeInstanceOf(WaybillError)
      expect(failure).toMatchObject({ code: 'invalid_request', message: expect.stringContaining('"archive"') })
      expect(inspect(failure)).not.toMatch(/my secret|c2VjcmV0/)
    }
  })
})

describe('the Azure store', () => {
  it('works with a shared access signature as well, copies included', async () => {
    const { credential } = BlobServiceClient.fromConnectionString(azurite.connectionString())
    const signature = generateAccountSASQueryParameters(
      {
        permissions: AccountSASPermissions.parse('rwdlc'),
        resourceTypes: AccountSASResourceTypes.parse('co').toString(),
        services: AccountSASServices.parse('b').toString(),
        expiresOn: new Date(Date.now() + 3600_000),
      },
      credential as StorageSharedKeyCredential,
    )
    const connectionString = `BlobEndpoint=${azurite.url}/devstoreaccount1;SharedAccessSignature=${signature.toString()}`
    for (const limits of [LIMITS, LONG]) {
      const store = open(limits, { connectionString })
      const { sha256: digest } = await store.put(stream(LARGE))
      expect(await store.verify(digest)).toBe(true)
    }
  })

  it('sends of a known blob only the blocks that are missing', async () => {
    async function* broken(): AsyncGenerator<Buffer> {
      yield LARGE.subarray(0, 2.5 * 256 * KIB)
      await new Promise(resolve => setImmediate(resolve))
      throw new Error('the line is down')
    }
    const half = sourceOf(LARGE, () => Readable.from(broken(), { objectMode: false }))
    await expect(open().receive(half, taking())).rejects.toMatchObject({ code: 'incomplete_body' })
    const sent = (): number => proxy.requests.filter(request => BLOCK.test(request)).length
    expect(sent()).toBe(2)
    expect(await left()).toEqual([`tmp/${sha256(LARGE)}`])
    proxy.reset()
    const progress: number[] = []
    await open().receive(sourceOf(LARGE), taking(progress))
    expect(sent()).toBe(3)
    expect(progress[0]).toBe(256 * KIB)
    expect(progress.at(-1)).toBe(LARGE.length)
    expect(await open().verify(sha256(LARGE))).toBe(true)
    expect(await left()).toEqual([])
  })

  it('sweeps nothing that is not its own', async () => {
    await container.getBlockBlobClient('tmp/notes.txt').upload('x', 1)
    await container.getBlockBlobClient(`tmp/${randomUUID()}`).upload('x', 1)
    expect(await open().sweepUnfinished(Number.MAX_SAFE_INTEGER)).toBe(1)
    expect(await left()).toEqual(['tmp/notes.txt'])
  })

  it('takes a blob for missing while it is copied, waits for that, and copies again what failed before', async () => {
    const store = open(LONG)
    const { sha256: digest } = await store.put(stream(LARGE))
    const status = (value: string, times: number): void =>
      proxy.fail(/^(HEAD|GET) \S*\/blobs\//, { kind: 'alter answer', headers: { 'x-ms-copy-status': value } }, times)
    status('pending', 3)
    expect(await store.stat(digest)).toBeNull()
    await expect(store.get(digest)).rejects.toMatchObject({ code: 'entry_not_found' })
    expect(await store.delete(digest, Number.MAX_SAFE_INTEGER)).toBe(false)
    status('pending', 4)
    await store.put(stream(LARGE))
    expect(slept).toEqual([500, 500, 500, 500])
    proxy.reset()
    status('failed', 1)
    await store.put(stream(LARGE))
    expect(proxy.requests.filter(name => /^DELETE \S*\/blobs\//.test(name))).toHaveLength(1)
    expect(await store.verify(digest)).toBe(true)
    expect(await left()).toEqual([])
  })

  it('writes a long blob anew where one of another length lies under its name', async () => {
    const store = open(LONG)
    await container.getBlockBlobClient(`blobs/${sha256(LARGE)}`).upload('rotten', 6)
    await store.put(stream(LARGE))
    expect(await store.verify(sha256(LARGE))).toBe(true)
  })
})
