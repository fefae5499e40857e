import { describe, expect, it } from 'vitest'
import type { JobKind, SubmitItem } from '../../../src/model/job.ts'
import { sha256 } from '../../support/sha256.ts'
import { item, type World } from './world.ts'

/** Items of one chunk that touch each other's paths: applied in item order, each exactly once, as if each were a job of its own. */
export function clashesContract(world: World): void {
  async function abc(): Promise<string> {
    const c = await world.collection()
    for (const path of ['a', 'b', 'c']) await world.put(c, path)
    return c
  }

  /** What lives where: path and the text its bytes came from. */
  async function content(c: string): Promise<Record<string, string>> {
    const names = new Map(['a', 'b', 'c'].map(text => [sha256(text), text]))
    const { items } = await world.ledger.entries(c, {}, { limit: 100 })
    return Object.fromEntries(items.map(({ path, digest }) => [path, names.get(digest ?? '') ?? '?']))
  }

  async function states(kind: JobKind, items: readonly SubmitItem[]): Promise<string[]> {
    const { id } = await world.run({ kind, items })
    return (await world.items(id)).map(({ state, reason }) => reason?.code ?? state)
  }

  describe('items that touch each other', () => {
    it('copy onto one destination: a version each, the last one wins', async () => {
      const c = await abc()
      expect(await states('copy', [item([c, 'a'], [c, 'x']), item([c, 'b'], [c, 'x']), item([c, 'c'], [c, 'x'])])).toEqual(['done', 'done', 'done'])
      expect(await content(c)).toEqual({ a: 'a', b: 'b', c: 'c', x: 'c' })
      const versions = await world.ledger.versions(c, 'x', { limit: 10 })
      expect(versions.items.map(({ version, digest }) => [version, digest])).toEqual([
        [3, sha256('c')],
        [2, sha256('b')],
        [1, sha256('a')],
      ])
      expect(new Set(versions.items.map(({ entityId }) => entityId)).size, 'one entity').toBe(1)
    })

    it('copy along a chain: each reads what the one before wrote', async () => {
      const c = await abc()
      expect(await states('copy', [item([c, 'a'], [c, 'b']), item([c, 'b'], [c, 'c']), item([c, 'c'], [c, 'd'])])).toEqual(['done', 'done', 'done'])
      expect(await content(c)).toEqual({ a: 'a', b: 'a', c: 'a', d: 'a' })
    })

    it('copy against a chain: each reads before it is written', async () => {
      const c = await abc()
      expect(await states('copy', [item([c, 'c'], [c, 'd']), item([c, 'b'], [c, 'c']), item([c, 'a'], [c, 'b'])])).toEqual(['done', 'done', 'done'])
      expect(await content(c)).toEqual({ a: 'a', b: 'a', c: 'b', d: 'c' })
    })

    it('move along a chain: everything arrives where the last step took it', async () => {
      const c = await abc()
      const entity = (await world.entry(c, 'a'))?.entityId
      expect(await states('move', [item([c, 'a'], [c, 'b']), item([c, 'b'], [c, 'c'])])).toEqual(['done', 'done'])
      expect(await content(c)).toEqual({ c: 'a' })
      expect((await world.entry(c, 'c'))?.entityId).toBe(entity)
      expect(await world.versions(c, 'b')).toEqual(['3x', '2', '1'])
    })

    it('move against a chain: everything goes one place on', async () => {
      const c = await abc()
      expect(await states('move', [item([c, 'c'], [c, 'd']), item([c, 'b'], [c, 'c']), item([c, 'a'], [c, 'b'])])).toEqual(['done', 'done', 'done'])
      expect(await content(c)).toEqual({ b: 'a', c: 'b', d: 'c' })
    })

    it('swap by way of a third place', async () => {
      const c = await abc()
      expect(await states('move', [item([c, 'a'], [c, 't']), item([c, 'b'], [c, 'a']), item([c, 't'], [c, 'b'])])).toEqual(['done', 'done', 'done'])
      expect(await content(c)).toEqual({ a: 'b', b: 'a', c: 'c' })
    })

    it('swap without one: the first overwrites, the second brings it back', async () => {
      const c = await abc()
      expect(await states('move', [item([c, 'a'], [c, 'b']), item([c, 'b'], [c, 'a'])])).toEqual(['done', 'done'])
      expect(await content(c)).toEqual({ a: 'a', c: 'c' })
    })

    it('move the same thing twice: the second finds nothing', async () => {
      const c = await abc()
      expect(await states('move', [item([c, 'a'], [c, 'x']), item([c, 'a'], [c, 'y'])])).toEqual(['done', 'entry_not_found'])
      expect(await content(c)).toEqual({ b: 'b', c: 'c', x: 'a' })
      expect(await states('move', [item([c, 'b'], [c, 'b']), item([c, 'b'], [c, 'z'])])).toEqual(['same_path', 'done'])
    })

    it('see conditions as of their turn', async () => {
      const c = await abc()
      const { revision } = (await world.entry(c, 'b')) ?? {}
      const overwrite = { source: { collection: c, path: 'a' }, destination: { collection: c, path: 'b', ifMatch: revision ?? '' } }
      const once = { source: { collection: c, path: 'a' }, destination: { collection: c, path: 'new', ifNoneMatch: '*' as const } }
      expect(await states('copy', [overwrite, overwrite, once, once])).toEqual(['done', 'condition_failed', 'done', 'condition_failed'])
    })

    it('are found in chunks of thousands, and told apart from those that do not touch', async () => {
      const c = await abc()
      const items = Array.from({ length: 500 }, (_, index) => item([c, 'a'], [c, `x${index % 499}`]))
      const { counts } = await world.run({ items })
      expect(counts).toMatchObject({ total: 500, done: 500 })
      expect(await world.versions(c, 'x0')).toEqual(['2', '1'])
      expect(await world.versions(c, 'x1')).toEqual(['1'])
    })

    it('in different chunks are applied once each, too', async () => {
      const c = await abc()
      const { job } = await world.submit({ sealed: false })
      for (const path of ['a', 'b', 'c']) await world.ledger.appendItems(job.id, [item([c, path], [c, 'x'])])
      await world.ledger.seal(job.id, null)
      expect(await world.work(job.id)).toMatchObject({ outcome: 'succeeded' })
      expect(await world.versions(c, 'x')).toEqual(['3', '2', '1'])
    })
  })
}
