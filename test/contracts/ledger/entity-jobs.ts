import { randomUUID } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import type { Fields } from '../../../src/model/entry.ts'
import type { EntitySelection } from '../../../src/model/job.ts'
import { LEASE_MS, item, type World } from './world.ts'

/** Jobs in addressable collections, and over entities. */
export function entityJobsContract(world: World): void {
  async function tree(...paths: readonly string[]): Promise<string> {
    const id = `owner/${randomUUID()}`
    await world.ledger.createCollection({ id, name: id, store: 'local', attributes: {}, createdBy: 'alice' })
    for (const path of paths) {
      if (path.endsWith('/')) await folder(id, path.slice(0, -1))
      else await world.put(id, path)
    }
    return id
  }

  async function folder(collection: string, path: string, fields: Fields | null = null): Promise<string> {
    return (await world.ledger.createFolder({ collection, path, subject: 'alice', fields })).entityId
  }

  async function idOf(collection: string, path: string): Promise<string> {
    return (await world.entry(collection, path))?.entityId ?? ''
  }

  async function to(collection: string, path: string, destination?: EntitySelection['destination'], name?: string): Promise<EntitySelection> {
    return { entityId: await idOf(collection, path), ...(destination === undefined ? {} : { destination }), ...(name === undefined ? {} : { name }) }
  }

  /** Live entries, folders with a "/" at their end. */
  async function all(collection: string): Promise<string[]> {
    const { items } = await world.ledger.entries(collection, {}, { limit: 1000 })
    return items.map(({ path, kind }) => (kind === 'folder' ? `${path}/` : path))
  }

  /** Items as `source > destination state code`. */
  async function items(job: string): Promise<string[]> {
    return (await world.items(job)).map(({ source, destination, state, reason }) =>
      [source.path, destination === null ? '' : `> ${destination.path}`, state, reason === null ? '' : `${reason.code} ${reason.end ?? ''}`]
        .filter(word => word !== '')
        .join(' '),
    )
  }

  describe('jobs in addressable collections', () => {
    it('make the folders above what they write, once', async () => {
      const plain = await world.collection()
      for (const path of ['x/y/1', 'x/y/2', 'x/3', '4']) await world.put(plain, path)
      const id = await tree('x/there')
      const before = await idOf(id, 'x')
      const job = await world.run({ select: [{ source: { collection: plain }, destination: { collection: id } }] })
      expect(job.counts).toMatchObject({ done: 4, total: 4 })
      expect(await all(id)).toEqual(['4', 'x/', 'x/3', 'x/there', 'x/y/', 'x/y/1', 'x/y/2'])
      expect(await idOf(id, 'x')).toBe(before)
      await world.run({ items: [item([id, '4'], [id, 'deep/er/4'])], kind: 'move' })
      expect(await all(id)).toEqual(['deep/', 'deep/er/', 'deep/er/4', 'x/', 'x/3', 'x/there', 'x/y/', 'x/y/1', 'x/y/2'])
    })

    it('refuse a file where a folder is, and what would lie beneath a file', async () => {
      const plain = await world.collection()
      for (const path of ['a', 'b/c', 'd']) await world.put(plain, path)
      const id = await tree('a/x', 'b')
      const job = await world.run({ items: ['a', 'b/c', 'd'].map(path => item([plain, path], [id])) })
      expect(await items(job.id)).toEqual(['a > a failed entry_exists destination', 'b/c > b/c failed entry_exists destination', 'd > d done'])
      expect(await all(id)).toEqual(['a/', 'a/x', 'b', 'd'])
      const renamed = await world.run({ items: [item([plain, 'a'], [id])], conflict: 'rename' })
      expect(await items(renamed.id)).toEqual(['a > 1_a done'])
    })

    it('work items one by one that depend on each other by their folders', async () => {
      const plain = await world.collection()
      for (const path of ['a', 'a/b']) await world.put(plain, path)
      for (const dryRun of [true, false]) {
        const id = await tree()
        const job = await world.run({ dryRun, select: [{ source: { collection: plain }, destination: { collection: id } }] })
        expect(await items(job.id)).toEqual(['a > a done', 'a/b > a/b failed entry_exists destination'])
        expect(await all(id)).toEqual(dryRun ? [] : ['a'])
      }
      const id = await tree('f/1', 'f/2')
      const job = await world.run({ kind: 'delete', items: ['f/1', 'f', 'f/2', 'f'].map(path => item([id, path])) })
      expect(await items(job.id)).toEqual(['f/1 done', 'f failed folder_not_empty source', 'f/2 done', 'f done'])
      expect(await all(id)).toEqual([])
    })
  })

  describe('jobs over entities', () => {
    it('copy files and whole folders in the order given, empty folders and fields too', async () => {
      const from = await tree('d/2', 'd/s/1', 'd/empty/', 'f')
      const tagged = await folder(from, 'd/tagged', { tags: ['x'] })
      const target = await tree('in/')
      const entities = [
        await to(from, 'f', { collection: target }, 'g'),
        await to(from, 'd', { folder: await idOf(target, 'in') }),
        await to(from, 'd/s/1', { collection: target }),
      ]
      const job = await world.run({ entities, items: [item([from, 'f'], [target, 'first'])], conflict: 'rename' })
      expect(await items(job.id)).toEqual(['f > first done', 'f > g done', 'd/2 > in/d/2 done', 'd/s/1 > in/d/s/1 done', 'd/s/1 > 1 done'])
      expect(job).toMatchObject({ outcome: 'succeeded', counts: { total: 5, done: 5 } })
      expect(await all(target)).toEqual(['1', 'first', 'g', 'in/', 'in/d/', 'in/d/2', 'in/d/empty/', 'in/d/s/', 'in/d/s/1', 'in/d/tagged/'])
      const copied = await world.entry(target, 'in/d/tagged')
      expect(copied).toMatchObject({ kind: 'folder', fields: { tags: ['x'] } })
      expect(copied?.entityId).not.toBe(tagged)
      expect(await world.ledger.touches(job.id, from)).toBe(true)
      // again: folders are merged, files get names
      const again = await world.run({ entities: entities.slice(0, 2), conflict: 'rename' })
      expect(await items(again.id)).toEqual(['f > 1_g done', 'd/2 > in/d/1_2 done', 'd/s/1 > in/d/s/1_1 done'])
    })

    it('move folders: files keep their ids, folders get new ones, what is emptied goes', async () => {
      const from = await tree('d/1', 'd/s/2', 'd/empty/', 'other')
      const target = await tree('d/old')
      const [file, emptied] = [await idOf(from, 'd/s/2'), await idOf(from, 'd/s')]
      const job = await world.run({ kind: 'move', entities: [await to(from, 'd', { collection: target })], conflict: 'rename' })
      expect(await items(job.id)).toEqual(['d/1 > d/1 done', 'd/s/2 > d/s/2 done'])
      expect(job).toMatchObject({ state: 'finished', outcome: 'succeeded' })
      expect(await all(from)).toEqual(['other'])
      expect(await all(target)).toEqual(['d/', 'd/1', 'd/empty/', 'd/old', 'd/s/', 'd/s/2'])
      expect((await world.ledger.entriesById([file], 'alice')).map(entry => entry.path)).toEqual(['d/s/2'])
      expect(await world.ledger.entriesById([emptied], 'alice')).toEqual([])
    })

    it('delete folders with all in them, and leave those that still hold something', async () => {
      const id = await tree('d/1', 'd/s/2', 'd/t/3', 'd/e/', 'f')
      await world.ledger.acquireLock({ collection: id, path: 'd/s/2', holder: 'bob', reason: null, ttlMs: 1000 })
      const job = await world.run({ kind: 'delete', entities: [await to(id, 'd'), await to(id, 'f')] })
      expect(await items(job.id)).toEqual(['d/1 done', 'd/s/2 failed locked source', 'd/t/3 done', 'f done'])
      expect(await all(id)).toEqual(['d/', 'd/s/', 'd/s/2'])
      world.clock.advance(2000)
      await world.ledger.retry(job.id, ['failed'])
      expect(await world.work(job.id)).toMatchObject({ state: 'finished', outcome: 'succeeded' })
      expect(await all(id)).toEqual([])
    })

    it('keep what could not be made at the destination: a folder leaves only when it is there, too', async () => {
      const from = await tree('e/s/', 'd/1', 'd/empty/', 'd/s/empty/')
      const target = await tree('e', 'd/')
      await world.ledger.acquireLock({ collection: target, path: 'd/s', holder: 'bob', reason: null, ttlMs: 1000 })
      const entities = [await to(from, 'e', { collection: target }), await to(from, 'd', { collection: target })]
      const job = await world.run({ kind: 'move', entities, conflict: 'fail' })
      expect(await items(job.id)).toEqual(['e > e failed destination_exists destination', 'd/1 > d/1 done'])
      expect(await all(target)).toEqual(['d/', 'd/1', 'd/empty/', 'e'])
      expect(await all(from)).toEqual(['d/', 'd/s/', 'd/s/empty/', 'e/', 'e/s/'])
    })

    it('name a folder without files as one item', async () => {
      const id = await tree('e/s/', 'x/')
      const target = await tree()
      const [empty, single] = [await idOf(id, 'e'), await idOf(id, 'x')]
      const copy = await world.run({ entities: [await to(id, 'e', { collection: target }, 'copied')], conflict: 'rename' })
      expect(await items(copy.id)).toEqual(['e > copied done'])
      expect((await world.firstItem(copy.id)).destination?.entityId).toBe(await idOf(target, 'copied'))
      const move = await world.run({ kind: 'move', entities: [await to(id, 'e', { collection: target }), await to(id, 'x', { collection: target })] })
      expect((await world.items(move.id)).map(({ source, state }) => [source.entityId, state])).toEqual([
        [empty, 'done'],
        [single, 'done'],
      ])
      expect([await all(id), await all(target)]).toEqual([[], ['copied/', 'copied/s/', 'e/', 'e/s/', 'x/']])
      const remove = await world.run({ kind: 'delete', entities: [await to(target, 'copied'), await to(target, 'x')] })
      expect(await items(remove.id)).toEqual(['copied done', 'x done'])
      expect(await all(target)).toEqual(['e/', 'e/s/'])
    })

    it('fail one item for what is wrong with one entity', async () => {
      const id = await tree('a/b/f', 'g')
      const hidden = await tree('secret')
      const seen = await tree('seen', 'sub/')
      for (const closed of [hidden, seen]) await world.ledger.setGrant(closed, 'bob', 'owner')
      await world.ledger.removeGrant(hidden, 'alice')
      await world.ledger.setGrant(seen, 'alice', 'readonly')
      const unknown = randomUUID()
      const here = { collection: id }
      const entities: EntitySelection[] = [
        { entityId: unknown, destination: here },
        await to(hidden, 'secret', here),
        await to(seen, 'seen', here),
        await to(id, 'g', { collection: 'never/was' }),
        await to(id, 'g', { collection: seen }),
        await to(id, 'g', { folder: await idOf(seen, 'sub') }),
        await to(id, 'g', { folder: unknown }),
        await to(id, 'g', { folder: await idOf(id, 'a/b/f') }),
        await to(id, 'a', { folder: await idOf(id, 'a/b') }),
        await to(id, 'a', { folder: await idOf(id, 'a') }),
        await to(id, 'g', here, 'x/y'),
        await to(id, 'g', here, '..'),
        await to(id, 'g', { folder: await idOf(id, 'a') }),
      ]
      const job = await world.run({ kind: 'move', entities })
      expect(await items(job.id)).toEqual([
        'failed entry_not_found source',
        'failed insufficient_role source',
        'seen failed insufficient_role source',
        'g failed insufficient_role destination',
        'g failed insufficient_role destination',
        'g failed insufficient_role destination',
        'g failed destination_not_found destination',
        'g failed destination_not_folder destination',
        'a failed folder_into_itself destination',
        'a failed folder_into_itself destination',
        'g failed invalid_path destination',
        'g failed invalid_path destination',
        'g > a/g done',
      ])
      const [first, second] = await world.items(job.id)
      expect(first?.source).toEqual({ collection: '', path: '', entityId: unknown, version: null, revision: null })
      expect(second?.source).toEqual({ collection: '', path: '', entityId: await idOf(hidden, 'secret'), version: null, revision: null })
      expect(job).toMatchObject({ state: 'finished', outcome: 'partial', counts: { total: 13, done: 1, failed: 12 } })
      const failed = (await world.ledger.eventsAfter(0, 1000, job.id)).filter(event => event.type === 'item.failed')
      expect(failed.length).toBe(12)
      expect(await all(id)).toEqual(['a/', 'a/b/', 'a/b/f', 'a/g'])
    })

    it('look again on a retry for what could not be resolved', async () => {
      const id = await tree('d/1')
      const target = await tree('x', 'full/y', 'empty/')
      await world.ledger.setGrant(target, 'bob', 'owner')
      await world.ledger.removeGrant(target, 'alice')
      const entities = await Promise.all(['x', 'full', 'empty'].map(path => to(target, path, { collection: id })))
      const job = await world.run({ entities: [...entities, { entityId: randomUUID(), destination: { collection: id } }] })
      expect(job).toMatchObject({ outcome: 'failed', counts: { failed: 4, total: 4 } })
      await world.ledger.setGrant(target, 'alice', 'readonly')
      await world.ledger.retry(job.id, ['failed'])
      await world.work(job.id)
      expect(await items(job.id)).toEqual(['x > x done', 'failed folder_not_empty source', 'empty > empty done', 'failed entry_not_found source'])
      expect(await all(id)).toEqual(['d/', 'd/1', 'empty/', 'x'])
      await world.ledger.retry(job.id, ['failed'])
      expect(await world.work(job.id)).toMatchObject({ state: 'finished', counts: { done: 2, failed: 2 } })
    })

    it('resolve big folders by pages, and go on where they were', async () => {
      const plain = await world.collection()
      const paths = Array.from({ length: 4100 }, (_, n) => `d/${n % 3}/${String(n).padStart(5, '0')}`)
      const source = await tree(...Array.from({ length: 600 }, (_, n) => `d/e/${n}/`))
      for (const path of paths.slice(0, 100)) await world.put(plain, path)
      for (let at = 0; at < 41; at++) {
        await world.run({ select: [{ source: { collection: plain, prefix: 'd/' }, destination: { collection: source, prefix: `d/${at}/` } }] })
      }
      const target = await tree()
      const id = await world.start({ kind: 'move', entities: [await to(source, 'd', { collection: target })] })
      const other = await world.another()
      let turns = 0
      while ((await (turns % 2 === 0 ? world.ledger : other).takeTurn(id, `w${turns % 2}`, LEASE_MS)).do !== 'nothing') turns++
      await other.close()
      const job = await world.job(id)
      expect(job).toMatchObject({ state: 'finished', outcome: 'succeeded', counts: { total: 4100, done: 4100 } })
      expect(await all(source)).toEqual([])
      const { total } = await world.ledger.children(target, 'd/e', {}, { offset: 0, limit: 1 })
      expect(total).toBe(600)
      await world.assertCounters(id)
    })

    it('touch nothing in a dry run, and remove no folder when cancelled', async () => {
      const id = await tree('d/1', 'd/s/2', 'e/s/')
      const target = await tree()
      const entities = [await to(id, 'd', { collection: target }), await to(id, 'e', { collection: target })]
      const dry = await world.run({ kind: 'move', dryRun: true, entities })
      expect(await items(dry.id)).toEqual(['d/1 > d/1 done', 'd/s/2 > d/s/2 done', 'e > e done'])
      expect([await all(id), await all(target)]).toEqual([['d/', 'd/1', 'd/s/', 'd/s/2', 'e/', 'e/s/'], []])
      const real = await world.start({ kind: 'move', entities })
      await world.lease(real)
      await world.ledger.cancel(real)
      world.clock.advance(LEASE_MS + 1)
      expect(await world.work(real)).toMatchObject({ state: 'finished', outcome: 'cancelled' })
      expect(await all(id)).toEqual(['d/', 'd/1', 'd/s/', 'd/s/2', 'e/', 'e/s/'])
    })

    it('stop where a grant is taken back meanwhile', async () => {
      const id = await tree('d/1', 'f')
      const target = await tree()
      const job = await world.start({ entities: [await to(id, 'd', { collection: target }), await to(id, 'f', { collection: target })] })
      await world.lease(job)
      await world.ledger.setGrant(target, 'bob', 'owner')
      await world.ledger.setGrant(target, 'alice', 'readonly')
      world.clock.advance(LEASE_MS + 1)
      await world.work(job)
      expect(await items(job)).toEqual(['d/1 > d/1 failed insufficient_role destination', 'f > f failed insufficient_role destination'])
    })
  })
}
