import { describe, expect, it } from 'vitest'
import type { Fields } from '../../../src/model/entry.ts'
import type { EntryChange } from '../../../src/model/entry-change.ts'
import type { Selection } from '../../../src/model/job.ts'
import { item, LEASE_MS, type World } from './world.ts'

/** More than one page of a selection. */
const MANY = 4_500

const GRAPH = 'urn:g "quoted"'
const inGraph = (value: string, graph = GRAPH): unknown => ({ '@value': value, '@graph': graph })
const EMPTY_GRAPH: EntryChange = { remove: [{ what: 'field', field: '*', graph: GRAPH }] }

export function valueSelectionsContract(world: World): void {
  const withFields = async (fields: Readonly<Record<string, Fields>>): Promise<string> => {
    const c = await world.collection()
    const items = Object.entries(fields).map(([path, add]) => ({ source: { collection: c, path }, change: { add } as EntryChange }))
    await world.run({ kind: 'update', items })
    return c
  }
  const fields = async (c: string, path: string): Promise<Fields | undefined> => (await world.ledger.entry(c, path))?.fields
  const chosen = async (select: readonly Selection[]): Promise<string[]> => {
    const { id } = await world.run({ kind: 'update', dryRun: true, select })
    return (await world.items(id)).map(({ source }) => source.path)
  }

  describe('selections that change values', () => {
    it('change every entry they choose, objects and files, and not what they leave out', async () => {
      const c = await withFields({ 'in/a': { n: ['1'] }, 'in/b': { n: ['1'], m: ['2'] }, out: { n: ['1'] } })
      await world.put(c, 'in/file', 'bytes', { fields: { n: ['1'] } })
      const change: EntryChange = { remove: [{ what: 'field', field: 'n', graph: '*' }], add: { seen: ['yes'] } }
      const job = await world.run({ kind: 'update', select: [{ source: { collection: c, prefix: 'in/' }, change }] })
      expect(job).toMatchObject({ outcome: 'succeeded', counts: { total: 3, done: 3 } })
      expect(await Promise.all(['in/a', 'in/b', 'in/file', 'out'].map(path => fields(c, path)))).toEqual([
        { seen: ['yes'] },
        { m: ['2'], seen: ['yes'] },
        { seen: ['yes'] },
        { n: ['1'] },
      ])
      expect(await world.ledger.entry(c, 'in/file')).toMatchObject({ kind: 'file', size: 5, version: 2 })
    })

    it('by graph choose what has a value in it, whatever else it has', async () => {
      const c = await withFields({
        'p/one': { x: [inGraph('1'), '1'] },
        'p/two': { x: ['1'], y: [{ '@id': 'urn:o', '@graph': GRAPH }] },
        'p/other': { x: [inGraph('1', 'urn:g')] },
        'p/plain': { x: [GRAPH] },
        out: { x: [inGraph('1')] },
      })
      await world.put(c, 'p/file', 'bytes', { fields: { x: [inGraph('2')] } })
      await world.put(c, 'p/bare')
      const source = { collection: c, prefix: 'p/', graph: GRAPH }
      expect(await chosen([{ source, change: EMPTY_GRAPH }])).toEqual(['p/file', 'p/one', 'p/two'])
      expect(await chosen([{ source: { ...source, glob: 'o*' }, change: EMPTY_GRAPH }])).toEqual(['p/one'])
      expect(await chosen([{ source: { ...source, graph: 'urn:none' }, change: EMPTY_GRAPH }])).toEqual([])
      await world.run({ kind: 'update', select: [{ source, change: EMPTY_GRAPH }] })
      expect(await Promise.all(['p/one', 'p/two', 'p/file', 'p/other', 'out'].map(path => fields(c, path)))).toEqual([
        { x: ['1'] },
        { x: ['1'] },
        {},
        { x: [inGraph('1', 'urn:g')] },
        { x: [inGraph('1')] },
      ])
      expect(await chosen([{ source, change: EMPTY_GRAPH }])).toEqual([])
    })

    it('by graph serve every kind of job', async () => {
      const c = await withFields({ a: { x: [inGraph('1')] }, b: { x: ['1'] } })
      const d = await world.collection()
      await world.run({ select: [{ source: { collection: c, graph: GRAPH }, destination: { collection: d } }] })
      expect(await world.listing(d)).toEqual(['a'])
      await world.run({ kind: 'update', select: [{ source: { collection: c, graph: GRAPH }, fields: { seen: true } }] })
      expect([await fields(c, 'a'), await fields(c, 'b')]).toEqual([{ x: [inGraph('1')], seen: true }, { x: ['1'] }])
      await world.run({ kind: 'delete', select: [{ source: { collection: c, graph: GRAPH } }] })
      expect(await world.listing(c)).toEqual(['b'])
    })

    it('over many pages find what is in the graph in each of them; items show before they are worked on, are cancelled and retried', async () => {
      const c = await world.collection()
      const path = (n: number): string => String(n).padStart(5, '0')
      const items = Array.from({ length: MANY }, (_, n) => ({
        source: { collection: c, path: path(n) },
        change: { add: { x: [n % 100 === 7 ? inGraph('1') : '1'] } } as EntryChange,
      }))
      await world.run({ kind: 'update', items })
      const hits = Array.from({ length: MANY }, (_, n) => n)
        .filter(n => n % 100 === 7)
        .map(path)
      const id = await world.start({ kind: 'update', select: [{ source: { collection: c, graph: GRAPH }, change: EMPTY_GRAPH }] })
      await world.lease(id)
      expect((await world.items(id)).map(({ source }) => source.path)).toEqual(hits)
      await world.ledger.cancel(id)
      world.clock.advance(LEASE_MS + 1)
      expect(await world.work(id)).toMatchObject({ outcome: 'cancelled', counts: { cancelled: hits.length } })
      await world.ledger.retry(id, ['cancelled'])
      expect(await world.work(id)).toMatchObject({ outcome: 'succeeded', counts: { done: hits.length } })
      expect(await fields(c, path(7))).toEqual({})
      expect(await fields(c, path(8))).toEqual({ x: ['1'] })
    })

    it('make nothing of what went before its turn came, when they only take away', async () => {
      const c = await withFields({ a: { x: [inGraph('1')] }, b: { x: [inGraph('1')] } })
      const id = await world.start({ kind: 'update', select: [{ source: { collection: c, graph: GRAPH }, change: EMPTY_GRAPH }] })
      await world.next(id)
      await world.ledger.resolvePage(id)
      await world.run({ kind: 'delete', items: [item([c, 'a'])] })
      expect(await world.work(id)).toMatchObject({ outcome: 'succeeded', counts: { done: 2 } })
      expect(await world.ledger.entry(c, 'a')).toMatchObject({ deleted: true, version: 2 })
      expect(await fields(c, 'b')).toEqual({})
    })
  })
}
