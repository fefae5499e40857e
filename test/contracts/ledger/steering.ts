import { describe, expect, it } from 'vitest'
import type { SubmitItem } from '../../../src/model/job.ts'
import { twoChunks } from './life.ts'
import { item, LEASE_MS, refusal, type World } from './world.ts'

export function steeringContract(world: World): void {
  const copies = (c: string, ...paths: string[]): SubmitItem[] => paths.map(path => item([c, path], [c, `copy/${path}`]))

  async function withFiles(...paths: string[]): Promise<string> {
    const c = await world.collection()
    for (const path of paths) await world.put(c, path)
    return c
  }

  describe('cancel', () => {
    it('of a submitted job leaves nothing done', async () => {
      const c = await withFiles('a')
      const id = await twoChunks(world, copies(c, 'a'), copies(c, 'b'))
      expect(await world.ledger.cancel(id)).toMatchObject({ state: 'submitted', cancelling: true })
      expect(await world.ledger.cancel(id), 'idempotent').toMatchObject({ cancelling: true })
      const job = await world.work(id)
      expect(job).toMatchObject({ state: 'finished', outcome: 'cancelled', cancelling: false, counts: { cancelled: 2, done: 0 } })
      expect(await world.firstItem(id)).toMatchObject({ state: 'cancelled', attempts: 0, reason: null, finishedAt: world.clock.now() })
      expect(await world.versions(c, 'copy/a')).toEqual([])
      expect(await world.ledger.cancel(id), 'idempotent').toEqual(job)
    })

    it('of a running job keeps what is done, and cancels also the chunk that is being worked on', async () => {
      const c = await withFiles('a', 'b')
      const id = await twoChunks(world, copies(c, 'a'), copies(c, 'b'))
      await world.ledger.applyChunk(await world.lease(id), [])
      const lease = await world.lease(id)
      await world.ledger.cancel(id)
      await world.assertCounters(id)
      await world.ledger.applyChunk(lease, [])
      expect(await world.job(id)).toMatchObject({ state: 'finished', outcome: 'cancelled', counts: { done: 1, cancelled: 1 } })
      expect(await world.listing(c)).toEqual(['a', 'b', 'copy/a'])
    })

    it('of a paused job goes through', async () => {
      const c = await withFiles('a')
      const id = await world.start({ items: copies(c, 'a') })
      await world.ledger.pause(id)
      expect(await world.ledger.cancel(id)).toMatchObject({ paused: false, cancelling: true })
      expect(await world.ledger.pause(id), 'a job on its way out is not held up').toMatchObject({ paused: false })
      expect(await world.work(id)).toMatchObject({ outcome: 'cancelled' })
    })

    it('while selections are being resolved ends them', async () => {
      const c = await withFiles('a')
      const select = [{ source: { collection: c }, destination: { collection: c, prefix: 'x/' } }]
      const untouched = await world.start({ select })
      await world.ledger.cancel(untouched)
      expect(await world.work(untouched)).toMatchObject({ outcome: 'cancelled', discovering: false, counts: { total: 0 } })
      const mixed = await world.start({ select, items: copies(c, 'a') })
      expect(await world.next(mixed)).toEqual({ do: 'resolve' })
      await world.ledger.cancel(mixed)
      expect(await world.work(mixed)).toMatchObject({ outcome: 'cancelled', counts: { total: 1, cancelled: 1 } })
    })

    it('of a finished job is refused', async () => {
      const c = await withFiles('a')
      const { id } = await world.run({ items: copies(c, 'a') })
      await refusal(world.ledger.cancel(id), 'job_finished')
    })
  })

  describe('pause and resume', () => {
    it('hold a job up and let it go on; both are idempotent', async () => {
      const c = await withFiles('a')
      const id = await twoChunks(world, copies(c, 'a'), copies(c, 'b'))
      const lease = await world.lease(id)
      expect(await world.ledger.pause(id)).toMatchObject({ paused: true, state: 'running' })
      const { change } = await world.ledger.pause(id)
      expect((await world.ledger.pause(id)).change).toBe(change)
      expect(await world.next(id)).toEqual({ do: 'nothing' })
      await world.ledger.applyChunk(lease, [])
      expect(await world.job(id), 'what was under way ends').toMatchObject({ paused: true, counts: { done: 1, pending: 1 } })
      await world.ledger.resume(id)
      expect(await world.ledger.resume(id)).toMatchObject({ paused: false })
      expect(await world.work(id)).toMatchObject({ state: 'finished', outcome: 'partial' })
    })

    it('hold up resolving, too', async () => {
      const c = await withFiles('a')
      const id = await world.start({ select: [{ source: { collection: c }, destination: { collection: c, prefix: 'x/' } }] })
      await world.ledger.pause(id)
      expect(await world.next(id)).toEqual({ do: 'nothing' })
      await world.ledger.resume(id)
      expect(await world.work(id)).toMatchObject({ outcome: 'succeeded' })
    })

    it('of a finished job are refused, and a finished job is never paused', async () => {
      const c = await withFiles('a')
      const id = await world.start({ items: copies(c, 'a') })
      const lease = await world.lease(id)
      await world.ledger.pause(id)
      await world.ledger.applyChunk(lease, [])
      expect(await world.job(id)).toMatchObject({ state: 'finished', paused: false })
      await refusal(world.ledger.pause(id), 'job_finished')
      await refusal(world.ledger.resume(id), 'job_finished')
    })
  })

  describe('retry', () => {
    it('is a new attempt of just those items', async () => {
      const c = await withFiles('a')
      const id = await twoChunks(world, copies(c, 'a', 'b'), copies(c, 'c'))
      expect(await world.work(id)).toMatchObject({ outcome: 'partial', counts: { done: 1, failed: 2 } })
      for (const path of ['b', 'c']) await world.put(c, path)
      world.clock.advance(1000)
      expect(await world.ledger.retry(id, ['failed'])).toMatchObject({
        state: 'running',
        outcome: null,
        finishedAt: null,
        expiresAt: null,
        counts: { total: 3, pending: 2, done: 1, failed: 0 },
      })
      await world.assertCounters(id)
      expect((await world.items(id))[1]).toMatchObject({ state: 'pending', reason: null, attempts: 1, startedAt: null, finishedAt: null })
      expect(await world.work(id)).toMatchObject({ outcome: 'succeeded', counts: { done: 3 }, bytesDone: 3, finishedAt: world.clock.now() })
      expect((await world.items(id)).map(({ attempts }) => attempts)).toEqual([1, 2, 2])
      expect(await world.versions(c, 'copy/a'), 'what was done is not done again').toEqual(['1'])
    })

    it('takes the states asked for and leaves the others', async () => {
      const c = await withFiles('a', 'taken')
      await world.put(c, 'copy/taken')
      const stale = { source: { collection: c, path: 'a', ifMatch: 'f'.repeat(32) }, destination: { collection: c, path: 'x' } }
      const { id } = await world.run({ conflict: 'skip', items: [...copies(c, 'missing', 'taken'), stale] })
      expect((await world.job(id)).counts).toMatchObject({ failed: 1, skipped: 1, evicted: 1 })
      for (const states of [['evicted'], ['failed', 'skipped'], ['failed', 'evicted', 'skipped', 'cancelled']] as const) {
        const { counts } = await world.ledger.retry(id, states)
        expect(counts.pending).toBe(states.filter(state => state !== ('cancelled' as string)).length)
        expect((await world.work(id)).counts).toMatchObject({ failed: 1, skipped: 1, evicted: 1 })
      }
      expect((await world.items(id)).map(({ attempts }) => attempts)).toEqual([3, 3, 3])
    })

    it('with nothing to wake changes nothing, not even when asked twice at once', async () => {
      const c = await withFiles('a')
      const { id } = await world.run({ items: copies(c, 'a', 'b') })
      const before = await world.job(id)
      expect(await world.ledger.retry(id, ['cancelled', 'evicted'])).toEqual(before)
      expect(await world.ledger.retry(id, ['pending', 'running', 'done']), 'what is done stays done').toEqual(before)
      const [first, second] = await Promise.all([world.ledger.retry(id, ['failed']), world.ledger.retry(id, ['failed'])])
      expect(first.counts).toEqual(second.counts)
      await world.assertCounters(id)
      expect(await world.work(id)).toMatchObject({ counts: { done: 1, failed: 1 } })
    })

    it('of a job of very many chunks wakes every item, and with nothing to wake changes nothing', async () => {
      const c = await withFiles('a')
      const { job } = await world.submit({ sealed: false })
      const n = 1_100
      await Promise.all(Array.from({ length: n }, (_, index) => world.ledger.appendItems(job.id, copies(c, index % 2 === 0 ? 'a' : `missing/${index}`))))
      await world.ledger.seal(job.id, null)
      const work = async (): Promise<void> => {
        for (;;) {
          const next = await world.next(job.id)
          if (next.do === 'nothing') return
          await (next.do === 'run' ? world.ledger.applyChunk(next.lease, []) : world.ledger.resolvePage(job.id))
        }
      }
      await work()
      const before = await world.job(job.id)
      expect(before).toMatchObject({ state: 'finished', counts: { done: n / 2, failed: n / 2 } })
      expect(await world.ledger.retry(job.id, ['evicted', 'cancelled'])).toEqual(before)
      await world.ledger.retry(job.id, ['failed'])
      await work()
      await world.assertCounters(job.id)
      expect((await world.items(job.id)).every(({ state, attempts }) => attempts === (state === 'failed' ? 2 : 1))).toBe(true)
      expect((await world.ledger.eventsAfter(0, 5000, job.id)).filter(({ type }) => type === 'job.finished')).toHaveLength(2)
    })

    it('of a running job leaves alone the chunk that is being worked on', async () => {
      const c = await withFiles('a')
      const id = await twoChunks(world, copies(c, 'a', 'x'), copies(c, 'b', 'y'))
      await world.ledger.applyChunk(await world.lease(id), [])
      const lease = await world.lease(id)
      const { counts } = await world.ledger.retry(id, ['failed'])
      expect(counts).toMatchObject({ pending: 1, running: 2, done: 1, failed: 0 })
      await world.assertCounters(id)
      await world.ledger.applyChunk(lease, [])
      expect(await world.work(id)).toMatchObject({ counts: { done: 1, failed: 3 } })
      world.clock.advance(LEASE_MS)
      expect(await world.work(await world.ledger.retry(id, ['failed']).then(job => job.id))).toMatchObject({ counts: { done: 1, failed: 3 } })
    })

    it('of cancelled items takes them up again; while a job is being cancelled it is refused', async () => {
      const c = await withFiles('a')
      const id = await world.start({ items: copies(c, 'a') })
      await world.ledger.cancel(id)
      await refusal(world.ledger.retry(id, ['failed']), 'job_not_finished')
      await world.work(id)
      await world.ledger.retry(id, ['cancelled'])
      expect(await world.work(id)).toMatchObject({ outcome: 'succeeded', counts: { done: 1, cancelled: 0 } })
    })

    it('of an expired job is refused, as are all other steps', async () => {
      const c = await withFiles('a')
      const { id } = await world.run({ retentionMs: 1000, items: copies(c, 'x') })
      world.clock.advance(1000)
      await refusal(world.ledger.retry(id, ['failed']), 'job_expired')
      await refusal(world.ledger.cancel(id), 'job_expired')
      await refusal(world.ledger.pause(id), 'job_expired')
    })
  })
}
