import { describe, expect, it } from 'vitest'
import { item, type World } from './world.ts'

const OTHER = 'f'.repeat(32)

export function changesContract(world: World): void {
  describe('delete', () => {
    it('leaves a tombstone without bytes, and what was there in the history', async () => {
      const c = await world.collection()
      const before = await world.put(c, 'a', 'bytes', { fields: { tag: 'x' } })
      world.clock.advance(1000)
      const { id, bytesDone } = await world.run({ kind: 'delete', items: [item([c, 'a']), item([c, 'missing'])] })
      const [done, missing] = await world.items(id)
      expect(done).toMatchObject({ state: 'done', destination: null, bytes: 0, source: { entityId: before.entityId, version: 1, revision: before.revision } })
      expect(missing).toMatchObject({ state: 'failed', reason: { code: 'entry_not_found' } })
      expect(bytesDone).toBe(0)
      expect(await world.entry(c, 'a')).toMatchObject({
        version: 2,
        deleted: true,
        digest: null,
        size: 0,
        fields: {},
        entityId: before.entityId,
        modifiedAt: world.clock.now(),
      })
      expect(await world.ledger.entry(c, 'a', 1)).toEqual(before)
    })

    it('of the same path twice fails the second time', async () => {
      const c = await world.collection()
      await world.put(c, 'a')
      const { id } = await world.run({ kind: 'delete', items: [item([c, 'a']), item([c, 'a'])] })
      expect((await world.items(id)).map(({ state }) => state)).toEqual(['done', 'failed'])
      expect(await world.versions(c, 'a')).toEqual(['2x', '1'])
    })

    it('obeys conditions, and as a dry run deletes nothing', async () => {
      const c = await world.collection()
      const { revision } = await world.put(c, 'a')
      const source = { collection: c, path: 'a' }
      const wrong = await world.run({ kind: 'delete', items: [{ source: { ...source, ifMatch: OTHER } }, { source: { ...source, version: 2 } }] })
      expect(wrong).toMatchObject({ outcome: 'failed', counts: { evicted: 2 } })
      const dry = await world.run({ kind: 'delete', dryRun: true, items: [{ source }] })
      expect(dry).toMatchObject({ outcome: 'succeeded', counts: { done: 1 } })
      expect(await world.versions(c, 'a')).toEqual(['1'])
      await world.run({ kind: 'delete', items: [{ source: { ...source, ifMatch: revision, version: 1 } }] })
      expect(await world.versions(c, 'a')).toEqual(['2x', '1'])
    })
  })

  describe('update', () => {
    const update = (c: string, path: string, fields: Record<string, unknown>) => item([c, path], undefined, { fields })

    it('applies each merge patch as a new version over the same bytes', async () => {
      const c = await world.collection()
      const before = await world.put(c, 'a', 'bytes', { fields: { keep: 1, drop: 2, deep: { x: 1 } } })
      world.clock.advance(1000)
      const { id } = await world.run({ kind: 'update', by: 'alice', items: [update(c, 'a', { drop: null, deep: { y: 2 }, new: [3] })] })
      const after = await world.entry(c, 'a')
      expect(after).toMatchObject({ version: 2, entityId: before.entityId, digest: before.digest, size: 5, createdAt: before.createdAt, modifiedBy: 'alice' })
      expect(after?.fields).toEqual({ keep: 1, deep: { x: 1, y: 2 }, new: [3] })
      expect(await world.firstItem(id)).toMatchObject({ state: 'done', destination: null, fields: { drop: null, deep: { y: 2 }, new: [3] } })
      expect((await world.ledger.entry(c, 'a', 1))?.fields).toEqual(before.fields)
    })

    it('that changes nothing is done and makes no version', async () => {
      const c = await world.collection()
      const before = await world.put(c, 'a', 'x', { fields: { a: 1 } })
      await world.put(c, 'bare')
      const { counts } = await world.run({ kind: 'update', items: [update(c, 'a', { a: 1, b: null }), update(c, 'bare', {}), update(c, 'bare', { x: null })] })
      expect(counts).toMatchObject({ done: 3 })
      expect(await world.entry(c, 'a')).toEqual(before)
      expect(await world.versions(c, 'bare')).toEqual(['1'])
    })

    it('of one path several times applies each, in order', async () => {
      const c = await world.collection()
      await world.put(c, 'a')
      await world.run({ kind: 'update', items: [update(c, 'a', { n: 1, first: true }), update(c, 'a', { n: 2 }), update(c, 'a', { n: 2 })] })
      expect((await world.entry(c, 'a'))?.fields).toEqual({ n: 2, first: true })
      expect(await world.versions(c, 'a')).toEqual(['3', '2', '1'])
    })

    it('fails where nothing is, is evicted by conditions, and as a dry run changes nothing', async () => {
      const c = await world.collection()
      await world.put(c, 'a')
      const stale = { ...update(c, 'a', { x: 1 }), source: { collection: c, path: 'a', ifMatch: OTHER } }
      const { counts } = await world.run({ kind: 'update', items: [update(c, 'none', { x: 1 }), stale] })
      expect(counts).toMatchObject({ failed: 1, evicted: 1 })
      expect(await world.run({ kind: 'update', dryRun: true, items: [update(c, 'a', { x: 1 })] })).toMatchObject({ counts: { done: 1 } })
      expect(await world.versions(c, 'a')).toEqual(['1'])
    })
  })
}
