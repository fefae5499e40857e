import { execFileSync } from 'node:child_process'
import { chmod, mkdir, mkdtemp, readdir, readFile, rename, rm, stat, symlink, unlink, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { observedPlace } from '../../src/observability/observed-stores.ts'
import { SILENT } from '../../src/ports/observer.ts'
import type { Place, PlacedFile, Staged } from '../../src/ports/place.ts'
import { openDirectoryPlace } from '../../src/stores/directory/directory-place.ts'
import { systemClock } from '../../src/system/clock.ts'
import { placeContract, type PlaceUnderTest } from './place.ts'

async function directoryPlace(wrap: (place: Place) => Place = place => place): Promise<PlaceUnderTest> {
  const directory = await mkdtemp(join(tmpdir(), 'waybill-place-'))
  const open = async (name: string): Promise<Place> => {
    await mkdir(join(directory, name))
    return wrap(openDirectoryPlace({ name, directory: join(directory, name), readonly: false, clock: systemClock }))
  }
  return {
    place: await open('one'),
    other: await open('other'),
    writeOutside: async (path, bytes) => {
      await mkdir(dirname(join(directory, 'one', path)), { recursive: true })
      await writeFile(join(directory, 'one', path), bytes)
    },
    removeOutside: path => rm(join(directory, 'one', path)),
    unfinished: async () => (await readdir(join(directory, 'one', '.waybill'))).length,
    close: () => rm(directory, { recursive: true }),
  }
}

placeContract('a directory', directoryPlace)
placeContract('a directory, observed', () => directoryPlace(place => observedPlace(place, SILENT)))

describe('a directory with what does not belong into one', () => {
  let root: string
  let inside: string
  let place: Place
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'waybill-place-'))
    inside = join(root, 'inside')
    await mkdir(join(inside, 'sub'), { recursive: true })
    await mkdir(join(root, 'outside'))
    await writeFile(join(root, 'outside', 'secret'), 'secret')
    await writeFile(join(inside, 'sub', 'file'), 'file')
    place = openDirectoryPlace({ name: 'p', directory: inside, readonly: false, clock: systemClock })
  })
  afterEach(() => rm(root, { recursive: true, force: true }))

  const write = async (path: string): Promise<unknown> => {
    const staged = await place.stage(Readable.from(['x'], { objectMode: false }), {})
    const [published] = await place.publish([{ staged, path, expect: null }], () => true)
    await place.discard(staged)
    return published
  }

  it('follows no link, to a file or to a folder, when it lists, looks, reads or writes', async () => {
    await symlink(join(root, 'outside'), join(inside, 'folder-link'))
    await symlink(join(root, 'outside', 'secret'), join(inside, 'file-link'))
    await symlink('sub', join(inside, 'inner-link'))
    const { files, misfits } = await place.list({ prefix: '', after: '', limit: 100 })
    expect(files.map(({ path }) => path)).toEqual(['sub/file'])
    expect(misfits.map(({ path, code }) => [path, code])).toEqual([
      ['file-link', 'unsupported'],
      ['folder-link', 'unsupported'],
      ['inner-link', 'unsupported'],
    ])
    expect((await place.list({ prefix: 'folder-link/', after: '', limit: 100 })).files).toEqual([])
    expect(await place.stat(['folder-link/secret', 'file-link', 'inner-link/file'])).toEqual([null, null, null])
    const real = (await place.stat(['sub/file']))[0] as PlacedFile
    await expect(place.open('inner-link/file', real.stamp)).rejects.toMatchObject({ code: 'source_changed' })
    expect(await write('folder-link/planted')).toMatchObject({ error: { code: 'entry_exists' } })
    expect(await write('file-link')).toMatchObject({ error: { code: 'destination_changed' } })
    for (const path of ['folder-link/secret', 'file-link', 'inner-link/file']) {
      expect(await place.remove([{ path, stamp: real.stamp }], () => true)).toMatchObject([{ error: { code: 'destination_changed' } }])
    }
    expect(await readdir(join(root, 'outside'))).toEqual(['secret'])
    expect(await readFile(join(root, 'outside', 'secret'), 'utf8')).toBe('secret')
  })

  it('does not follow a folder that becomes a link while it is read', async () => {
    for (let n = 0; n < 300; n++) await writeFile(join(inside, 'sub', `f${String(n).padStart(3, '0')}`), 'x')
    await writeFile(join(root, 'outside', 'f299'), 'secret')
    const first = await place.list({ prefix: '', after: '', limit: 10 })
    await rename(join(inside, 'sub'), join(root, 'moved'))
    await symlink(join(root, 'outside'), join(inside, 'sub'))
    const next = await place.list({ prefix: '', after: first.through ?? '', limit: 1000 })
    expect(next.files).toEqual([])
  })

  it('tells names that are no paths, and pipes, and does not wait for one', async () => {
    await writeFile(Buffer.concat([Buffer.from(`${inside}/bad`), Buffer.from([0xff])]), 'x')
    await writeFile(join(inside, 'line\nbreak'), 'x')
    execFileSync('mkfifo', [join(inside, 'pipe')])
    const { files, misfits } = await place.list({ prefix: '', after: '', limit: 100 })
    expect(files.map(({ path }) => path)).toEqual(['sub/file'])
    expect(misfits.map(({ path, code }) => [path, code])).toEqual([
      ['bad%ff', 'invalid_path'],
      ['line%0abreak', 'invalid_path'],
      ['pipe', 'unsupported'],
    ])
    await expect(place.open('pipe', 'any')).rejects.toMatchObject({ code: 'source_changed' })
  })

  it('keeps its own folder to itself, and makes it only when it has something to write', async () => {
    expect(await place.sweepUnfinished(Date.now())).toBe(0)
    await place.list({ prefix: '', after: '', limit: 1 })
    expect(await readdir(inside)).toEqual(['sub'])
    expect(await write('.waybill/x')).toMatchObject({ error: { code: 'invalid_path' } })
    const staged = await place.stage(Readable.from(['x'], { objectMode: false }), {})
    expect((await place.list({ prefix: '', after: '', limit: 100 })).files.map(({ path }) => path)).toEqual(['sub/file'])
    expect(await place.stat([`.waybill/${staged.id}`])).toEqual([null])
    const after = openDirectoryPlace({ name: 'p', directory: inside, readonly: false, clock: systemClock })
    expect(await after.sweepUnfinished(Date.now() + 60_000)).toBe(1)
  })

  it('shows what has come since, where the next page is asked for later', async () => {
    let later = 0
    const clock = { ...systemClock, steady: () => systemClock.steady() + later }
    const slow = openDirectoryPlace({ name: 'p', directory: inside, readonly: false, clock })
    await writeFile(join(inside, 'a'), 'x')
    expect(await slow.list({ prefix: '', after: '', limit: 1 })).toMatchObject({ through: 'a' })
    await writeFile(join(inside, 'b'), 'x')
    later = 60_000
    expect((await slow.list({ prefix: '', after: 'a', limit: 10 })).files.map(({ path }) => path)).toEqual(['b', 'sub/file'])
  })

  it('does not show its own folder, whatever prefix is asked for', async () => {
    const staged = await place.stage(Readable.from(['x'], { objectMode: false }), {})
    for (const prefix of ['', '.', '.waybill', '.waybill/', `.waybill/${staged.id}`]) {
      const { files, folders, misfits } = await place.list({ prefix, after: '', limit: 100 })
      expect([...files.map(({ path }) => path), ...folders, ...misfits], prefix).toEqual(prefix === '' ? ['sub/file'] : [])
    }
  })

  it('copies bytes, and not the rights of a file', async () => {
    const usual = (await stat(join(inside, 'sub', 'file'))).mode
    for (const mode of [0o4755, 0o444]) {
      await chmod(join(inside, 'sub', 'file'), mode)
      const [source] = (await place.stat(['sub/file'])) as PlacedFile[]
      const staged = await place.stageCopy(place, source as PlacedFile)
      await place.publish([{ staged: staged as Staged, path: `copy-${mode}`, expect: null }], () => true)
      expect((await stat(join(inside, `copy-${mode}`))).mode).toBe(usual)
    }
  })

  it('publishes nothing in place of what was staged', async () => {
    const staged = await place.stage(Readable.from(['x'], { objectMode: false }), {})
    await unlink(join(inside, '.waybill', staged.id))
    await writeFile(join(inside, '.waybill', staged.id), 'y')
    expect(await place.publish([{ staged, path: 'planted', expect: null }], () => true)).toMatchObject([{ error: { code: 'unavailable' } }])
    expect(await place.stat(['planted'])).toEqual([null])
  })

  it('notices a file that was changed and given back its old time and size', async () => {
    const path = join(inside, 'sub', 'file')
    const then = new Date('2020-01-01T00:00:00Z')
    await utimes(path, then, then)
    const [before] = await place.stat(['sub/file'])
    await writeFile(path, 'elif')
    await utimes(path, then, then)
    const [after] = await place.stat(['sub/file'])
    expect(after).toMatchObject({ size: 4, modifiedAt: before?.modifiedAt })
    expect(after?.stamp).not.toBe(before?.stamp)
  })

  it('notices a change between the first byte and the last', async () => {
    await writeFile(join(inside, 'large'), Buffer.alloc(3_000_000, 'a'))
    const [file] = await place.stat(['large'])
    const stream = await place.open('large', file?.stamp ?? '')
    await new Promise(resolve => stream.once('readable', resolve))
    await writeFile(join(inside, 'large'), Buffer.alloc(3_000_000, 'b'))
    await expect(buffer(stream)).rejects.toMatchObject({ code: 'source_changed' })
  })

  it('refuses files and folders in each other’s way, and names that are too long', async () => {
    expect(await write('sub')).toMatchObject({ error: { code: 'entry_exists' } })
    expect(await write('sub/file/beneath')).toMatchObject({ error: { code: 'entry_exists' } })
    expect(await write('x'.repeat(300))).toMatchObject({ error: { code: 'invalid_path' } })
    expect(await write(`${'y'.repeat(300)}/z`)).toMatchObject({ error: { code: 'invalid_path' } })
  })

  it('writes nothing into one that is read-only, not even a folder of its own', async () => {
    const only = openDirectoryPlace({ name: 'p', directory: inside, readonly: true, clock: systemClock })
    await expect(only.stage(Readable.from(['x'], { objectMode: false }), {})).rejects.toMatchObject({ code: 'unsupported' })
    const [file] = await only.stat(['sub/file'])
    await expect(only.remove([file as PlacedFile], () => true)).rejects.toMatchObject({ code: 'unsupported' })
    await only.health()
    expect(await only.sweepUnfinished(Date.now())).toBe(0)
    expect(await readdir(inside)).toEqual(['sub'])
  })

  it('is not there when another directory is in its stead', async () => {
    await place.health()
    await rename(inside, join(root, 'away'))
    await mkdir(inside)
    await expect(place.list({ prefix: '', after: '', limit: 1 })).rejects.toMatchObject({ code: 'unavailable' })
    await rm(inside, { recursive: true })
    await expect(place.stat(['a'])).rejects.toMatchObject({ code: 'unavailable' })
    await expect(openDirectoryPlace({ name: 'p', directory: inside, readonly: true, clock: systemClock }).health()).rejects.toMatchObject({
      code: 'unavailable',
    })
  })

  it('leaves a file that is replaced between two looks to whoever replaced it', async () => {
    const [file] = await place.stat(['sub/file'])
    const staged = await place.stage(Readable.from(['ours'], { objectMode: false }), {})
    await unlink(join(inside, 'sub', 'file'))
    const [published] = await place.publish([{ staged, path: 'sub/file', expect: file?.stamp ?? '' }], () => true)
    expect(published).toMatchObject({ error: { code: 'destination_changed' } })
    await place.discard(staged)
    expect(await place.stat(['sub/file'])).toEqual([null])
  })
})
