import { execFileSync } from 'node:child_process'
import { randomBytes, randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, rename, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { BlobStore } from '../../src/ports/blob-store.ts'
import type { Clock } from '../../src/ports/clock.ts'
import { directoryMark } from '../../src/stores/local/directory-mark.ts'
import { openLocalBlobStore } from '../../src/stores/local/local-blob-store.ts'
import { blobStoreContract, collect } from './blob-store.ts'

const realTime: Clock = { now: () => Date.now(), sleep: ms => new Promise(resolve => setTimeout(resolve, ms)) }

for (const shared of [false, true]) {
  blobStoreContract(shared ? 'the local store of several servers' : 'the local store', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'waybill-blobs-'))
    let now = Date.UTC(2026, 0, 1)
    const store = await openLocalBlobStore({ name: 'local', directory, clock: { ...realTime, now: () => now }, shared })
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
  })
}

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
