import { describe, expect, it } from 'vitest'
import type { Entry } from '../../../src/model/entry.ts'
import type { Item } from '../../../src/model/item.ts'
import type { JobKind, Selection } from '../../../src/model/job.ts'
import { LEASE_MS, type World } from './world.ts'

/** Files of most of these tests. */
const FEW = 12
/** More than a page of a selection holds, so that there is a second chunk. */
const MANY = 2_005
const SECOND = 2_000

/** Names whose order by code units is another than by bytes, and such as want quoting in JSON or in SQL. */
const AWKWARD = ["it's", '"quoted"', 'back\\slash', '100%_', '\u{ff5e}', '\u{1f4e6}', '\u{1f680}\u{fe0f}', 'z\u{10ffff}', 'Ä', 'a\u{308}', '?', '*']

const LONG = 'l'.repeat(1024 - 'in/z'.length)

function path(index: number): string {
  return `in/f${String(index).padStart(5, '0')}`
}

/** In the order of their bytes, as every listing. */
function sorted(paths: readonly string[]): string[] {
  return paths.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
}

/** Once a selection is resolved, its files may change before they are worked on: whatever comes, goes, or is written anew meanwhile. */
export function changedListsContract(world: World): void {
  /** Resolves a job to its end, lets `change` happen, and works on. */
  async function changedBeforeWork(wish: { kind: JobKind; select: readonly Selection[]; dryRun?: boolean }, change: () => Promise<void>): Promise<Item[]> {
    const id = await world.start(wish)
    const lease = await world.lease(id)
    await change()
    await world.ledger.applyChunk(lease, [])
    await world.work(id)
    return world.items(id)
  }

  async function remove(collection: string, ...paths: readonly string[]): Promise<void> {
    for (const path of paths) await world.ledger.removeEntry({ collection, path, subject: 'alice' })
  }

  describe('files that change between the resolving of their selection and the work on it', () => {
    /** At both ends of the list and within it. */
    const gone = [0, 7, FEW - 1].map(path)
    const came = [`${path(3)}+`, `${path(8)}+`]
    const replaced = [path(4)]

    it.each(['copy', 'move', 'delete', 'update'] as const)(
      'of a %s: what went fails alone, what came is left alone, what was replaced is taken as it is',
      async kind => {
        const c = await world.manyFiles(FEW, path)
        const d = await world.collection()
        const source = { collection: c, prefix: 'in/' }
        const to = { copy: { destination: { collection: d, prefix: 'out/' } }, move: { destination: { collection: d, prefix: 'out/' } }, delete: {} }
        const selection = { source, ...(kind === 'update' ? { fields: { seen: true } } : to[kind]) }
        const items = await changedBeforeWork({ kind, select: [selection] }, async () => {
          await remove(c, ...gone)
          for (const path of came) await world.put(c, path, 'came')
          for (const path of replaced) await world.put(c, path, 'replaced')
        })

        expect(items.map(({ seq, source }) => `${seq} ${source.path}`)).toEqual(Array.from({ length: FEW }, (_, seq) => `${seq} ${path(seq)}`))
        const failed = items.filter(({ state }) => state !== 'done')
        expect(failed.map(({ source, state, reason }) => [source.path, state, reason?.code])).toEqual(gone.map(path => [path, 'failed', 'entry_not_found']))

        const arrival = (path: string): Promise<Entry | null> => world.entry(d, path.replace('in/', 'out/'))
        for (const path of came) {
          expect(await world.entry(c, path)).toMatchObject({ version: 1, deleted: false, fields: {} })
          expect(await arrival(path)).toBeNull()
        }
        for (const path of gone) {
          expect(await world.versions(c, path)).toEqual(['2x', '1'])
          expect(await arrival(path)).toBeNull()
        }
        for (const path of replaced) {
          const result = { copy: ['2', '1'], move: ['3x', '2', '1'], delete: ['3x', '2', '1'], update: ['3', '2', '1'] }
          expect(await world.versions(c, path)).toEqual(result[kind])
          if (kind === 'update') expect(await world.entry(c, path)).toMatchObject({ size: 'replaced'.length, fields: { seen: true } })
          if (kind === 'copy' || kind === 'move') expect(await arrival(path)).toMatchObject({ version: 1, size: 'replaced'.length })
        }
        // those beside what came and went have what is theirs
        for (const seq of [1, 6, 8, 10]) {
          const { source, destination } = items[seq] as Item
          if (kind === 'delete') expect(await world.versions(c, source.path)).toEqual(['2x', '1'])
          else if (kind === 'update') expect(await world.entry(c, source.path)).toMatchObject({ version: 2, fields: { seen: true } })
          else expect(destination).toMatchObject({ path: source.path.replace('in/', 'out/'), revision: (await arrival(source.path))?.revision })
        }
      },
    )

    it('are found whatever their names are, and in the order of their bytes', async () => {
      const names = sorted([...AWKWARD.map(name => `in/${name}`), `in/z${LONG}`])
      const c = await world.collection()
      for (const name of names) await world.put(c, name, name)
      for (const [change, missing] of [
        [() => Promise.resolve(), []],
        [() => remove(c, names[0] as string, names.at(-1) as string), [names[0], names.at(-1)]],
      ] as const) {
        const d = await world.collection()
        const items = await changedBeforeWork({ kind: 'copy', select: [{ source: { collection: c }, destination: { collection: d } }] }, change)
        expect(items.map(({ source }) => source.path)).toEqual(names)
        expect(items.filter(({ state }) => state !== 'done').map(({ source }) => source.path)).toEqual(missing)
        const copied = names.filter(name => !missing.includes(name as never))
        expect(await world.listing(d)).toEqual(copied)
        for (const name of copied) expect((await world.entry(d, name))?.digest).toBe((await world.entry(c, name))?.digest)
      }
    })

    it('by as many as there were, only another: the list decides', async () => {
      const c = await world.collection()
      for (const path of ['a', 'b', 'c']) await world.put(c, path)
      const d = await world.collection()
      const select = [{ source: { collection: c }, destination: { collection: d } }]
      const items = await changedBeforeWork({ kind: 'copy', select }, async () => {
        await remove(c, 'b')
        await world.put(c, 'bb')
      })
      expect(items.map(({ seq, source, state }) => `${seq} ${source.path} ${state}`)).toEqual(['0 a done', '1 b failed', '2 c done'])
      expect(await world.listing(d)).toEqual(['a', 'c'])
    })

    it('into folders of an addressable collection, and in a dry run: what came is left alone', async () => {
      for (const dryRun of [true, false]) {
        const c = await world.addressable()
        for (const path of ['in/a', 'in/b/1', 'in/b/2', 'in/c']) await world.put(c, path)
        const d = await world.addressable()
        await world.put(d, 'out/c')
        const select = [{ source: { collection: c, prefix: 'in/' }, destination: { collection: d, prefix: 'out/' } }]
        const items = await changedBeforeWork({ kind: 'move', select, dryRun }, async () => {
          await remove(c, 'in/b/1')
          await world.put(c, 'in/b/0')
          await world.put(c, 'in/b1/new')
        })
        expect(items.map(({ seq, source, state }) => `${seq} ${source.path} ${state}`)).toEqual([
          '0 in/a done',
          '1 in/b/1 failed',
          '2 in/b/2 done',
          '3 in/c done',
        ])
        expect((await world.listing(c)).filter(path => path.includes('/b'))).toEqual(['in/b', 'in/b/0', ...(dryRun ? ['in/b/2'] : []), 'in/b1', 'in/b1/new'])
        expect(await world.versions(d, 'out/c')).toEqual(dryRun ? ['1'] : ['2', '1'])
      }
    })

    it('in several chunks, of which one turn may do more than one', async () => {
      const c = await world.manyFiles(MANY, path)
      const d = await world.collection()
      const id = await world.start({ select: [{ source: { collection: c, prefix: 'in/' }, destination: { collection: d } }] })
      await world.lease(id)
      world.clock.advance(LEASE_MS + 1) // whoever had the first chunk never comes back
      const gone = [path(0), path(SECOND - 1), path(SECOND + 2)]
      await remove(c, ...gone)
      await world.put(c, `${path(5)}+`)
      await world.put(c, `${path(SECOND)}+`)
      while ((await world.ledger.takeTurn(id, 'w2', LEASE_MS)).do !== 'nothing');
      await world.assertCounters(id)
      const failed = (await world.items(id)).filter(({ state }) => state !== 'done')
      expect(failed.map(({ source, state }) => `${source.path} ${state}`)).toEqual(gone.map(path => `${path} failed`))
      expect((await world.job(id)).counts).toMatchObject({ total: MANY, done: MANY - gone.length })
      for (const came of [`${path(5)}+`, `${path(SECOND)}+`]) expect(await world.entry(d, came)).toBeNull()
    })
  })
}
