import { describe, expect, it } from 'vitest'
import { CONFLICTS } from '../../../src/model/job.ts'
import { MAX_PATH_LENGTH } from '../../../src/model/paths.ts'
import { sha256 } from '../../support/sha256.ts'
import { item, type World } from './world.ts'

const OTHER = 'f'.repeat(32)

export function transfersContract(world: World): void {
  async function withFiles(...paths: string[]): Promise<string> {
    const c = await world.collection()
    for (const path of paths) await world.put(c, path)
    return c
  }

  describe('copy', () => {
    it('makes a new entity over the same bytes, with metadata and ids told', async () => {
      const [c, d] = [await world.collection(), await world.collection()]
      const source = await world.put(c, 'a', 'bytes', { fields: { tag: 'x' }, mediaType: 'image/png' })
      world.clock.advance(1000)
      const now = world.clock.now()
      const { id } = await world.run({ by: 'alice', items: [item([c, 'a'], [d, 'b'])] })
      const copy = await world.entry(d, 'b')
      expect(copy).toMatchObject({ version: 1, digest: sha256('bytes'), size: 5, fields: { tag: 'x' }, mediaType: 'image/png', modifiedBy: 'alice' })
      expect(copy).toMatchObject({ createdAt: now, modifiedAt: now, kind: 'file', deleted: false })
      expect(copy?.entityId).not.toBe(source.entityId)
      expect(copy?.revision).not.toBe(source.revision)
      expect(await world.firstItem(id)).toEqual({
        seq: 0,
        source: { collection: c, path: 'a', entityId: source.entityId, version: 1, revision: source.revision },
        destination: { collection: d, path: 'b', entityId: copy?.entityId, version: 1, revision: copy?.revision },
        fields: null,
        state: 'done',
        attempts: 1,
        bytes: 5,
        reason: null,
        startedAt: now,
        finishedAt: now,
      })
      expect(await world.entry(c, 'a')).toEqual(source)
    })

    it('onto something makes its next version: the entity stays, the history too', async () => {
      const c = await withFiles('a', 'b')
      const before = await world.entry(c, 'b')
      await world.run({ items: [item([c, 'a'], [c, 'b'])] })
      expect(await world.entry(c, 'b')).toMatchObject({ version: 2, entityId: before?.entityId, digest: sha256('a'), createdAt: before?.createdAt })
      expect(await world.ledger.entry(c, 'b', 1)).toEqual(before)
    })

    it('onto a tombstone makes another entity above it', async () => {
      const c = await withFiles('a', 'b')
      const tombstone = await world.ledger.removeEntry({ collection: c, path: 'b', subject: 'alice' })
      await world.run({ conflict: 'fail', items: [item([c, 'a'], [c, 'b'])] })
      const copy = await world.entry(c, 'b')
      expect(copy).toMatchObject({ version: 3, deleted: false })
      expect(copy?.entityId).not.toBe(tombstone.entityId)
      expect(await world.versions(c, 'b')).toEqual(['3', '2x', '1'])
    })

    it('onto itself is one more version', async () => {
      const c = await withFiles('a')
      expect((await world.run({ items: [item([c, 'a'], [c])] })).outcome).toBe('succeeded')
      expect(await world.versions(c, 'a')).toEqual(['2', '1'])
    })

    it('of many gives every one its own entity id and revision', async () => {
      const c = await withFiles('a')
      const n = 300
      await world.run({ items: Array.from({ length: n }, (_, index) => item([c, 'a'], [c, `copy/${index}`])) })
      const { items } = await world.ledger.entries(c, {}, { limit: 1000 })
      for (const key of ['entityId', 'revision'] as const) expect(new Set(items.map(entry => entry[key])).size).toBe(n + 1)
      for (const { entityId } of items) expect(entityId).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
    })

    it('of what is not there fails that item, and tells nothing of what was there once', async () => {
      const c = await withFiles('gone')
      await world.ledger.removeEntry({ collection: c, path: 'gone', subject: 'alice' })
      const { id, outcome } = await world.run({ items: [item([c, 'never'], [c, 'x']), item([c, 'gone'], [c, 'y'])] })
      expect(outcome).toBe('failed')
      for (const { state, reason, source, destination, bytes } of await world.items(id)) {
        expect([state, reason?.code, bytes]).toEqual(['failed', 'entry_not_found', 0])
        expect(reason?.message).toContain(source.path)
        expect(source).toMatchObject({ entityId: null, version: null, revision: null })
        expect(destination).toMatchObject({ entityId: null, version: null, revision: null })
      }
      expect(await world.listing(c)).toEqual([])
    })
  })

  describe('move', () => {
    it('takes the entity along and leaves a tombstone', async () => {
      const [c, d] = [await world.collection(), await world.collection()]
      const before = await world.put(c, 'a', 'bytes', { fields: { tag: 'x' } })
      world.clock.advance(1000)
      const { id } = await world.run({ kind: 'move', items: [item([c, 'a'], [d, 'b'])] })
      const now = world.clock.now()
      const moved = await world.entry(d, 'b')
      expect(moved).toMatchObject({
        entityId: before.entityId,
        version: 1,
        digest: before.digest,
        fields: { tag: 'x' },
        createdAt: before.createdAt,
        modifiedAt: now,
      })
      expect(await world.entry(c, 'a')).toMatchObject({ deleted: true, version: 2, digest: null, size: 0, fields: {}, modifiedAt: now })
      expect(await world.ledger.entry(c, 'a', 1)).toEqual(before)
      expect(await world.firstItem(id)).toMatchObject({
        source: { entityId: before.entityId, version: 1, revision: before.revision },
        destination: { entityId: moved?.entityId, version: 1, revision: moved?.revision },
      })
      expect((await world.put(c, 'a', 'new')).entityId, 'what comes to its old place is another').not.toBe(before.entityId)
    })

    it('back and forth keeps the entity id', async () => {
      const c = await withFiles('a')
      const entityId = (await world.entry(c, 'a'))?.entityId
      await world.run({ kind: 'move', items: [item([c, 'a'], [c, 'b'])] })
      await world.run({ kind: 'move', items: [item([c, 'b'], [c, 'a'])] })
      expect(await world.entry(c, 'a')).toMatchObject({ entityId, version: 3, deleted: false })
      expect(await world.versions(c, 'a')).toEqual(['3', '2x', '1'])
      expect(await world.versions(c, 'b')).toEqual(['2x', '1'])
    })

    it('over something replaces its entity; the history keeps the one that was there', async () => {
      const c = await withFiles('a', 'b')
      const [a, b] = [await world.entry(c, 'a'), await world.entry(c, 'b')]
      await world.run({ kind: 'move', items: [item([c, 'a'], [c, 'b'])] })
      expect(await world.entry(c, 'b')).toMatchObject({ entityId: a?.entityId, version: 2, digest: a?.digest })
      expect(await world.ledger.entry(c, 'b', 1)).toEqual(b)
    })

    it('to where it is is skipped', async () => {
      const c = await withFiles('a')
      const { id, outcome } = await world.run({ kind: 'move', conflict: 'rename', items: [item([c, 'a'], [c]), item([c, 'a'], [c, 'a'])] })
      expect(outcome).toBe('succeeded')
      for (const { state, reason } of await world.items(id)) expect([state, reason?.code]).toEqual(['skipped', 'same_path'])
      expect(await world.versions(c, 'a')).toEqual(['1'])
    })
  })

  describe('conflict policies', () => {
    for (const kind of ['copy', 'move'] as const) {
      it(`${kind}: decide only where something lives at the destination`, async () => {
        const outcomes: unknown[] = []
        for (const conflict of CONFLICTS) {
          const c = await withFiles('a', 'free', 'gone', 'taken', 'b')
          await world.ledger.removeEntry({ collection: c, path: 'gone', subject: 'alice' })
          const entity = (await world.entry(c, 'b'))?.entityId
          const { id } = await world.run({
            kind,
            conflict,
            items: [item([c, 'a'], [c, 'gone']), item([c, 'b'], [c, 'dir/b']), item([c, 'free'], [c, 'taken'])],
          })
          const items = await world.items(id)
          expect(items.slice(0, 2).map(({ state }) => state)).toEqual(['done', 'done'])
          expect((await world.entry(c, 'dir/b'))?.entityId === entity).toBe(kind === 'move')
          const { state, reason, destination } = items[2] ?? {}
          outcomes.push([state, reason?.code ?? null, destination?.path, destination?.version, (await world.versions(c, 'taken')).length])
        }
        expect(outcomes).toEqual([
          ['done', null, 'taken', 2, 2],
          ['skipped', 'destination_exists', 'taken', null, 1],
          ['failed', 'destination_exists', 'taken', null, 1],
          ['done', null, '1_taken', 1, 1],
        ])
      })
    }

    it('rename takes the first free name in the same folder, above a tombstone too, and says so', async () => {
      const c = await withFiles('src', 'd/f.txt', 'd/1_f.txt', 'd/2_f.txt')
      await world.ledger.removeEntry({ collection: c, path: 'd/2_f.txt', subject: 'alice' })
      const { id } = await world.run({ conflict: 'rename', items: Array.from({ length: 3 }, () => item([c, 'src'], [c, 'd/f.txt'])) })
      const items = await world.items(id)
      expect(items.map(({ destination }) => [destination?.path, destination?.version])).toEqual([
        ['d/2_f.txt', 3],
        ['d/3_f.txt', 1],
        ['d/4_f.txt', 1],
      ])
      for (const { destination } of items) expect((await world.entry(c, destination?.path ?? ''))?.revision).toBe(destination?.revision)
      expect(await world.versions(c, 'd/f.txt')).toEqual(['1'])
    })

    it('rename beside itself: a copy is another entity, made now', async () => {
      const c = await withFiles('a')
      world.clock.advance(1000)
      await world.run({ conflict: 'rename', items: [item([c, 'a'], [c])] })
      const [a, copy] = [await world.entry(c, 'a'), await world.entry(c, '1_a')]
      expect(copy?.entityId).not.toBe(a?.entityId)
      expect(copy?.createdAt).toBe(world.clock.now())
    })

    it('rename of a move keeps the entity and when it was made', async () => {
      const c = await withFiles('a', 'b')
      const before = await world.entry(c, 'a')
      world.clock.advance(1000)
      await world.run({ kind: 'move', conflict: 'rename', items: [item([c, 'a'], [c, 'b'])] })
      expect(await world.entry(c, '1_b')).toMatchObject({ entityId: before?.entityId, createdAt: before?.createdAt })
      expect(await world.listing(c)).toEqual(['1_b', 'b'])
    })

    it('rename that finds no name that fits fails the item', async () => {
      const long = 'l'.repeat(MAX_PATH_LENGTH)
      const c = await withFiles('a', long)
      const { id } = await world.run({ conflict: 'rename', items: [item([c, 'a'], [c, long])] })
      expect(await world.firstItem(id)).toMatchObject({ state: 'failed', reason: { code: 'destination_exists' }, destination: { path: long } })
    })
  })

  describe('conditions', () => {
    it('on the source evict an item whose source is another by then, with expected and actual', async () => {
      const c = await withFiles('a')
      const { revision } = await world.put(c, 'a', 'second')
      const source = { collection: c, path: 'a' }
      const destination = { collection: c, path: 'x' }
      const { id } = await world.run({
        items: [
          { source: { ...source, ifMatch: OTHER }, destination },
          { source: { ...source, version: 1 }, destination },
          { source: { ...source, path: 'none', ifMatch: OTHER }, destination },
          { source: { ...source, path: 'none', version: 3 }, destination },
          { source: { ...source, ifMatch: revision, version: 2 }, destination },
        ],
      })
      const items = await world.items(id)
      expect(items.map(({ state }) => state)).toEqual(['evicted', 'evicted', 'evicted', 'evicted', 'done'])
      expect(items.slice(0, 4).map(({ reason }) => [reason?.code, reason?.expected, reason?.actual])).toEqual([
        ['condition_failed', OTHER, revision],
        ['condition_failed', '1', '2'],
        ['condition_failed', OTHER, null],
        ['condition_failed', '3', null],
      ])
      expect(await world.versions(c, 'x')).toEqual(['1'])
    })

    it('on the destination evict, or allow to overwrite whatever the policy says', async () => {
      for (const conflict of CONFLICTS) {
        const c = await withFiles('a', 'there', 'there2')
        const there = await world.entry(c, 'there')
        const source = { collection: c, path: 'a' }
        const { id } = await world.run({
          conflict,
          items: [
            { source, destination: { collection: c, path: 'there', ifMatch: OTHER } },
            { source, destination: { collection: c, path: 'none', ifMatch: OTHER } },
            { source, destination: { collection: c, path: 'there2', ifNoneMatch: '*' } },
            { source, destination: { collection: c, path: 'new', ifNoneMatch: '*' } },
            { source, destination: { collection: c, path: 'there', ifMatch: there?.revision ?? '' } },
          ],
        })
        const items = await world.items(id)
        expect(items.map(({ state }) => state)).toEqual(['evicted', 'evicted', 'evicted', 'done', 'done'])
        expect(items.slice(0, 3).map(({ reason }) => [reason?.expected, reason?.actual])).toEqual([
          [OTHER, there?.revision],
          [OTHER, null],
          [null, (await world.entry(c, 'there2'))?.revision],
        ])
        expect(await world.versions(c, 'there')).toEqual(['2', '1'])
        expect(await world.versions(c, 'none')).toEqual([])
      }
    })
  })

  describe('dry run', () => {
    it('decides as a real run does, names what it would make, and changes nothing', async () => {
      for (const kind of ['copy', 'move'] as const) {
        const c = await withFiles('a', 'b', 'c', 'taken')
        const before = await world.ledger.entries(c, { deleted: true }, { limit: 100 })
        const wish = {
          kind,
          conflict: 'rename' as const,
          items: [
            item([c, 'a'], [c, 'taken']),
            item([c, 'b'], [c, 'new']),
            item([c, 'missing'], [c, 'x']),
            { source: { collection: c, path: 'c', ifMatch: OTHER }, destination: { collection: c, path: 'y' } },
          ],
        }
        const dry = await world.run({ ...wish, dryRun: true })
        expect(dry).toMatchObject({ dryRun: true, outcome: 'partial', counts: { done: 2, failed: 1, evicted: 1 } })
        expect(await world.ledger.entries(c, { deleted: true }, { limit: 100 })).toEqual(before)
        const planned = await world.items(dry.id)
        expect(planned[0]).toMatchObject({ state: 'done', bytes: 1, destination: { path: '1_taken', version: 1, entityId: null, revision: null } })
        const real = await world.run(wish)
        const seen = (items: typeof planned): unknown[] => items.map(({ state, reason, bytes, destination }) => [state, reason, bytes, destination?.path])
        expect(seen(await world.items(real.id))).toEqual(seen(planned))
      }
    })
  })
}
