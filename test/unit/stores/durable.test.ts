import { mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { BlobStore } from '../../../src/ports/blob-store.ts'
import type { Place, PlacedFile, Staged } from '../../../src/ports/place.ts'
import { systemClock } from '../../../src/system/clock.ts'
import { LARGE, sourceOf, stream, taking } from '../../contracts/bodies.ts'
import { sha256 } from '../../support/sha256.ts'
import { PowerCut } from './power-cut.ts'

/** A server that is killed loses nothing that the system has; one whose power is cut loses all that was not flushed, and no kill shows it. */
describe('after a power cut there is', () => {
  const disk = new PowerCut()
  let base: string
  let openStore: (name: string) => Promise<BlobStore>
  let place: Place
  let other: Place

  beforeAll(async () => {
    base = await realpath(await mkdtemp(join(tmpdir(), 'waybill-durable-')))
    await disk.watch()
    const { openLocalBlobStore } = await import('../../../src/stores/local/local-blob-store.ts')
    const { openDirectoryPlace } = await import('../../../src/stores/directory/directory-place.ts')
    openStore = name => openLocalBlobStore({ name, directory: join(base, name), clock: systemClock, resumedBytes: 512 * 1024 })
    await mkdir(join(base, 'other'))
    ;[place, other] = [base, join(base, 'other')].map(directory => openDirectoryPlace({ name: directory, directory, readonly: false, clock: systemClock })) as [
      Place,
      Place,
    ]
  })
  afterAll(() => rm(base, { recursive: true }))

  const missing = (store: string, digest: string): string | null => disk.missing(join(base, store, 'blobs', digest.slice(0, 2), digest.slice(2)), base)

  it('every blob whose put has ended, however many are put beside it, and the directory that was made for it', async () => {
    const store = await openStore('puts')
    const bodies = Array.from({ length: 4_000 }, (_, n) => Buffer.from(`body ${n}`)).filter(body => sha256(body).startsWith('0'))
    const inOneShard = bodies.filter(body => sha256(body).startsWith('00'))
    expect(inOneShard.length).toBeGreaterThan(5)
    const lost: (string | null)[] = []
    const put = async (body: Buffer): Promise<void> => void lost.push(missing('puts', (await store.put(stream(body))).sha256))
    await Promise.all(inOneShard.map(put))
    await Promise.all(bodies.slice(0, 40).map(put))
    expect(lost.filter(what => what !== null)).toEqual([])
    expect(disk.named, 'named before their bytes were flushed').toEqual([])
  })

  it('every blob whose directory another has made, and not flushed: a put beside it, or a server that was killed', async () => {
    const body = Buffer.from('body')
    const store = await openStore('killed')
    await mkdir(join(base, 'killed', 'blobs', sha256(body).slice(0, 2)))
    await store.put(stream(body))
    expect(missing('killed', sha256(body))).toBeNull()
  })

  it('every blob that was received or linked, also one that was there', async () => {
    const [from, to] = [await openStore('from'), await openStore('to')]
    const small = Buffer.from('small')
    for (const body of [small, LARGE]) {
      await from.receive(sourceOf(body), taking())
      expect(missing('from', sha256(body))).toBeNull()
    }
    const blobs = [small, LARGE].map(body => ({ sha256: sha256(body), size: body.length }))
    expect(await to.copyFrom(from, blobs, { ...taking(), slot: work => work() })).toEqual(new Set(blobs.map(blob => blob.sha256)))
    expect(blobs.map(blob => missing('to', blob.sha256))).toEqual([null, null])
    expect(disk.named, 'named before their bytes were flushed').toEqual([])
  })

  it('every file that was published in a place, its folders, too, and none that was removed', async () => {
    const path = 'new/folder/file'
    await mkdir(join(base, 'new', 'folder'), { recursive: true }) // by whoever else works there just now
    const publish = async (to: Place, staged: Staged | null, expected: string | null): Promise<PlacedFile> => {
      if (staged === null) throw new Error('nothing was staged')
      const [published] = await to.publish([{ staged, path, expect: expected }], () => true)
      if (published === undefined || 'error' in published) throw new Error(`${path} was not published`)
      const file = join(to === other ? join(base, 'other') : base, path)
      expect(disk.missing(file, dirname(file))).toBeNull()
      expect(disk.keeps(dirname(file)) && disk.keeps(dirname(dirname(file))), 'its folders').toBe(true)
      return published.file
    }
    const first = await publish(place, await place.stage(stream(Buffer.from('one')), {}), null)
    const second = await publish(place, await place.stage(stream(Buffer.from('two')), {}), first.stamp)
    await publish(other, await other.stageCopy(place, second), null)
    expect(await place.remove([{ path, stamp: second.stamp }], () => true)).toEqual([null])
    expect(disk.comesBack(join(base, path))).toBe(false)
    expect(disk.named, 'named before their bytes were flushed').toEqual([])
  })

  it('what a server was killed over that had just made it: its directories, and the key', async () => {
    const { makeDirectory } = await import('../../../src/system/directories.ts')
    const data = join(base, 'begun')
    for (const directory of [data, join(data, 'store'), join(data, 'store', 'blobs'), join(data, 'store', 'tmp')]) await mkdir(directory)
    await writeFile(join(data, 'signing-key'), '')
    makeDirectory(data)
    await openStore(join('begun', 'store'))
    const names = [data, join(data, 'signing-key'), join(data, 'store'), join(data, 'store', 'blobs')]
    expect(names.filter(name => !disk.keeps(name))).toEqual([])
  })

  it('the directory that was made for the data, with the key in it', async () => {
    const { makeDirectory } = await import('../../../src/system/directories.ts')
    const { storedKey } = await import('../../../src/system/stored-key.ts')
    makeDirectory(join(base, 'above', 'data'))
    storedKey(join(base, 'above', 'data'))
    expect(disk.missing(join(base, 'above', 'data', 'signing-key'), base)).toBeNull()
    expect(disk.named, 'named before their bytes were flushed').toEqual([])
  })

  it('a backup that has ended, and a ledger that was restored', async () => {
    const { Database } = await import('../../../src/ledger/sqlite/database.ts')
    const { backupLedger } = await import('../../../src/ledger/sqlite/backup.ts')
    const { restoreLedger } = await import('../../../src/ledger/sqlite/restore.ts')
    const [ledger, backup, restored] = ['ledger', 'backup', 'restored'].map(name => join(base, name)) as [string, string, string]
    Database.openWriter(ledger).close()
    await backupLedger(ledger, backup, () => undefined)
    restoreLedger(backup, restored, { force: false, now: Date.now() })
    expect([backup, restored].map(file => disk.missing(file, base))).toEqual([null, null])
    expect(disk.named, 'named before their bytes were flushed').toEqual([])
  })
})
