import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Ledger } from '../../../src/ports/ledger.ts'
import type { Place } from '../../../src/ports/place.ts'
import { openDirectoryPlace } from '../../../src/stores/directory/directory-place.ts'
import { but } from '../../support/but.ts'
import { systemClock } from '../../../src/system/clock.ts'
import { ALICE, command, itemsOf, openHouse, put, run, text, type House } from './house.ts'

/** How long nobody has taken a job up before it is woken again (upkeep.ts), and more than a lease lasts. */
const LATER_MS = 40_000

describe('jobs over an attached directory', () => {
  let directory: string
  let house: House | undefined
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'waybill-attached-'))
  })
  afterEach(async () => {
    await house?.close()
    house = undefined
    await rm(directory, { recursive: true, force: true })
  })

  /** An engine with one attached collection, `out`, and a managed one, `in`. Something may stand between it and the place, and the ledger. */
  async function open(more: { place?: (place: Place) => Partial<Place>; ledger?: (ledger: Ledger) => Partial<Ledger> } = {}): Promise<House> {
    const real = openDirectoryPlace({ name: 'place', directory, readonly: false, clock: systemClock })
    const place = but(real, more.place?.(real) ?? {})
    house = await openHouse({ places: [place], wrapLedger: ledger => but(ledger, more.ledger?.(ledger) ?? {}) })
    await house.engine.collections.create(ALICE, { id: 'out', store: 'place' })
    await house.engine.collections.create(ALICE, { id: 'in' })
    return house
  }
  const write = async (path: string, bytes: string): Promise<void> => {
    await mkdir(dirname(join(directory, path)), { recursive: true })
    await writeFile(join(directory, path), bytes)
  }
  const read = (path: string): Promise<string> => readFile(join(directory, path), 'utf8')
  const copies = (from: string, to: string, paths: readonly string[]): Parameters<typeof run>[1] => ({
    items: paths.map(path => ({ source: { collection: from, path }, destination: { collection: to } })),
  })
  const outcomes = async (job: string): Promise<unknown[]> =>
    (await itemsOf(house as House, job)).map(({ state, reason, destination }) => [state, reason?.code ?? destination?.version])
  /** Submits, and lets the time pass in which a job that was given up is taken up again. */
  const runOn = async (wish: Parameters<typeof run>[1]): Promise<Awaited<ReturnType<typeof run>>> => {
    const { engine, clock, errors } = house as House
    let heard = 0
    let { job } = await engine.jobs.submit(ALICE, command(wish))
    while (job.state !== 'finished') {
      if (errors.length > heard) clock.advance(LATER_MS)
      heard = errors.length
      await new Promise(resolve => setTimeout(resolve, 50))
      job = await engine.jobs.get(ALICE, job.id)
    }
    return job
  }

  it('find what a worker had published when it died before it could say so, and publish nothing twice', async () => {
    let deaths = 0
    let publications = 0
    await open({
      place: place => ({
        publish: (wishes, mayGoOn) => {
          publications += wishes.length
          return place.publish(wishes, mayGoOn)
        },
      }),
      ledger: ledger => ({
        settlePublished: (lease, wish, published) => {
          deaths += 1
          return deaths === 1 ? Promise.reject(new Error('died')) : ledger.settlePublished(lease, wish, published)
        },
      }),
    })
    for (const path of ['a', 'b', 'c']) await put(house as House, 'in', path)
    await write('b', 'theirs')
    const { id, outcome } = await runOn(copies('in', 'out', ['a', 'b', 'c']))
    expect(outcome).toBe('succeeded')
    expect([deaths, publications]).toEqual([2, 3])
    expect(await outcomes(id)).toEqual([
      ['done', 1],
      ['done', 2],
      ['done', 1],
    ])
    expect([await read('a'), await read('b'), await read('c')]).toEqual(['a', 'b', 'c'])
    expect(await readdir(join(directory, '.waybill'))).toEqual([])
  })

  it('delete files, each once, whatever a worker that died had removed already', async () => {
    let deaths = 0
    let removals = 0
    await open({
      place: place => ({
        remove: (wishes, mayGoOn) => {
          removals += wishes.length
          return place.remove(wishes, mayGoOn)
        },
      }),
      ledger: ledger => ({
        settlePublished: async (lease, wish, published) => {
          deaths += 1
          if (deaths > 1) return ledger.settlePublished(lease, wish, published)
          await write('b', 'a new one')
          throw new Error('died')
        },
      }),
    })
    for (const path of ['a', 'b', 'dir/c']) await write(path, path)
    const items = ['a', 'b', 'dir/c'].map(path => ({ source: { collection: 'out', path } }))
    const { id, outcome } = await runOn({ kind: 'delete', items })
    expect([outcome, deaths, removals]).toEqual(['succeeded', 2, 3])
    expect(await outcomes(id)).toEqual(items.map(() => ['done', undefined]))
    expect(await read('b')).toBe('a new one')
    expect((await (house as House).engine.entries.list(ALICE, 'out', {}, { limit: 10 })).items.map(({ path, version }) => [path, version])).toEqual([['b', 3]])
    await expect(read('a')).rejects.toThrow('ENOENT')
  })

  it('delete no file that was changed since it was looked at', async () => {
    await open({
      place: place => ({
        remove: async (wishes, mayGoOn) => {
          await write('a', 'changed')
          return place.remove(wishes, mayGoOn)
        },
      }),
    })
    await write('a', 'a')
    const { id } = await run(house as House, { kind: 'delete', items: [{ source: { collection: 'out', path: 'a' } }] })
    expect(await outcomes(id)).toEqual([['failed', 'destination_changed']])
    expect(await read('a')).toBe('changed')
  })

  it('begin anew what was intended and never published', async () => {
    let deaths = 0
    await open({
      place: place => ({
        publish: (wishes, mayGoOn) => {
          deaths += 1
          return deaths === 1 ? Promise.reject(new Error('died')) : place.publish(wishes, mayGoOn)
        },
      }),
    })
    await put(house as House, 'in', 'a')
    const { id } = await runOn(copies('in', 'out', ['a']))
    expect(await outcomes(id)).toEqual([['done', 1]])
    expect(deaths).toBe(2)
    expect(await read('a')).toBe('a')
  })

  it('take a file that appears in the moment of publishing for what it is: not ours', async () => {
    await open({
      place: place => ({
        publish: async (wishes, mayGoOn) => {
          await write('a', 'theirs')
          return place.publish(wishes, mayGoOn)
        },
      }),
    })
    await put(house as House, 'in', 'a')
    const { id } = await run(house as House, copies('in', 'out', ['a']))
    expect(await outcomes(id)).toEqual([['failed', 'destination_changed']])
    expect(await read('a')).toBe('theirs')
    expect(await text(house as House, 'out', 'a')).toBe('theirs')
    expect(await readdir(join(directory, '.waybill'))).toEqual([])
  })

  it('never take bytes of a file that changes while it is copied', async () => {
    let opened = 0
    await open({
      place: place => ({
        open: async (path, stamp, range) => {
          const stream = await place.open(path, stamp, range)
          opened += 1
          if (path === 'b') await write('b', 'B')
          return stream
        },
      }),
    })
    for (const path of ['a', 'b']) await write(path, path)
    const { id } = await run(house as House, copies('out', 'in', ['a', 'b']))
    expect(await outcomes(id)).toEqual([
      ['done', 1],
      ['failed', 'source_changed'],
    ])
    await (house as House).engine.jobs.retry(ALICE, id, ['failed'])
    await vi.waitFor(async () => expect((await (house as House).engine.jobs.get(ALICE, id)).state).toBe('finished'))
    expect(opened).toBe(3)
    await expect(text(house as House, 'in', 'b')).rejects.toMatchObject({ code: 'entry_not_found' })
  })

  it('read a file once, as long as it stays the same', async () => {
    const opened: string[] = []
    await open({ place: place => ({ open: (path, stamp, range) => (opened.push(path), place.open(path, stamp, range)) }) })
    await write('a', 'a')
    const wish = { source: { collection: 'out', path: 'a' }, destination: { collection: 'in', path: 'one' } }
    await run(house as House, { items: [wish] })
    await run(house as House, { items: [{ ...wish, destination: { collection: 'in', path: 'two' } }] })
    expect(opened).toEqual(['a'])
    await run(house as House, { items: [{ ...wish, destination: { collection: 'in', path: 'three' } }], verify: 'digest' })
    await write('a', 'b')
    await run(house as House, { items: [{ ...wish, destination: { collection: 'in', path: 'four' } }] })
    expect(opened).toEqual(['a', 'a', 'a'])
    expect(await Promise.all(['one', 'two', 'three', 'four'].map(path => text(house as House, 'in', path)))).toEqual(['a', 'a', 'a', 'b'])
  })

  it.each([0, -24 * 3600 * 1000])('publish nothing with a lease that is over, also when the clock was set by %d ms', async set => {
    let late = true
    await open({
      place: place => ({
        publish: async (wishes, mayGoOn) => {
          // as a process that stood still, and does not know it
          if (late) (house as House).clock.jump(set)
          if (late) (house as House).clock.advance(LATER_MS)
          expect(mayGoOn()).toBe(!late)
          late = false
          return place.publish(wishes, mayGoOn)
        },
      }),
    })
    await put(house as House, 'in', 'a')
    const { id } = await runOn(copies('in', 'out', ['a']))
    expect(await outcomes(id)).toEqual([['done', 1]])
    expect(late).toBe(false)
  })

  it('fail items whose place is out of reach, and do them when it is back', async () => {
    await open()
    await write('a', 'a')
    await put(house as House, 'in', 'b')
    await run(house as House, copies('out', 'in', ['a']))
    await rm(directory, { recursive: true })
    const { id } = await run(house as House, { items: [...(copies('out', 'in', ['a']).items ?? []), ...(copies('in', 'out', ['b']).items ?? [])] })
    expect(await outcomes(id)).toEqual([
      ['failed', 'unavailable'],
      ['failed', 'unavailable'],
    ])
    expect((house as House).errors.length).toBeGreaterThan(0)
  })
})
