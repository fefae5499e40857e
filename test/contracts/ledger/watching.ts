import { describe, expect, it } from 'vitest'
import type { Backlog, BacklogState, CommittedWork, SettledState } from '../../../src/ports/observed-ledger.ts'
import { item, LEASE_MS, USUAL, type World } from './world.ts'

/** Everything that the ledger tells from now on, added up; nobody else may listen. */
function gathered(world: World): { readonly told: CommittedWork[]; items(): Record<SettledState, number> } {
  const told: CommittedWork[] = []
  world.ledger.onWork(work => void told.push(work))
  const items = (): Record<SettledState, number> => {
    const sum = { done: 0, skipped: 0, failed: 0, evicted: 0, cancelled: 0 }
    for (const work of told) for (const state of Object.keys(sum) as SettledState[]) sum[state] += work.items[state]
    return sum
  }
  return { told, items }
}

/** How many more jobs are in each state than before. */
function more(before: Backlog, after: Backlog): Record<BacklogState, number> {
  const [one, other] = [before.jobs, after.jobs]
  const of = (state: BacklogState): number => other[state] - one[state]
  return { submitted: of('submitted'), resolving: of('resolving'), running: of('running'), paused: of('paused') }
}

export function watchingContract(world: World): void {
  describe('watching', () => {
    it('tells once what a commit did: how items ended, and jobs', async () => {
      const c = await world.collection()
      await world.put(c, 'a')
      const { told, items } = gathered(world)
      const id = await world.start({ items: [item([c, 'a'], [c, 'b']), item([c, 'none'], [c, 'x'])], dialect: 'apollo' })
      world.clock.advance(2_500)
      await world.work(id)
      expect(items()).toEqual({ done: 1, skipped: 0, failed: 1, evicted: 0, cancelled: 0 })
      const finished = told.flatMap(work => work.finished)
      expect(finished).toMatchObject([{ id, kind: 'copy', dialect: 'apollo', outcome: 'partial', counts: { total: 2, done: 1, failed: 1 }, seconds: 2.5 }])
      for (const { seconds, operations } of told) {
        expect(seconds).toBeGreaterThan(0)
        expect(operations).toBeGreaterThan(0)
      }
    })

    it('tells of items that were cancelled', async () => {
      const c = await world.collection()
      await world.put(c, 'a')
      const id = await world.start({ items: [item([c, 'a'], [c, 'b'])] })
      const { told, items } = gathered(world)
      await world.ledger.cancel(id)
      await world.work(id)
      expect(items()).toEqual({ done: 0, skipped: 0, failed: 0, evicted: 0, cancelled: 1 })
      expect(told.flatMap(work => work.finished)).toMatchObject([{ id, outcome: 'cancelled' }])
    })

    it('tells nothing of what was refused', async () => {
      const c = await world.collection()
      await world.put(c, 'a')
      const id = await world.start({ items: [item([c, 'a'], [c, 'b'])] })
      const lease = await world.lease(id)
      const { items } = gathered(world)
      await expect(world.ledger.applyChunk({ ...lease, token: lease.token + 1 }, [])).rejects.toMatchObject({ code: 'stale_lease' })
      expect(items().done).toBe(0)
      await world.ledger.applyChunk(lease, [])
      expect(items().done).toBe(1)
    })

    it('tells of a chunk that is taken from a worker that fell silent', async () => {
      const c = await world.collection()
      await world.put(c, 'a')
      const id = await world.start({ items: [item([c, 'a'], [c, 'b'])] })
      await world.lease(id)
      const { told } = gathered(world)
      world.clock.advance(LEASE_MS)
      await world.next(id, 'w2')
      expect(told.flatMap(work => work.takeovers)).toEqual([{ job: id, chunk: 0, worker: 'w1' }])
      await world.work(id)
    })

    it('knows what waits, by its state, and since when', async () => {
      const c = await world.collection()
      await world.put(c, 'a')
      const before = await world.ledger.backlog()
      const submittedAt = world.clock.now()
      const items = [item([c, 'a'], [c, 'b'])]
      const [waiting, running, paused] = [await world.start({ items }), await world.start({ items }), await world.start({ items })]
      const resolving = await world.start({ select: [{ source: { collection: c }, destination: { collection: c, prefix: 'x/' } }] })
      const arriving = (await world.submit({ ...USUAL, sealed: false })).job.id
      world.clock.advance(1_000)
      const lease = await world.lease(running)
      await world.ledger.pause(paused)
      expect(await world.next(resolving)).toEqual({ do: 'resolve' })
      const now = await world.ledger.backlog()
      expect(more(before, now)).toEqual({ submitted: 1, resolving: 1, running: 1, paused: 1 })
      expect(now.oldestWaiting).toBe(before.oldestWaiting ?? submittedAt)
      await world.ledger.applyChunk(lease, [])
      await world.ledger.resume(paused)
      await world.ledger.dropUnsealed(arriving)
      for (const id of [waiting, paused, resolving]) await world.work(id)
      expect(more(before, await world.ledger.backlog())).toEqual({ submitted: 0, resolving: 0, running: 0, paused: 0 })
    })

    it('knows how many uploads in parts are under way', async () => {
      const c = await world.collection()
      const { uploads } = await world.ledger.backlog()
      const [one, other] = [crypto.randomUUID(), crypto.randomUUID()]
      for (const id of [one, other]) {
        await world.ledger.createUpload({
          ...{ id, collection: c, path: id, size: 1, partSize: 1, mediaType: 'text/plain', fields: null, conditions: {}, startedBy: 'alice' },
          ttlMs: 60_000,
        })
      }
      expect((await world.ledger.backlog()).uploads - uploads).toBe(2)
      await world.ledger.abortUpload(one)
      expect((await world.ledger.backlog()).uploads - uploads).toBe(1)
      world.clock.advance(60_000)
      expect((await world.ledger.backlog()).uploads - uploads).toBeLessThanOrEqual(0)
    })
  })
}
