import { randomUUID } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { twoChunks } from './life.ts'
import { DAY_MS, HOUR_MS, item, LEASE_MS, newJob, refusal, type World } from './world.ts'

export function upkeepContract(world: World): void {
  async function purgeAll(batch = 1000): Promise<void> {
    while ((await world.ledger.purge(batch)) > 0);
  }

  describe('a lease whose worker went silent', () => {
    it('is taken over, also when the clock was set back meanwhile', async () => {
      const c = await world.collection()
      const id = await world.start({ items: [item([c, 'a'], [c, 'b'])] })
      const silent = await world.lease(id)
      world.clock.jump(-DAY_MS)
      expect((await world.lease(id)).token).toBeGreaterThan(silent.token)
      await refusal(world.ledger.applyChunk(silent, []), 'stale_lease')
      world.clock.jump(DAY_MS)
      expect((await world.work(id)).state).toBe('finished')
    })
  })

  describe('expiry', () => {
    it('ends a job when its time is over: 410 from then on, and for ever', async () => {
      const c = await world.collection()
      const job = await world.run({ items: [item([c, 'a'], [c, 'b'])], retentionMs: HOUR_MS })
      world.clock.advance(HOUR_MS - 1)
      await purgeAll()
      expect(await world.ledger.job(job.id)).toEqual(job)
      world.clock.advance(1)
      const reads = [
        () => world.ledger.job(job.id),
        () => world.ledger.job(job.number),
        () => world.ledger.items(job.id, {}, { limit: 1 }),
        () => world.ledger.snapshot(job.id),
      ]
      for (const read of reads) await refusal(read(), 'job_expired')
      await purgeAll()
      world.clock.advance(1000 * DAY_MS)
      await purgeAll()
      for (const read of reads) expect((await refusal(read(), 'job_expired')).facts.holder, 'whose it was stays known').toBe('alice')
      expect(await world.ledger.eventsAfter(0, 10, job.id)).toEqual([])
      expect(await world.ledger.administers('alice', job.id)).toBe(false)
      expect(await world.ledger.touches(job.id, c)).toBe(false)
    })

    it('purges in small batches, to the last row', async () => {
      const c = await world.collection()
      await purgeAll()
      const n = 250
      await world.run({ retentionMs: 1, items: Array.from({ length: n }, (_, index) => item([c, `missing${index}`], [c, 'b'])) })
      world.clock.advance(1)
      const batches: number[] = []
      for (let gone = await world.ledger.purge(100); gone > 0; gone = await world.ledger.purge(100)) batches.push(gone)
      expect(batches.length, 'items and events of a job go bit by bit').toBeGreaterThan(4)
      expect(Math.max(...batches)).toBeLessThan(200)
      expect(await world.ledger.purge(100)).toBe(0)
    })

    it('purges many small jobs at a time', async () => {
      const c = await world.collection()
      await purgeAll()
      const jobs = await Promise.all(Array.from({ length: 60 }, () => world.start({ retentionMs: 1, items: [item([c, 'missing'], [c, 'b'])] })))
      for (const job of jobs) await world.work(job)
      world.clock.advance(1)
      let calls = 0
      while ((await world.ledger.purge(1_000)) > 0) calls += 1
      expect(calls).toBeLessThan(10)
      for (const job of jobs) await refusal(world.ledger.job(job), 'job_expired')
      expect((await world.ledger.jobs({ visibleTo: 'alice', collection: c }, { limit: 10 })).items).toEqual([])
    })

    it('ends a job for good that is half purged when the clock is set back', async () => {
      const c = await world.collection()
      await purgeAll()
      const job = await world.run({ retentionMs: HOUR_MS, items: Array.from({ length: 250 }, (_, index) => item([c, `missing${index}`], [c, 'b'])) })
      world.clock.advance(HOUR_MS)
      await world.ledger.purge(100)
      world.clock.jump(-HOUR_MS)
      await refusal(world.ledger.job(job.id), 'job_expired')
      await purgeAll()
      world.clock.jump(HOUR_MS)
    })

    it('leaves alone what has not expired: running jobs, jobs that were retried', async () => {
      const c = await world.collection()
      const running = await world.start({ items: [item([c, 'a'], [c, 'b'])], retentionMs: 1 })
      const { id } = await world.run({ items: [item([c, 'a'], [c, 'b'])], retentionMs: HOUR_MS })
      await world.ledger.retry(id, ['failed'])
      world.clock.advance(DAY_MS)
      await purgeAll()
      expect((await world.job(running)).counts.total).toBe(1)
      const again = await world.work(id)
      expect(again.expiresAt).toBe(world.clock.now() + HOUR_MS)
    })

    it('keeps entries that a purged job made', async () => {
      const c = await world.collection()
      await world.put(c, 'a')
      await world.run({ items: [item([c, 'a'], [c, 'b'])], retentionMs: 1 })
      world.clock.advance(DAY_MS)
      await purgeAll()
      expect(await world.listing(c)).toEqual(['a', 'b'])
    })

    it('clears away keys and locks whose time is over, and no others', async () => {
      const c = await world.collection()
      await world.ledger.acquireLock({ collection: c, path: 'old', holder: 'bob', reason: null, ttlMs: 1000 })
      world.clock.advance(1000)
      await world.ledger.acquireLock({ collection: c, path: 'new', holder: 'bob', reason: null, ttlMs: 1000 })
      const key = randomUUID()
      await world.submit({ key, items: [item([c, 'a'], [c, 'b'])] })
      await purgeAll()
      expect(await world.ledger.idempotent('alice', key)).not.toBeNull()
      expect(await world.ledger.locksOver(c, 'new')).toHaveLength(1)
      world.clock.advance(DAY_MS)
      await purgeAll()
      expect(await world.ledger.idempotent('alice', key)).toBeNull()
    })
  })

  describe('after a crash', () => {
    it('lists what is sealed and unfinished, page by page', async () => {
      const c = await world.collection()
      const wishes = [0, 1, 2].map(n => ({ by: `s${n}-${randomUUID()}`, priority: n + 1, items: [item([c, 'a'], [c, 'b'])] }))
      const ids: string[] = []
      for (const wish of wishes) ids.push(await world.start(wish))
      const finished = await world.run({ items: [item([c, 'a'], [c, 'b'])] })
      const unsealed = await world.submit({ sealed: false })
      await world.ledger.pause(ids[1] ?? '')
      const found: Awaited<ReturnType<typeof world.ledger.unfinished>>[number][] = []
      let after = 0
      for (;;) {
        const page = await world.ledger.unfinished(after, 2)
        expect(page.length).toBeLessThanOrEqual(2)
        found.push(...page)
        const last = page.at(-1)
        if (last === undefined) break
        after = last.position
      }
      const own = found.filter(({ job }) => ids.includes(job)).map(({ job, tenant, priority }) => ({ job, tenant, priority }))
      expect(own).toEqual(ids.map((job, n) => ({ job, tenant: wishes[n]?.by, priority: n + 1 })))
      expect(found.map(({ job }) => job)).not.toContain(finished.id)
      expect(found.map(({ job }) => job)).not.toContain(unsealed.job.id)
      await world.ledger.dropUnsealed(unsealed.job.id)
    })

    it('frees the leases of who is gone, and forgets what was still arriving there', async () => {
      const c = await world.collection()
      await world.put(c, 'a')
      const id = await twoChunks(world, [item([c, 'a'], [c, 'x'])], [item([c, 'a'], [c, 'y'])])
      await world.ledger.applyChunk(await world.lease(id), [])
      const gone = await world.another()
      const lost = await gone.nextWork(id, 'gone', LEASE_MS)
      if (lost.do !== 'run') throw new Error('there was nothing to lease')
      const key = randomUUID()
      const arriving = newJob({ sealed: false, key, fingerprint: null })
      await gone.createJob(arriving)
      await gone.appendItems(arriving.id, [item([c, 'a'], [c, 'z'])])
      await gone.close()
      world.clock.advance(LEASE_MS)
      await world.ledger.recover()
      await world.assertCounters(id)
      expect((await world.job(id)).counts).toMatchObject({ done: 1, pending: 1, running: 0 })
      await refusal(world.ledger.applyChunk(lost.lease, []), 'stale_lease')
      expect(await world.work(id)).toMatchObject({ outcome: 'succeeded' })
      expect(await world.versions(c, 'y')).toEqual(['1'])
      expect(await world.ledger.idempotent('alice', key)).toBeNull()
      await refusal(world.ledger.seal(arriving.id, 'x'), 'job_not_found')
      await purgeAll()
      await refusal(world.ledger.seal(arriving.id, 'x'), 'job_not_found')
      await world.ledger.recover()
    })

    it('goes on resolving where it was', async () => {
      const c = await world.collection()
      await world.put(c, 'seed')
      await world.run({ items: Array.from({ length: 2_500 }, (_, n) => item([c, 'seed'], [c, `in/${n}`])) })
      const id = await world.start({ kind: 'delete', select: [{ source: { collection: c, prefix: 'in/' } }] })
      await world.next(id)
      await world.ledger.resolvePage(id)
      await world.ledger.recover()
      expect(await world.work(id)).toMatchObject({ outcome: 'succeeded', counts: { total: 2_500, done: 2_500 } })
      expect(await world.listing(c)).toEqual(['seed'])
    })
  })
}
