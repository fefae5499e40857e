import { describe, expect, it } from 'vitest'
import type { JobEvent } from '../../../src/model/event.ts'
import type { Job } from '../../../src/model/job.ts'
import type { CommitNotice } from '../../../src/ports/ledger.ts'
import { twoChunks } from './life.ts'
import { item, LEASE_MS, type World } from './world.ts'

export function eventsContract(world: World): void {
  const of = (job: string, after = 0, limit = 100): Promise<readonly JobEvent[]> => world.ledger.eventsAfter(after, limit, job)

  describe('events', () => {
    it('tell of a job in the order of its commits, each with a number that grows', async () => {
      const c = await world.collection()
      await world.put(c, 'a')
      const before = await world.ledger.lastEvent()
      const id = await world.start({
        label: 'nightly',
        items: [
          item([c, 'a'], [c, 'b']),
          item([c, 'missing'], [c, 'x']),
          { source: { collection: c, path: 'a', version: 9 }, destination: { collection: c, path: 'y' } },
        ],
      })
      const submittedAt = world.clock.now()
      world.clock.advance(1000)
      const { counts } = await world.work(id)
      const events = await of(id)
      expect(events.map(({ type }) => type)).toEqual(['job.submitted', 'job.resolved', 'item.failed', 'item.evicted', 'job.finished'])
      const items = await world.items(id)
      expect(events.map(({ data }) => data)).toEqual([
        { kind: 'copy', label: 'nightly' },
        { total: 3 },
        { seq: 1, source: { collection: c, path: 'missing' }, destination: { collection: c, path: 'x' }, reason: items[1]?.reason },
        { seq: 2, source: { collection: c, path: 'a' }, destination: { collection: c, path: 'y' }, reason: items[2]?.reason },
        { outcome: 'partial', counts },
      ])
      expect(events.every(({ job }) => job === id)).toBe(true)
      expect(events.map(({ at }) => at - submittedAt)).toEqual([0, 1000, 1000, 1000, 1000])
      const ids = events.map(event => event.id)
      expect(ids).toEqual([...new Set(ids)].sort((a, b) => a - b))
      expect(ids[0]).toBeGreaterThan(before)
      expect(await world.ledger.lastEvent()).toBe(ids.at(-1))
    })

    it('are read on from any of them, of one job or of all', async () => {
      const c = await world.collection()
      const start = await world.ledger.lastEvent()
      const [one, two] = [await world.start({ items: [item([c, 'a'], [c, 'b'])] }), await world.start({ items: [item([c, 'a'], [c, 'b'])] })]
      await world.work(two)
      await world.work(one)
      const every = await world.ledger.eventsAfter(start, 100)
      expect(every.map(({ job, type }) => [job === one ? 1 : 2, type])).toEqual([
        [1, 'job.submitted'],
        [2, 'job.submitted'],
        [2, 'job.resolved'],
        [2, 'item.failed'],
        [2, 'job.finished'],
        [1, 'job.resolved'],
        [1, 'item.failed'],
        [1, 'job.finished'],
      ])
      const read: JobEvent[] = []
      for (let page = await of(two, 0, 1); page.length > 0; page = await of(two, read.at(-1)?.id, 1)) read.push(...page)
      expect(read).toEqual(every.filter(({ job }) => job === two))
      expect(await of(two, read.at(-1)?.id)).toEqual([])
    })

    it('are sent once for a job of many chunks, and again for a retry', async () => {
      const c = await world.collection()
      const id = await twoChunks(world, [item([c, 'a'], [c, 'x'])], [item([c, 'b'], [c, 'y'])])
      await world.work(id)
      await world.ledger.retry(id, ['failed'])
      await world.work(id)
      const attempt = ['item.failed', 'item.failed', 'job.finished']
      expect((await of(id)).map(({ type }) => type)).toEqual(['job.submitted', 'job.resolved', ...attempt, ...attempt])
    })

    it('are written with what they tell of, or not at all', async () => {
      const c = await world.collection()
      const id = await world.start({ items: [item([c, 'a'], [c, 'x'])] })
      const stale = await world.lease(id)
      world.clock.advance(LEASE_MS)
      await world.lease(id)
      await world.ledger.applyChunk(stale, []).then(
        () => expect.fail('a stale lease counted'),
        (error: unknown) => expect(error).toMatchObject({ code: 'stale_lease' }),
      )
      expect((await of(id)).map(({ type }) => type)).toEqual(['job.submitted', 'job.resolved'])
    })
  })

  describe('notices of commits', () => {
    it('name the jobs that changed, after the change can be read; refused calls give none', async () => {
      const c = await world.collection()
      const notices: CommitNotice[] = []
      const seen: Promise<Job | null>[] = []
      const stop = world.ledger.onCommit(notice => {
        notices.push(notice)
        for (const job of notice.jobs) seen.push(world.ledger.job(job))
      })
      /** What was read at the n-th notice: before anything else is done, which such a read may see, too. */
      const seenAt = async (n: number): Promise<Job | null | undefined> => {
        await expect.poll(() => seen.length).toBe(n)
        return seen[n - 1]
      }
      const id = await world.start({ items: [item([c, 'a'], [c, 'b'])] })
      expect(await seenAt(1)).toMatchObject({ paused: false })
      await world.ledger.pause(id)
      expect(await seenAt(2)).toMatchObject({ paused: true })
      await world.ledger.cancel('01890000-0000-7000-8000-000000000000').catch((error: unknown) => expect(error).toMatchObject({ code: 'job_not_found' }))
      await world.put(c, 'b')
      stop()
      await world.ledger.resume(id)
      expect(notices.map(({ jobs }) => jobs)).toEqual([[id], [id]])
      expect(notices[0]?.lastEvent).toBe((await of(id))[0]?.id)
    })
  })
}
