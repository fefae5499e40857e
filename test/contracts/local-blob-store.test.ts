import { execFileSync } from 'node:child_process'
import { randomBytes, randomUUID } from 'node:crypto'
import { mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, rename, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest'
import { observedStore } from '../../src/observability/observed-stores.ts'
import type { BlobStore } from '../../src/ports/blob-store.ts'
import type { Clock } from '../../src/ports/clock.ts'
import { SILENT } from '../../src/ports/observer.ts'
import { directoryMark } from '../../src/stores/local/directory-mark.ts'
import { openLocalBlobStore } from '../../src/stores/local/local-blob-store.ts'
import { openS3BlobStore } from '../../src/stores/s3/s3-blob-store.ts'
import { sha256 } from '../support/sha256.ts'
import { blobStoreContract, type BlobStoreUnderTest } from './blob-store.ts'
import { collect, sourceOf, stream, taking } from './bodies.ts'
import { copyFromContract, copying } from './copy-from.ts'

const realTime: Clock = { now: () => Date.now(), steady: () => performance.now(), sleep: ms => new Promise(resolve => setTimeout(resolve, ms)) }

async function localStore(shared = false): Promise<BlobStoreUnderTest> {
  const directory = await mkdtemp(join(tmpdir(), 'waybill-blobs-'))
  let now = Date.UTC(2026, 0, 1)
  const store = await openLocalBlobStore({ name: 'local', directory, clock: { ...realTime, now: () => now }, shared, resumedBytes: 512 * 1024 })
  return {
    store,
    nextMoment: () => {
      now += 1000
      return Promise.resolve(now)
    },
    rounds: 50,
    corrupt: digest => writeFile(join(directory, 'blobs', digest.slice(0, 2), digest.slice(2)), 'rotten'),
    leaveUnfinished: async () => {
      const path = join(directory, 'tmp', randomUUID())
      await writeFile(path, 'half')
      await utimes(path, now / 1000, now / 1000)
    },
    unfinished: async () => (await readdir(join(directory, 'tmp'))).length,
    close: () => rm(directory, { recursive: true }),
  }
}

blobStoreContract('the local store', localStore)
blobStoreContract('the local store of several servers', () => localStore(true))

async function observed(): Promise<BlobStoreUnderTest> {
  const under = await localStore()
  return { ...under, store: observedStore(under.store, SILENT) }
}

blobStoreContract('the local store, observed', observed)
copyFromContract(
  'the local store',
  async () => ({ from: await observed(), to: await observed() }),
  async () => {
    const clock = realTime
    return openS3BlobStore({ name: 's3', clock, bucket: 'b', endpoint: 'http://127.0.0.1:9', credentials: { accessKeyId: 'a', secretAccessKey: 's' } })
  },
)

describe('links between local stores', () => {
  let root: string
  let near: BlobStore
  let far: BlobStore
  let now = Date.UTC(2026, 0, 1)
  const clock = { ...realTime, now: () => now }
  const place = (store: string, digest: string): string => join(root, store, 'blobs', digest.slice(0, 2), digest.slice(2))

  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'waybill-links-'))
    near = await openLocalBlobStore({ name: 'near', directory: join(root, 'near'), clock })
    far = await openLocalBlobStore({ name: 'far', directory: join(root, 'far'), clock })
  })
  afterEach(() => rm(root, { recursive: true }))

  it('share one file, which is as young as the copy', async () => {
    const blob = await near.put(Readable.from([Buffer.from('x')]))
    now += 5000
    expect(await far.copyFrom(near, [blob], copying())).toEqual(new Set([blob.sha256]))
    const [one, other] = await Promise.all([stat(place('near', blob.sha256)), stat(place('far', blob.sha256))])
    expect(other.ino).toBe(one.ino)
    expect(await far.stat(blob.sha256)).toMatchObject({ putAt: now })
    now += 5000
    await far.copyFrom(near, [blob], copying())
    expect(await far.stat(blob.sha256), 'a second copy renews the age').toMatchObject({ putAt: now })
    expect(await readdir(join(root, 'far', 'tmp'))).toEqual([])
  })

  it('are not made of damaged bytes, even where size and name are right', async () => {
    for (const size of [10, 1024 * 1024 + 10]) {
      const blob = await near.put(Readable.from([randomBytes(size)], { objectMode: false }))
      await writeFile(place('near', blob.sha256), randomBytes(size))
      expect(await far.copyFrom(near, [blob], copying())).toEqual(new Set())
      expect(await far.stat(blob.sha256)).toBeNull()
    }
  })

  it('take the place of an older, damaged blob', async () => {
    const bytes = randomBytes(1000)
    const blob = await near.put(Readable.from([bytes]))
    await far.put(Readable.from([bytes]))
    await writeFile(place('far', blob.sha256), 'rotten')
    await far.copyFrom(near, [blob], copying())
    expect(await far.verify(blob.sha256)).toBe(true)
    expect(await readdir(join(root, 'far', 'tmp'))).toEqual([])
  })

  it('end with a put: it makes a file of its own', async () => {
    const bytes = randomBytes(1000)
    const blob = await near.put(Readable.from([bytes]))
    await far.copyFrom(near, [blob], copying())
    await far.put(Readable.from([bytes]))
    await writeFile(place('near', blob.sha256), 'rotten')
    expect(await far.verify(blob.sha256)).toBe(true)
  })

  it('cannot be made from a file system to another', async () => {
    const away = await mkdtemp('/dev/shm/waybill-links-')
    try {
      const other = await openLocalBlobStore({ name: 'other', directory: away, clock })
      const blob = await other.put(Readable.from([Buffer.from('x')]))
      await expect(far.copyFrom(other, [blob], copying())).rejects.toMatchObject({ code: 'unsupported' })
    } finally {
      await rm(away, { recursive: true })
    }
  })
})

describe('a local store that goes on with a blob', () => {
  let directory: string
  let store: BlobStore
  const bytes = randomBytes(2_000_000)
  const left = (): string => join(directory, 'tmp', sha256(bytes))

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'waybill-resume-'))
    store = await openLocalBlobStore({ name: 'main', directory, clock: realTime, resumedBytes: 1000 })
  })
  afterEach(() => rm(directory, { recursive: true }))

  it('reads of the source only what is missing', async () => {
    await writeFile(left(), bytes.subarray(0, 1_500_000))
    const source = sourceOf(bytes)
    const progress: number[] = []
    await store.receive(source, taking(progress))
    expect(source.opened).toEqual([1_500_000])
    expect(progress[0]).toBeGreaterThan(0)
    expect(await store.verify(sha256(bytes))).toBe(true)
  })

  it.each([
    ['damaged', Buffer.concat([Buffer.alloc(1000), bytes.subarray(1000, 500_000)])],
    ['too long', Buffer.concat([bytes, Buffer.from('more')])],
  ])('begins anew when what is there is %s', async (_what, before) => {
    await writeFile(left(), before)
    const source = sourceOf(bytes)
    await store.receive(source, taking())
    expect(source.opened.at(-1)).toBe(0)
    expect(await store.verify(sha256(bytes))).toBe(true)
    expect(await readdir(join(directory, 'tmp'))).toEqual([])
  })

  it('needs nothing of the source when all of it is there', async () => {
    await writeFile(left(), bytes)
    await store.receive(sourceOf(bytes), taking())
    expect(await store.verify(sha256(bytes))).toBe(true)
  })
})

describe('a local store of several servers that goes on with a blob', () => {
  let directory: string
  const bytes = randomBytes(2_000_000)
  const open = (): Promise<BlobStore> => openLocalBlobStore({ name: 'main', directory, clock: realTime, shared: true, resumedBytes: 1000 })
  const unfinished = async (): Promise<string[]> => (await readdir(join(directory, 'tmp'))).map(name => join(directory, 'tmp', name))
  /** As one whose process is gone. */
  const silence = (path: string): Promise<void> => utimes(path, 0, 0)

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'waybill-resume-'))
  })
  afterEach(() => rm(directory, { recursive: true }))

  it('publishes no part of it when another server takes the file while it is hashed', async () => {
    const store = await open()
    const left = join(directory, 'tmp', `${sha256(bytes)}-${randomUUID()}`)
    await writeFile(left, bytes.subarray(0, 1_500_000))
    await silence(left)
    let taken = false
    const onProgress = (): void => {
      if (taken) return
      const [own = ''] = readdirSync(join(directory, 'tmp'))
      renameSync(join(directory, 'tmp', own), left)
      taken = true
    }
    await store.receive(sourceOf(bytes), { ...taking(), onProgress })
    expect(taken).toBe(true)
    expect(await store.verify(sha256(bytes))).toBe(true)
  })

  it('does not let two spoil each other’s bytes when one stood still for long', async () => {
    const [slow, quick] = await Promise.all([open(), open()])
    const goOn = Promise.withResolvers<undefined>()
    async function* halting(from: number): AsyncGenerator<Uint8Array> {
      yield bytes.subarray(from, 1_000_000)
      await goOn.promise
      yield bytes.subarray(1_000_000)
    }
    const halted = slow.receive(
      sourceOf(bytes, from => (from > 0 ? stream(bytes.subarray(from)) : Readable.from(halting(0), { objectMode: false }))),
      taking(),
    )
    let [file] = await unfinished()
    while (file === undefined || (await stat(file)).size === 0) [file] = await unfinished()
    await silence(file)
    await quick.receive(sourceOf(bytes), taking())
    goOn.resolve(undefined)
    await halted.catch((error: unknown) => error) // whatever becomes of it
    expect(await quick.verify(sha256(bytes))).toBe(true)
    expect(await unfinished()).toEqual([])
  })
})

describe('the local store on its directory', () => {
  let directory: string
  let store: BlobStore

  beforeEach(async () => {
    directory = join(await mkdtemp(join(tmpdir(), 'waybill-blobs-')), 'not', 'yet', 'there')
    store = await openLocalBlobStore({ name: 'main', directory, clock: realTime })
  })
  afterEach(() => rm(join(directory, '../../..'), { recursive: true }))

  it('keeps blobs in shards by the first two digits', async () => {
    const { sha256 } = await store.put(Readable.from([Buffer.from('x')]))
    expect(await readdir(join(directory, 'blobs'))).toEqual([sha256.slice(0, 2)])
    expect(await readdir(join(directory, 'blobs', sha256.slice(0, 2)))).toEqual([sha256.slice(2)])
  })

  it('keeps the time of a put as its clock tells it', async () => {
    const store = await openLocalBlobStore({ name: 'main', directory, clock: { ...realTime, now: () => Date.UTC(2026, 0, 1) } })
    await store.put(Readable.from([Buffer.from('x')]))
    expect(await collect(store.list())).toMatchObject([{ putAt: Date.UTC(2026, 0, 1) }])
  })

  it('finds its blobs when it is opened again', async () => {
    const blob = await store.put(Readable.from([Buffer.from('x')]))
    const again = await openLocalBlobStore({ name: 'main', directory, clock: realTime })
    expect(await again.stat(blob.sha256)).toMatchObject(blob)
  })

  it('has a mark that is its own, the same for all who open it at once, wherever it is moved', async () => {
    const marks = await Promise.all(Array.from({ length: 8 }, () => directoryMark('main', directory)))
    expect(new Set(marks).size).toBe(1)
    const moved = `${directory}-moved`
    await rename(directory, moved)
    expect(await directoryMark('main', moved)).toBe(marks[0])
    store = await openLocalBlobStore({ name: 'main', directory, clock: realTime })
    expect(await directoryMark('main', directory)).not.toBe(marks[0])
    await writeFile(join(directory, 'mark'), '')
    await expect(directoryMark('main', directory)).rejects.toMatchObject({ code: 'unavailable' })
  })

  it('lists only blobs, whatever else lies in its directories', async () => {
    const { sha256 } = await store.put(Readable.from([Buffer.from('x')]))
    await mkdir(join(directory, 'blobs', 'lost+found'))
    await writeFile(join(directory, 'blobs', sha256.slice(0, 2), 'notes.txt'), 'x')
    expect((await collect(store.list())).map(blob => blob.sha256)).toEqual([sha256])
  })

  it('says that it is unavailable when its directory has gone, without telling where it was', async () => {
    await rm(directory, { recursive: true })
    const failure: unknown = await store.health().catch((error: unknown) => error)
    expect(failure).toMatchObject({ code: 'unavailable', message: expect.stringContaining('"main"') })
    expect(String(failure)).not.toContain(directory)
    await expect(store.put(Readable.from([Buffer.from('x')]))).rejects.toMatchObject({ code: 'unavailable' })
  })
})

// A disk that is really full: only root may mount one, so the test exists only where that works.
const smallDisk = mountSmallDisk()
if (smallDisk !== null) {
  describe('the local store on a full disk', () => {
    afterAll(() => {
      execFileSync('umount', [smallDisk])
      rmSync(smallDisk, { recursive: true })
    })

    it.each([64 * 1024, 1024 * 1024])('refuses %d bytes with out_of_space, keeps nothing, and works again with space', async size => {
      const store = await openLocalBlobStore({ name: 'small', directory: join(smallDisk, `store-${size}`), clock: realTime })
      const filler = join(smallDisk, 'filler')
      await writeFile(filler, randomBytes(200 * 1024))
      await expect(store.put(Readable.from([randomBytes(size)], { objectMode: false }))).rejects.toMatchObject({ code: 'out_of_space' })
      expect(await collect(store.list())).toEqual([])
      expect(await readdir(join(smallDisk, `store-${size}`, 'tmp'))).toEqual([])
      await rm(filler)
      await store.put(Readable.from([randomBytes(32 * 1024)], { objectMode: false }))
    })
  })
}

function mountSmallDisk(): string | null {
  const place = mkdtempSync(join(tmpdir(), 'waybill-full-'))
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=256k', 'waybill-test', place], { stdio: 'ignore' })
    return place
  } catch (error) {
    rmSync(place, { recursive: true })
    // No such command, or not allowed: then there is no such disk here. Anything else is a fault of the test.
    if (error instanceof Error && ('status' in error || 'code' in error)) return null
    throw error
  }
}
