import { randomUUID } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import type { CopiedBlobs } from '../../../src/ports/ledger.ts'
import { sha256 } from '../../support/sha256.ts'
import { item, type World } from './world.ts'

/** Items that take bytes from one store to another. */
export function crossingContract(world: World): void {
  const far = async (): Promise<string> => {
    const id = `far-${randomUUID()}`
    await world.ledger.createCollection({ id, name: id, store: 'far', attributes: {}, createdBy: 'alice' })
    return id
  }
  const came = (arrived: readonly string[], failed: CopiedBlobs['failed'] = []): CopiedBlobs => ({
    arrived: arrived.map(text => ({ store: 'far', sha256: sha256(text) })),
    failed,
  })
  const states = async (job: string): Promise<unknown[]> => (await world.items(job)).map(({ state, reason }) => [state, reason?.code])

  describe('jobs between stores', () => {
    it('tell which blobs must be where, and a turn leaves them to be read', async () => {
      const [near, to] = [await world.collection(), await far()]
      for (const path of ['a', 'b', 'twin']) await world.put(near, path, path === 'twin' ? 'a' : path)
      const job = await world.start({ items: [item([near, 'a'], [to]), item([near, 'twin'], [to]), item([near, 'b'], [near, 'c'])] })
      const turn = await world.ledger.takeTurn(job, 'w1', 30_000)
      if (turn.do !== 'read') throw new Error(`the turn was to leave bytes to be read, but: ${turn.do}`)
      expect(turn.lease).toMatchObject({ crosses: true, verify: false })
      const blobs = await world.ledger.chunkBlobs(turn.lease)
      expect(blobs.toSorted((one, other) => one.sha256.localeCompare(other.sha256))).toEqual(
        [
          { store: 'local', sha256: sha256('a'), size: 1, to: 'far' },
          { store: 'local', sha256: sha256('b'), size: 1, to: null },
        ].toSorted((one, other) => one.sha256.localeCompare(other.sha256)),
      )
      await world.ledger.applyChunk(turn.lease, [], came(['a']))
      expect(await states(job)).toEqual([
        ['done', undefined],
        ['done', undefined],
        ['done', undefined],
      ])
      expect((await world.entry(to, 'twin'))?.digest).toBe(sha256('a'))
    })

    it('do an item only when its bytes have arrived, and say why not', async () => {
      const [near, to] = [await world.collection(), await far()]
      for (const path of ['full', 'away', 'changed', 'bad', 'good']) await world.put(near, path)
      const job = await world.start({ items: ['full', 'away', 'changed', 'bad', 'good'].map(path => item([near, path], [to])) })
      const lease = await world.lease(job)
      await world.put(near, 'changed', 'something else')
      await world.ledger.applyChunk(lease, [sha256('bad')], {
        ...came(['changed', 'good']),
        failed: [
          { store: 'far', sha256: sha256('full'), code: 'out_of_space' },
          { store: 'far', sha256: sha256('away'), code: 'unavailable' },
        ],
      })
      expect(await states(job)).toEqual([
        ['failed', 'out_of_space'],
        ['failed', 'unavailable'],
        ['failed', 'source_changed'],
        ['failed', 'digest_mismatch'],
        ['done', undefined],
      ])
      expect(await world.listing(to)).toEqual(['good'])
      await world.assertCounters(job)
      await world.ledger.retry(job, ['failed'])
      const again = await world.lease(job)
      await world.ledger.applyChunk(again, [], came(['full', 'away', 'something else', 'bad']))
      expect((await world.job(job)).outcome).toBe('succeeded')
    })

    it('show how far large blobs have come, while their lease lasts', async () => {
      const [near, to] = [await world.collection(), await far()]
      for (const path of ['a', 'big', 'twin', 'z']) await world.put(near, path, path === 'twin' ? 'big' : path)
      const job = await world.start({ items: ['a', 'big', 'twin', 'z'].map(path => item([near, path], [to])) })
      const moved = async (): Promise<unknown[]> => (await world.items(job)).map(({ state, bytes }) => [state, bytes])
      const lease = await world.lease(job)
      await world.ledger.renewLease(lease, 30_000, [
        { sha256: sha256('big'), bytes: 2 },
        { sha256: sha256('of another job'), bytes: 7 },
      ])
      const [none, some] = [
        ['running', 0],
        ['running', 2],
      ]
      expect(await moved()).toEqual([none, some, some, none])
      await world.ledger.renewLease(lease, 30_000)
      expect(await moved(), 'a renewal that tells nothing takes nothing back').toEqual([none, some, some, none])
      await world.ledger.renewLease(lease, 30_000, [{ sha256: sha256('big'), bytes: 3 }])
      expect((await moved())[1]).toEqual(['running', 3])
      await world.ledger.releaseLease(lease)
      expect((await moved())[1]).toEqual(['pending', 0])
      const again = await world.lease(job)
      expect((await moved())[1], 'of a new lease nothing is known yet').toEqual(['running', 0])
      await world.ledger.renewLease(again, 30_000, [{ sha256: sha256('big'), bytes: 1 }])
      await world.ledger.applyChunk(again, [], came(['a', 'big', 'z']))
      expect(await moved()).toEqual([
        ['done', 1],
        ['done', 3],
        ['done', 3],
        ['done', 1],
      ])
      await world.assertCounters(job)
    })

    it('never name bytes that nobody copied', async () => {
      const [near, to] = [await world.collection(), await far()]
      await world.put(near, 'a')
      const job = await world.start({ kind: 'move', items: [item([near, 'a'], [to])] })
      await world.ledger.applyChunk(await world.lease(job), [])
      expect(await states(job)).toEqual([['failed', 'source_changed']])
      expect(await world.listing(near)).toEqual(['a'])
    })

    it('of selections are the same; a rehearsal reads nothing', async () => {
      const [near, to] = [await world.collection(), await far()]
      for (const path of ['x/a', 'x/b']) await world.put(near, path)
      const select = [{ source: { collection: near, prefix: 'x/' }, destination: { collection: to, prefix: 'y/' } }]
      const rehearsal = await world.start({ select, dryRun: true })
      expect((await world.lease(rehearsal)).crosses).toBe(false)
      const job = await world.start({ select })
      const lease = await world.lease(job)
      expect((await world.ledger.chunkBlobs(lease)).map(({ to: store }) => store)).toEqual(['far', 'far'])
      await world.ledger.applyChunk(lease, [], came(['x/a', 'x/b']))
      expect(await world.listing(to)).toEqual(['y/a', 'y/b'])
    })
  })
}
