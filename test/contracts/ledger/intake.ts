import { randomUUID } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { DAY_MS, HOUR_MS, item, newJob, refusal, USUAL, type World } from './world.ts'

export function intakeContract(world: World): void {
  describe('jobs coming in', () => {
    it('show what they were asked to do, found by id and by number', async () => {
      const c = await world.collection()
      await world.put(c, 'a', 'four')
      const options = {
        ...USUAL,
        kind: 'move',
        conflict: 'rename',
        verify: 'digest',
        dryRun: true,
        priority: 9,
        label: 'nightly',
        dialect: 'apollo',
        retentionMs: 5,
      } as const
      const wish = newJob({ ...options, items: [item([c, 'a'], [c, 'b']), item([c, 'missing'], [c])] })
      const { job, replayed } = await world.ledger.createJob(wish)
      const now = world.clock.now()
      expect(replayed).toBe(false)
      expect(job).toEqual({
        ...options,
        ordered: false,
        id: wish.id,
        number: String(wish.number),
        state: 'submitted',
        paused: false,
        cancelling: false,
        outcome: null,
        counts: { total: 2, pending: 2, running: 0, done: 0, skipped: 0, failed: 0, evicted: 0, cancelled: 0 },
        discovering: false,
        bytesTotal: 4,
        bytesDone: 0,
        submittedBy: 'alice',
        createdAt: now,
        startedAt: null,
        finishedAt: null,
        expiresAt: null,
        change: job.change,
      })
      expect(await world.ledger.job(wish.id)).toEqual(job)
      expect(await world.ledger.job(wish.id.toUpperCase())).toEqual(job)
      expect(await world.ledger.job(String(wish.number))).toEqual(job)
      for (const unknown of [randomUUID(), '1', '9999999999999999', '99999999999999999999', '9'.repeat(10_000), '', '-1', 'x', "'"]) {
        expect(await world.ledger.job(unknown), unknown).toBeNull()
        expect(await world.ledger.snapshot(unknown), unknown).toBeNull()
      }
    })

    it('keep their items as given, in order; the destination path defaults to the source path', async () => {
      const c = await world.collection()
      const d = await world.collection()
      const revision = 'a'.repeat(32)
      const id = await world.start({
        items: [
          { source: { collection: c, path: 'ü/1', ifMatch: revision }, destination: { collection: d, ifNoneMatch: '*' } },
          { source: { collection: c, path: '2', version: 7 }, destination: { collection: c, path: 'x "2"', ifMatch: revision } },
        ],
      })
      const none = { entityId: null, version: null, revision: null }
      const untouched = { fields: null, state: 'pending', attempts: 0, bytes: 0, reason: null, startedAt: null, finishedAt: null }
      expect(await world.items(id)).toEqual([
        { seq: 0, source: { collection: c, path: 'ü/1', ...none }, destination: { collection: d, path: 'ü/1', ...none }, ...untouched },
        { seq: 1, source: { collection: c, path: '2', ...none }, destination: { collection: c, path: 'x "2"', ...none }, ...untouched },
      ])
      const update = await world.start({ kind: 'update', items: [item([c, 'a'], undefined, { fields: { x: [1, null] } })] })
      expect(await world.firstItem(update)).toMatchObject({ destination: null, fields: { x: [1, null] } })
    })

    it('of many items are stored whole, in one call', async () => {
      const c = await world.collection()
      const n = 4_500
      const id = await world.start({ kind: 'delete', items: Array.from({ length: n }, (_, index) => item([c, `f${index}`])) })
      const items = await world.items(id)
      expect(items.map(({ seq, source }) => [seq, source.path])).toEqual(Array.from({ length: n }, (_, index) => [index, `f${index}`]))
      await world.assertCounters(id)
    })
  })

  describe('manifests', () => {
    it('are invisible and never run until they are sealed, then run whole', async () => {
      const c = await world.collection()
      await world.put(c, 'a')
      const { job } = await world.submit({ sealed: false })
      await world.ledger.appendItems(job.id, [item([c, 'a'], [c, 'b']), item([c, 'a'], [c, 'c'])])
      await world.ledger.appendItems(job.id, [item([c, 'a'], [c, 'd'])])
      expect(await world.next(job.id)).toEqual({ do: 'nothing' })
      expect(await world.ledger.job(job.id)).toBeNull()
      expect(await world.ledger.snapshot(job.id)).toBeNull()
      expect(await world.ledger.items(job.id, {}, { limit: 10 })).toEqual({ items: [], nextCursor: null })
      expect((await world.ledger.jobs({ visibleTo: 'alice', collection: c }, { limit: 10 })).items).toEqual([])
      expect(await world.ledger.eventsAfter(0, 10, job.id)).toEqual([])
      const sealed = await world.ledger.seal(job.id, null)
      expect(sealed).toMatchObject({ state: 'submitted', discovering: false, counts: { total: 3, pending: 3 }, bytesTotal: 3 })
      expect(await world.work(job.id)).toMatchObject({ outcome: 'succeeded', counts: { done: 3 } })
      expect((await world.items(job.id)).map(({ seq, destination }) => [seq, destination?.path])).toEqual([
        [0, 'b'],
        [1, 'c'],
        [2, 'd'],
      ])
    })

    it('that are dropped leave nothing, and sealed ones stay', async () => {
      const c = await world.collection()
      const key = randomUUID()
      const { job } = await world.submit({ sealed: false, key, fingerprint: null })
      await world.ledger.appendItems(job.id, [item([c, 'a'], [c, 'b'])])
      await world.ledger.dropUnsealed(job.id)
      expect(await world.ledger.idempotent('alice', key)).toBeNull()
      expect(await world.next(job.id)).toEqual({ do: 'nothing' })
      expect(await world.ledger.job(job.id)).toBeNull()
      await refusal(world.ledger.seal(job.id, 'x'), 'job_not_found')
      await refusal(world.ledger.appendItems(job.id, []), 'job_not_found')
      await world.ledger.dropUnsealed(job.id)
      while ((await world.ledger.purge(1)) > 0);
      expect(await world.ledger.touches(job.id, c)).toBe(false)
      const kept = await world.start({ items: [item([c, 'a'], [c, 'b'])] })
      await world.ledger.dropUnsealed(kept)
      expect((await world.job(kept)).counts.total).toBe(1)
    })

    it('that name an unknown collection store nothing of that batch', async () => {
      const c = await world.collection()
      const { job } = await world.submit({ sealed: false })
      await world.ledger.appendItems(job.id, [item([c, 'a'], [c, 'b'])])
      await refusal(world.ledger.appendItems(job.id, [item([c, 'x'], [c]), item([c, 'y'], ['nowhere'])]), 'collection_not_found')
      await world.ledger.appendItems(job.id, [item([c, 'z'], [c, 'b'])])
      await world.ledger.seal(job.id, null)
      expect((await world.items(job.id)).map(({ source }) => source.path)).toEqual(['a', 'z'])
    })
  })

  describe('idempotency', () => {
    it('answers the same job for the same key and body, also at the same moment; another body is refused', async () => {
      const c = await world.collection()
      const wish = { key: randomUUID(), fingerprint: 'one', items: [item([c, 'a'], [c, 'b'])] }
      const [first, second] = await Promise.all([world.submit(wish), world.submit(wish)])
      expect([first.replayed, second.replayed].toSorted()).toEqual([false, true])
      expect(second.job).toEqual(first.job)
      await refusal(world.submit({ ...wish, fingerprint: 'two' }), 'idempotency_mismatch')
      expect((await world.submit({ ...wish, by: 'bob' })).replayed, "another subject's key is another key").toBe(false)
      expect(await world.ledger.idempotent('alice', wish.key)).toEqual({ job: first.job.id, fingerprint: 'one' })
      const finished = await world.work(first.job.id)
      expect(await world.submit(wish)).toEqual({ job: finished, replayed: true })
    })

    it('says so while the first request is still arriving; its seal completes the record', async () => {
      const c = await world.collection()
      const key = randomUUID()
      const { job } = await world.submit({ sealed: false, key, fingerprint: null })
      await refusal(world.submit({ key, fingerprint: 'x' }), 'idempotency_in_progress')
      await refusal(world.submit({ sealed: false, key, fingerprint: null }), 'idempotency_in_progress')
      expect(await world.ledger.idempotent('alice', key)).toEqual({ job: job.id, fingerprint: null })
      await world.ledger.appendItems(job.id, [item([c, 'a'], [c, 'b'])])
      await world.ledger.seal(job.id, 'whole')
      expect(await world.ledger.idempotent('alice', key)).toEqual({ job: job.id, fingerprint: 'whole' })
      expect((await world.submit({ key, fingerprint: 'whole' })).job.id).toBe(job.id)
      await refusal(world.submit({ key, fingerprint: 'other' }), 'idempotency_mismatch')
    })

    it('ends after 24 hours', async () => {
      const c = await world.collection()
      const wish = { key: randomUUID(), items: [item([c, 'a'], [c, 'b'])] }
      const { job } = await world.submit(wish)
      world.clock.advance(DAY_MS - 1)
      expect((await world.submit(wish)).replayed).toBe(true)
      world.clock.advance(1)
      expect(await world.ledger.idempotent('alice', wish.key)).toBeNull()
      const next = await world.submit({ ...wish, fingerprint: 'other' })
      expect(next.replayed).toBe(false)
      expect(next.job.id).not.toBe(job.id)
      world.clock.advance(DAY_MS - 1)
      expect((await world.submit({ ...wish, fingerprint: 'other' })).job.id, 'counted anew').toBe(next.job.id)
    })

    it('answers for a job that has expired meanwhile as any call does', async () => {
      const c = await world.collection()
      const wish = { key: randomUUID(), items: [item([c, 'a'], [c, 'b'])], retentionMs: HOUR_MS }
      const job = await world.run(wish)
      world.clock.advance(HOUR_MS)
      await refusal(world.submit(wish), 'job_expired')
      while ((await world.ledger.purge(100)) > 0);
      await refusal(world.ledger.job(job.id), 'job_expired')
      await refusal(world.submit(wish), 'job_expired')
    })

    it('is not bound to a request that was refused', async () => {
      const c = await world.collection()
      const key = randomUUID()
      await refusal(world.submit({ key, items: [item([c, 'a'], ['nowhere'])] }), 'collection_not_found')
      expect(await world.ledger.idempotent('alice', key)).toBeNull()
      expect((await world.submit({ key, fingerprint: 'other', items: [item([c, 'a'], [c, 'b'])] })).replayed).toBe(false)
    })
  })
}
