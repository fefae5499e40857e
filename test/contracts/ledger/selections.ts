import { describe, expect, it } from 'vitest'
import type { Selection } from '../../../src/model/job.ts'
import { MAX_PATH_LENGTH } from '../../../src/model/paths.ts'
import type { ItemFilter } from '../../../src/ports/ledger.ts'
import { item, LEASE_MS, type World, type Wish } from './world.ts'

/** More than a page of a selection holds, whatever the ledger's page is. */
const MANY = 4_500

export function selectionsContract(world: World): void {
  async function withFiles(...paths: string[]): Promise<string> {
    const c = await world.collection()
    for (const path of paths) await world.put(c, path)
    return c
  }

  async function resolved(select: readonly Selection[], wish: Wish = {}): Promise<[string, string | undefined][]> {
    const { id } = await world.run({ dryRun: true, ...wish, select })
    return (await world.items(id)).map(({ source, destination }) => [source.path, destination?.path])
  }

  describe('selections', () => {
    it('take live files, objects and links beneath a prefix, in path order; never folders or tombstones', async () => {
      const c = await withFiles('b/2', 'b/1', 'b/gone', 'b0', 'a')
      await world.ledger.removeEntry({ collection: c, path: 'b/gone', subject: 'alice' })
      const bare = { collection: c, subject: 'alice', digest: null, size: 0, mediaType: 'text/turtle', fields: {} } as const
      await world.ledger.putEntry({ ...bare, path: 'b/dir', kind: 'folder' })
      await world.ledger.putEntry({ ...bare, path: 'b/thing', kind: 'object' })
      await world.ledger.putEntry({ ...bare, path: 'b/way', kind: 'link' })
      const d = await world.collection()
      expect(await resolved([{ source: { collection: c, prefix: 'b/' }, destination: { collection: d } }])).toEqual([
        ['b/1', 'b/1'],
        ['b/2', 'b/2'],
        ['b/thing', 'b/thing'],
        ['b/way', 'b/way'],
      ])
      expect(await resolved([{ source: { collection: c, prefix: 'b/' } }], { kind: 'delete' })).toHaveLength(4)
    })

    it('put the rest after the source prefix behind the destination prefix', async () => {
      const c = await withFiles('docs', 'docs/a', 'docs/b/c', 'docs2/x', 'other')
      const d = await world.collection()
      const to = async (prefix: string | undefined, destination: string | undefined): Promise<[string, string | undefined][]> =>
        resolved([
          {
            source: { collection: c, ...(prefix === undefined ? {} : { prefix }) },
            destination: { collection: d, ...(destination === undefined ? {} : { prefix: destination }) },
          },
        ])
      const inDocs = (a: string, b: string): [string, string][] => [
        ['docs/a', a],
        ['docs/b/c', b],
      ]
      expect(await to('docs/', 'new/')).toEqual(inDocs('new/a', 'new/b/c'))
      expect(await to('docs/', '')).toEqual(inDocs('a', 'b/c'))
      expect(await to('docs/', 'new')).toEqual(inDocs('newa', 'newb/c'))
      expect(await to('docs/', undefined)).toEqual(inDocs('docs/a', 'docs/b/c'))
      const all = ['docs', 'docs/a', 'docs/b/c', 'docs2/x', 'other']
      expect(await to(undefined, 'copy/')).toEqual(all.map(path => [path, `copy/${path}`]))
      expect(await to('', undefined)).toEqual(all.map(path => [path, path]))
      // a folder without its slash: the file of that name keeps its name, what lies in it goes in, a namesake's rest stays a rest
      expect(await to('docs', 'new/')).toEqual([['docs', 'new/docs'], ...inDocs('new/a', 'new/b/c'), ['docs2/x', 'new/2/x']])
      expect(await to('docs', 'new')).toEqual([['docs', 'new'], ...inDocs('new/a', 'new/b/c'), ['docs2/x', 'new2/x']])
    })

    it('measure prefixes in characters, whatever their script', async () => {
      const c = await withFiles('\u{1F4E6}é/\u{1F680}', '\u{1F4E6}é/z')
      expect(await resolved([{ source: { collection: c, prefix: '\u{1F4E6}é/' }, destination: { collection: c, prefix: '\u{1F30D}/' } }])).toEqual([
        ['\u{1F4E6}é/z', '\u{1F30D}/z'],
        ['\u{1F4E6}é/\u{1F680}', '\u{1F30D}/\u{1F680}'],
      ])
    })

    it('choose by a glob over the rest after the prefix', async () => {
      const c = await withFiles('p/a.png', 'p/b.txt', 'p/q/c.png', 'p/q/r/d.png', 'x.png')
      const d = await world.collection()
      const glob = async (pattern: string, prefix = 'p/'): Promise<string[]> =>
        (await resolved([{ source: { collection: c, prefix, glob: pattern }, destination: { collection: d, prefix: 'o/' } }])).map(([, path]) => path ?? '')
      expect(await glob('*.png')).toEqual(['o/a.png'])
      expect(await glob('**/*.png')).toEqual(['o/a.png', 'o/q/c.png', 'o/q/r/d.png'])
      expect(await glob('q/*.png')).toEqual(['o/q/c.png'])
      expect(await glob('{a,b}.*')).toEqual(['o/a.png', 'o/b.txt'])
      expect(await glob('*.png', 'p'), 'a folder without its slash').toEqual(['o/a.png'])
      expect(await glob('**/*.png', '')).toEqual(['o/p/a.png', 'o/p/q/c.png', 'o/p/q/r/d.png', 'o/x.png'])
      expect(await glob('nothing')).toEqual([])
    })

    it('of more entries than a page holds find every one once, a page a call, and count them as they go', async () => {
      const c = await world.manyFiles(MANY, index => `in/${String(index).padStart(5, '0')}`)
      const d = await world.collection()
      const id = await world.start({ select: [{ source: { collection: c, prefix: 'in/' }, destination: { collection: d, prefix: 'out/' } }] })
      const totals: number[] = []
      while ((await world.next(id)).do === 'resolve') {
        await world.ledger.resolvePage(id)
        const { counts, discovering, state } = await world.job(id)
        totals.push(counts.total)
        expect(counts.pending + counts.running, 'whatever is known is counted').toBe(counts.total)
        expect(discovering).toBe(state === 'resolving')
      }
      expect(totals.length).toBeGreaterThan(1)
      expect(totals.at(-1)).toBe(MANY)
      const items = await world.items(id)
      expect(items.map(({ source }) => source.path)).toEqual(Array.from({ length: MANY }, (_, index) => `in/${String(index).padStart(5, '0')}`))
      expect(
        items.every(({ seq, destination, source }) => items[seq]?.source.path === source.path && destination?.path === source.path.replace('in', 'out')),
      ).toBe(true)
    })

    it('by glob over many pages find what matches in each of them', async () => {
      const c = await world.manyFiles(MANY, index => `${index % 1500 === 7 ? 'hit' : 'miss'}-${String(index).padStart(5, '0')}`)
      const d = await world.collection()
      const paths = await resolved([{ source: { collection: c, glob: '*-*7' }, destination: { collection: d } }])
      expect(paths.length).toBe(Array.from({ length: MANY }, (_, index) => index).filter(index => index % 10 === 7).length)
      expect(new Set(paths.map(([path]) => path)).size).toBe(paths.length)
      expect(await resolved([{ source: { collection: c, glob: 'nothing' }, destination: { collection: d } }])).toEqual([])
    })

    it('show their items before, while and after they are worked on, whatever shape the destinations have', async () => {
      const c = await world.manyFiles(MANY, index => `in/f${String(index).padStart(5, '0')}`)
      const shapes: readonly (readonly [prefix: string, to: string, expected: (path: string) => string])[] = [
        ['in/', 'in/', path => path],
        ['in/', 'out/', path => path.replace('in/', 'out/')],
        ['in/', '', path => path.slice(3)],
        ['in/f0', 'g-', path => path.replace('in/f0', 'g-')],
        ['in', 'x/', path => path.replace('in/', 'x/')],
      ]
      for (const [prefix, to, expected] of shapes) {
        const d = await world.collection()
        const id = await world.start({ select: [{ source: { collection: c, prefix }, destination: { collection: d, prefix: to } }] })
        const { lastSeq } = await world.lease(id)
        const pairs = async (filter: ItemFilter): Promise<string[]> =>
          (await world.items(id, filter, 700)).map(({ seq, state, source, destination }) => `${seq} ${state} ${source.path} ${destination?.path ?? 'nowhere'}`)
        const line = (seq: number, state: string): string => {
          const path = `in/f${String(seq).padStart(5, '0')}`
          return `${seq} ${state} ${path} ${expected(path)}`
        }
        const all = Array.from({ length: MANY }, (_, seq) => line(seq, seq <= lastSeq ? 'running' : 'pending'))
        expect(await pairs({})).toEqual(all)
        expect(await pairs({ states: ['running'] })).toEqual(all.slice(0, lastSeq + 1))
        expect(await pairs({ states: ['pending'] })).toEqual(all.slice(lastSeq + 1))
        expect(await pairs({ pathPrefix: 'in/f0000', afterSeq: 4 })).toEqual(all.slice(5, 10))
        expect(await pairs({ states: ['done', 'failed'] })).toEqual([])
        await world.ledger.cancel(id)
        world.clock.advance(LEASE_MS + 1)
        expect(await world.work(id)).toMatchObject({ outcome: 'cancelled', counts: { total: MANY, cancelled: MANY } })
        expect(await pairs({})).toEqual(all.map((_, seq) => line(seq, 'cancelled')))
        await world.ledger.retry(id, ['cancelled'])
        expect(await world.work(id)).toMatchObject({ outcome: 'succeeded', counts: { done: MANY } })
        expect(await pairs({})).toEqual(all.map((_, seq) => line(seq, 'done')))
      }
    })

    it('come after explicit items, one after the other; the same file may be chosen twice', async () => {
      const c = await withFiles('a/1', 'b/1', 'x')
      const d = await world.collection()
      const select = ['b/', 'a/', 'none/', ''].map(prefix => ({ source: { collection: c, prefix }, destination: { collection: d } }))
      const { id, counts } = await world.run({ items: [item([c, 'x'], [d])], select })
      expect((await world.items(id)).map(({ source }) => source.path)).toEqual(['x', 'b/1', 'a/1', 'a/1', 'b/1', 'x'])
      expect(counts).toMatchObject({ total: 6, done: 6 })
      expect(await world.versions(d, 'a/1')).toEqual(['2', '1'])
    })

    it('that match nothing make a job that succeeds with no items', async () => {
      const c = await withFiles('a')
      const job = await world.run({ select: [{ source: { collection: c, prefix: 'none/' }, destination: { collection: c, prefix: 'x/' } }] })
      expect(job).toMatchObject({ state: 'finished', outcome: 'succeeded', discovering: false, counts: { total: 0 } })
      expect((await world.ledger.eventsAfter(0, 10, job.id)).map(({ type }) => type)).toEqual(['job.submitted', 'job.resolved', 'job.finished'])
    })

    it('resolved by two workers at once are resolved once', async () => {
      const c = await world.manyFiles(MANY, index => `in/${index}`)
      const d = await world.collection()
      const id = await world.start({ select: [{ source: { collection: c, prefix: 'in/' }, destination: { collection: d } }] })
      const turn = async (): Promise<boolean> => {
        const work = await world.next(id)
        if (work.do === 'resolve') await world.ledger.resolvePage(id)
        if (work.do === 'run') await world.ledger.applyChunk(work.lease, [])
        return work.do !== 'nothing'
      }
      while ((await Promise.all([turn(), turn(), turn()])).some(more => more));
      // a worker that was told to resolve may come late, even after the end
      const before = await world.job(id)
      await world.ledger.resolvePage(id)
      expect(await world.job(id)).toEqual(before)
      expect(before).toMatchObject({ state: 'finished', counts: { total: MANY, done: MANY } })
      expect((await world.ledger.eventsAfter(0, 10, id)).map(({ type }) => type)).toEqual(['job.submitted', 'job.resolved', 'job.finished'])
    })

    it('whose destination lies in their source see what was there when they were resolved', async () => {
      const c = await withFiles('a', 'b', 'in/a')
      const job = await world.run({ select: [{ source: { collection: c }, destination: { collection: c, prefix: 'in/' } }] })
      expect(job).toMatchObject({ outcome: 'succeeded', counts: { done: 3 } })
      expect(await world.listing(c)).toEqual(['a', 'b', 'in/a', 'in/b', 'in/in/a'])
      expect(await world.versions(c, 'in/a')).toEqual(['2', '1'])
    })

    it('moved beneath themselves arrive whole', async () => {
      const c = await withFiles('a', 'in/a', 'in/in/a')
      const job = await world.run({ kind: 'move', select: [{ source: { collection: c }, destination: { collection: c, prefix: 'in/' } }] })
      await world.assertCounters(job.id)
      // a is moved over in/a, which is moved before or after, as the order of its items says: in path order, a -> in/a -> in/in/a -> in/in/in/a
      expect(job.counts).toMatchObject({ total: 3, done: 3 })
      expect(await world.listing(c)).toEqual(['in/in/in/a'])
    })

    it('whose destination comes out as no good path fail that item with invalid_path', async () => {
      const c = await withFiles('d../y', 'd/ok', `d${'/long'.repeat(190)}`)
      const { id } = await world.run({ select: [{ source: { collection: c, prefix: 'd' }, destination: { collection: c, prefix: `${'n'.repeat(100)}/` } }] })
      const states = (await world.items(id)).map(({ source, state, reason }) => [source.path.slice(0, 6), state, reason?.code ?? null])
      expect(states).toEqual([
        ['d../y', 'failed', 'invalid_path'],
        ['d/long', 'failed', 'invalid_path'],
        ['d/ok', 'done', null],
      ])
      expect(await world.versions(c, `${'n'.repeat(100)}/../y`)).toEqual([])
    })

    it('look for what is there at every one of their destinations, also when they only say what they would do', async () => {
      const c = await withFiles('in/a', 'in/b', 'in/c')
      for (const prefix of ['in/', 'out/'])
        for (const taken of ['a', 'b', 'c'])
          for (const dryRun of [true, false]) {
            const d = await world.collection()
            await world.put(d, `${prefix}${taken}`, 'was there')
            const select = [{ source: { collection: c, prefix: 'in/' }, destination: { collection: d, prefix } }]
            const { id } = await world.run({ select, dryRun, conflict: 'skip' })
            const ends = (await world.items(id)).map(({ source, state, bytes }) => `${source.path} ${state} ${bytes}`)
            expect(ends).toEqual(['a', 'b', 'c'].map(name => `in/${name} ${name === taken ? 'skipped 0' : 'done 4'}`))
            expect(await world.entry(d, `${prefix}${taken}`)).toMatchObject({ version: 1, size: 'was there'.length })
          }
    })

    it('count the length of what they compose in code units, as every path is: no file goes where none may be asked for', async () => {
      const c = await withFiles(`d/${'\u{1f4e6}'.repeat(400)}`, `d/${'\u{4e2d}'.repeat(400)}`)
      for (const [prefix, wish] of [
        ['d/', {}],
        ['d', {}],
        ['d', { verify: 'digest' }],
      ] as const) {
        const room = MAX_PATH_LENGTH - 2 * 400
        for (const [to, states] of [
          [`${'n'.repeat(room - 1)}/`, ['done', 'done']],
          [`${'n'.repeat(room)}/`, ['done', 'failed']],
        ] as const) {
          const d = await world.collection()
          const { id } = await world.run({ ...wish, select: [{ source: { collection: c, prefix }, destination: { collection: d, prefix: to } }] })
          const items = await world.items(id)
          expect(items.map(({ state }) => state)).toEqual(states)
          expect((await world.listing(d)).every(path => path.length <= MAX_PATH_LENGTH)).toBe(true)
        }
      }
    })

    it('carry their patch to every entry they choose', async () => {
      const c = await withFiles('a', 'b')
      const job = await world.run({ kind: 'update', select: [{ source: { collection: c }, fields: { seen: true } }] })
      expect(job).toMatchObject({ outcome: 'succeeded', counts: { done: 2 } })
      expect((await world.items(job.id)).map(({ fields }) => fields)).toEqual([{ seen: true }, { seen: true }])
      expect((await world.entry(c, 'b'))?.fields).toEqual({ seen: true })
    })
  })
}
