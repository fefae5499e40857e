import { describe, expect, it } from 'vitest'
import { encodeCursor } from '../../../src/model/cursor.ts'
import type { Fields } from '../../../src/model/entry.ts'
import type { Conflict } from '../../../src/model/job.ts'
import { item, refusal, type World } from './world.ts'

function deep(levels: number): Fields {
  return JSON.parse('{"a":'.repeat(levels) + '1' + '}'.repeat(levels)) as Fields
}

/** What goes wrong, is forged or is forbidden in one place stays there. */
export function containmentContract(world: World): void {
  describe('containment', () => {
    it('shows no item of another job, whatever the cursor says', async () => {
      const c = await world.collection()
      await world.put(c, 'secret')
      await world.run({ items: [item([c, 'secret'], [c, 'copy'])] })
      const job = await world.run({ items: [item([c, 'copy'], [c, 'other'])] })
      for (const forged of [-2, -4294967297, -2 * 4294967296, 4294967296, Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER]) {
        await refusal(world.ledger.items(job.id, {}, { limit: 10, cursor: encodeCursor(forged) }), 'invalid_cursor')
      }
      const { items } = await world.ledger.items(job.id, { afterSeq: -4294967297 }, { limit: 10 })
      expect(items.map(({ source }) => source.path)).toEqual(['copy'])
    })

    it('fails an item that cannot be worked on, alone', async () => {
      const c = await world.collection()
      for (const path of ['a', 'b', 'c']) await world.put(c, path)
      const fields = [{ n: 1 }, deep(1_500), { n: 3 }]
      const job = await world.run({ kind: 'update', items: ['a', 'b', 'c'].map((path, n) => item([c, path], undefined, { fields: fields[n] ?? {} })) })
      expect(job).toMatchObject({ state: 'finished', outcome: 'partial', counts: { done: 2, failed: 1 } })
      const items = await world.items(job.id)
      expect(items.map(({ state, reason }) => reason?.code ?? state)).toEqual(['done', 'internal', 'done'])
      expect((await world.ledger.entry(c, 'c'))?.fields).toEqual({ n: 3 })
      expect(await world.ledger.entry(c, 'b')).toMatchObject({ version: 1, fields: {} })
    })

    it('keeps the fields of an entry small, however they grow', async () => {
      const c = await world.collection()
      const fill = (bytes: number): string => 'é'.repeat(bytes / 2)
      await world.put(c, 'a', 'a', { fields: { big: fill(40_000) } })
      const grow = { collection: c, path: 'a', subject: 'alice', fields: { more: fill(40_000) } }
      await refusal(world.ledger.patchEntry(grow), 'fields_too_large')
      const items = [grow.fields, { more: fill(20_000) }, grow.fields, { big: null }].map(fields => item([c, 'a'], undefined, { fields }))
      const job = await world.run({ kind: 'update', items })
      expect((await world.items(job.id)).map(({ state, reason }) => reason?.code ?? state)).toEqual(['fields_too_large', 'done', 'fields_too_large', 'done'])
      expect((await world.entry(c, 'a'))?.fields).toEqual({ more: fill(20_000) })
      await world.ledger.updateCollection(c, { attributes: { big: fill(40_000) } })
      await refusal(world.ledger.updateCollection(c, { attributes: { more: fill(40_000) } }), 'fields_too_large')
      expect((await world.ledger.collection(c))?.attributes).toEqual({ big: fill(40_000) })
    })

    it('lets fields shrink that were larger before', async () => {
      const c = await world.collection()
      await world.put(c, 'a', 'a', { fields: { big: 'x'.repeat(100_000), more: 1 } })
      const shrunk = await world.run({ kind: 'update', items: [item([c, 'a'], undefined, { fields: { more: null } })] })
      expect(shrunk.outcome).toBe('succeeded')
      expect(Object.keys((await world.ledger.patchEntry({ collection: c, path: 'a', subject: 'alice', fields: { big: 'x'.repeat(90_000) } })).fields)).toEqual([
        'big',
      ])
    })

    it('lists nothing that came into a collection after the grant on it was taken back', async () => {
      const [shared, own] = [await world.collection('alice'), await world.collection('bob')]
      await world.ledger.setGrant(shared, 'bob', 'readonly')
      const job = await world.start({ by: 'bob', select: [{ source: { collection: shared, prefix: 'in/' }, destination: { collection: own } }] })
      await world.ledger.removeGrant(shared, 'bob')
      await world.put(shared, 'in/secret', 'x'.repeat(77))
      const { counts, bytesTotal } = await world.work(job)
      expect({ counts, bytesTotal }).toMatchObject({ counts: { total: 1, failed: 1 }, bytesTotal: 0 })
      const [only] = await world.items(job)
      expect(only).toMatchObject({ source: { collection: shared, path: 'in/*', entityId: null }, reason: { code: 'insufficient_role' } })
    })

    it('deletes no collection in which another holds a lock', async () => {
      const c = await world.collection('alice')
      const lock = { collection: c, path: 'a/b', holder: 'bob', reason: null, ttlMs: 60_000 }
      await world.ledger.acquireLock(lock)
      await refusal(world.ledger.deleteCollection(c, 'alice'), 'locked')
      await world.ledger.releaseLock(c, 'a/b', 'bob')
      await world.ledger.deleteCollection(c, 'alice')
    })

    it('wakes a big retry in turns, each item once', async () => {
      const c = await world.collection()
      const items = Array.from({ length: 12_000 }, (_, n) => item([c, `missing-${n}`], [c, `to-${n}`]))
      const failed = await world.run({ items })
      expect(failed.counts).toMatchObject({ total: 12_000, failed: 12_000 })
      const first = await world.ledger.retry(failed.id, ['failed'])
      expect(first.state).toBe('running')
      expect(first.counts.pending, 'only some at once').toBeLessThan(12_000)
      expect(first.counts.pending).toBeGreaterThan(0)
      const again = await world.work(failed.id)
      expect(again).toMatchObject({ state: 'finished', outcome: 'failed', counts: { failed: 12_000, pending: 0 } })
      expect(new Set((await world.items(failed.id)).map(({ attempts }) => attempts))).toEqual(new Set([2]))
    })

    it.each<[Conflict, string[]]>([
      ['fail', ['dup', 'dup', '1_dup', 'dup']],
      ['rename', ['dup', 'dup', '1_dup', 'dup']],
      ['skip', ['dup', 'dup', 'a', 'dup']],
      ['version', ['dup', 'dup', 'a', 'dup']],
    ])('tells in a dry run what the real run does with items that touch each other: %s', async (conflict, destinations) => {
      const c = await world.collection()
      for (const path of ['a', 'dup']) await world.put(c, path)
      const items = destinations.map(path => item([c, 'a'], [c, path]))
      const before = await world.ledger.entries(c, { deleted: true }, { limit: 10 })
      const dry = await world.run({ conflict, items, dryRun: true })
      expect(await world.ledger.entries(c, { deleted: true }, { limit: 10 }), 'nothing is changed').toEqual(before)
      expect((await world.ledger.versions(c, 'dup', { limit: 10 })).items).toHaveLength(1)
      const real = await world.run({ conflict, items })
      const told = async (id: string): Promise<unknown[]> =>
        (await world.items(id)).map(({ state, reason, destination }) => [state, reason?.code, destination?.path, destination?.version])
      expect(await told(dry.id)).toEqual(await told(real.id))
      expect(dry.counts).toEqual(real.counts)
    })
  })
}
