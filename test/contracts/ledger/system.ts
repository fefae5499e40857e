import { describe, expect, it } from 'vitest'
import { item, type World } from './world.ts'

export function systemContract(world: World): void {
  describe('what operators ask', () => {
    it('tells the nodes that announced themselves, while they are there', async () => {
      const node = await world.another()
      const description = { host: 'one', pid: 7, version: '1.2.3', startedAt: 1_000 }
      const own = async (): Promise<unknown[]> =>
        (await node.nodes()).filter(({ host }) => host === 'one').map(({ id, lastSeenAt, ...rest }) => ({ ...rest, seen: lastSeenAt > 0, id: id.length }))
      expect(await own(), 'one that only reads, or administers, is none').toEqual([])
      await node.announce(description)
      expect(await own()).toEqual([{ ...description, self: true, seen: true, id: 36 }])
      await node.close()
      expect((await world.ledger.nodes()).map(({ host }) => host)).not.toContain('one')
    })

    it('counts the jobs that wait and those that run, of which paused ones are neither', async () => {
      const c = await world.collection()
      const before = await world.ledger.queueFigures()
      const wish = { items: [item([c, 'a'], [c, 'b'])] }
      const change = async (): Promise<readonly [number, number]> => {
        const { waitingJobs, runningJobs } = await world.ledger.queueFigures()
        return [waitingJobs - before.waitingJobs, runningJobs - before.runningJobs]
      }
      const [first, second] = [await world.start(wish), await world.start(wish)]
      const arriving = await world.submit({ sealed: false })
      expect(await change(), 'nobody was told of one that is still arriving').toEqual([2, 0])
      await world.lease(first)
      expect(await change()).toEqual([1, 1])
      await world.ledger.pause(first)
      await world.ledger.pause(second)
      expect(await change()).toEqual([0, 0])
      await world.ledger.resume(first)
      await world.ledger.resume(second)
      await world.ledger.dropUnsealed(arriving.job.id)
      await world.work(second)
      expect(await change()).toEqual([0, 1])
      await world.ledger.cancel(first)
    })

    it('tells since when the oldest job waits', async () => {
      const c = await world.collection()
      const waiting = await world.start({ items: [item([c, 'a'], [c, 'b'])] })
      const since = (await world.job(waiting)).createdAt
      world.clock.advance(5_000)
      const later = await world.start({ items: [item([c, 'a'], [c, 'b'])] })
      const { oldestWaitingAt, exact } = await world.ledger.queueFigures()
      expect(oldestWaitingAt).toBeLessThanOrEqual(since)
      expect(exact).toBe(true)
      for (const id of [waiting, later]) await world.work(id)
      expect((await world.ledger.queueFigures()).oldestWaitingAt).not.toBe(since)
    })
  })
}
