import { describe, expect, it } from 'vitest'
import type { SubmitItem } from '../../../src/model/job.ts'
import { item, LEASE_MS, refusal, type World } from './world.ts'

/** A job of two chunks: a manifest of two batches. */
export async function twoChunks(world: World, first: readonly SubmitItem[], second: readonly SubmitItem[], kind: 'copy' | 'delete' = 'copy'): Promise<string> {
  const { job } = await world.submit({ sealed: false, kind })
  await world.ledger.appendItems(job.id, first)
  await world.ledger.appendItems(job.id, second)
  await world.ledger.seal(job.id, null)
  return job.id
}

export function lifeContract(world: World): void {
  const copies = (c: string, ...paths: string[]): SubmitItem[] => paths.map(path => item([c, path], [c, `copy/${path}`]))

  describe('the life of a job', () => {
    it('goes submitted, resolving, running, finished, in this order', async () => {
      const c = await world.collection()
      await world.put(c, 'a')
      const id = await world.start({ select: [{ source: { collection: c }, destination: { collection: c, prefix: 'x/' } }] })
      expect(await world.job(id)).toMatchObject({ state: 'submitted', discovering: true, startedAt: null })
      world.clock.advance(1)
      expect(await world.next(id)).toEqual({ do: 'resolve' })
      expect(await world.job(id)).toMatchObject({ state: 'resolving', discovering: true, startedAt: null })
      await world.ledger.resolvePage(id)
      expect(await world.job(id)).toMatchObject({ state: 'running', discovering: false, startedAt: world.clock.now(), counts: { total: 1, pending: 1 } })
      world.clock.advance(1)
      const lease = await world.lease(id)
      expect(await world.job(id)).toMatchObject({ state: 'running', counts: { pending: 0, running: 1 } })
      expect(await world.next(id), 'all chunks are held').toEqual({ do: 'nothing' })
      world.clock.advance(1)
      expect(await world.ledger.applyChunk(lease, [])).toBe(false)
      const now = world.clock.now()
      const finished = await world.job(id)
      expect(finished).toMatchObject({ state: 'finished', outcome: 'succeeded', startedAt: now - 2, finishedAt: now, bytesDone: 1, bytesTotal: 1 })
      expect(finished.expiresAt).toBe(now + finished.retentionMs)
      expect(await world.firstItem(id)).toMatchObject({ state: 'done', attempts: 1, startedAt: now - 1, finishedAt: now, bytes: 1 })
      expect(await world.next(id)).toEqual({ do: 'nothing' })
    })

    it('without selections goes from submitted to running with its first lease', async () => {
      const c = await world.collection()
      const id = await world.start({ items: copies(c, 'a') })
      const work = await world.next(id)
      expect(work).toMatchObject({ do: 'run', lease: { job: id, chunk: 0, firstSeq: 0, lastSeq: 0, worker: 'w1', kind: 'copy', verify: false } })
      expect(await world.job(id)).toMatchObject({ state: 'running', startedAt: world.clock.now() })
    })

    it('changes its entity tag with everything that can be seen of it', async () => {
      const c = await world.collection()
      const id = await world.start({ items: copies(c, 'a') })
      const seen = new Set<number>()
      const look = async (): Promise<void> => {
        const { change } = await world.job(id)
        expect(seen.has(change)).toBe(false)
        seen.add(change)
      }
      await look()
      for (const step of [
        () => world.ledger.pause(id),
        () => world.ledger.resume(id),
        () => world.next(id),
        async () => world.ledger.cancel(id),
        async () => {
          world.clock.advance(LEASE_MS)
          await world.ledger.applyChunk(await world.lease(id), [])
        },
        () => world.ledger.retry(id, ['cancelled']),
        async () => world.ledger.applyChunk(await world.lease(id), []),
      ]) {
        await step()
        await look()
      }
    })

    it('says while chunks are left whether items wait', async () => {
      const c = await world.collection()
      const id = await twoChunks(world, copies(c, 'a'), copies(c, 'b'))
      const [first, second] = [await world.lease(id), await world.lease(id, 'w2')]
      expect([first.chunk, second.chunk]).toEqual([0, 1])
      expect(await world.ledger.applyChunk(second, []), 'the other one is being worked on').toBe(false)
      await world.assertCounters(id)
      await world.ledger.releaseLease(first)
      expect(await world.job(id)).toMatchObject({ counts: { pending: 1, running: 0, failed: 1 } })
      expect(await world.ledger.applyChunk(await world.lease(id), [])).toBe(false)
      expect(await world.job(id)).toMatchObject({ state: 'finished', outcome: 'failed' })
    })

    it('of an unknown job has nothing to do, and nothing can be done to it', async () => {
      const id = '01890000-0000-7000-8000-000000000000'
      expect(await world.next(id)).toEqual({ do: 'nothing' })
      await refusal(world.ledger.cancel(id), 'job_not_found')
      await refusal(world.ledger.pause(id), 'job_not_found')
      await refusal(world.ledger.resume(id), 'job_not_found')
      await refusal(world.ledger.retry(id, ['failed']), 'job_not_found')
    })
  })

  describe('leases', () => {
    it('keep a chunk from others until they end; then it is taken over with a higher token', async () => {
      const c = await world.collection()
      await world.put(c, 'a')
      const id = await world.start({ items: copies(c, 'a') })
      const first = await world.lease(id)
      expect(first.expiresAt).toBe(world.clock.now() + LEASE_MS)
      world.clock.advance(LEASE_MS - 1)
      expect(await world.next(id, 'w2')).toEqual({ do: 'nothing' })
      world.clock.advance(1)
      const second = await world.lease(id, 'w2')
      expect(second).toMatchObject({ chunk: first.chunk, worker: 'w2' })
      expect(second.token).toBeGreaterThan(first.token)
      await world.assertCounters(id)
      for (const call of [
        () => world.ledger.applyChunk(first, []),
        () => world.ledger.renewLease(first, LEASE_MS),
        () => world.ledger.releaseLease(first),
        () => world.ledger.chunkBlobs(first),
      ]) {
        await refusal(call(), 'stale_lease')
        expect(await world.versions(c, 'copy/a'), 'nothing is written').toEqual([])
        expect((await world.job(id)).counts).toMatchObject({ running: 1, done: 0 })
      }
      await world.ledger.applyChunk(second, [])
      await refusal(world.ledger.applyChunk(second, []), 'stale_lease')
      await refusal(world.ledger.renewLease(second, LEASE_MS), 'stale_lease')
      await refusal(world.ledger.releaseLease(second), 'stale_lease')
      expect(await world.versions(c, 'copy/a'), 'one request, one version (I6)').toEqual(['1'])
    })

    it('that ran out but were not taken over still count', async () => {
      const c = await world.collection()
      await world.put(c, 'a')
      const id = await world.start({ items: copies(c, 'a') })
      const lease = await world.lease(id)
      world.clock.advance(10 * LEASE_MS)
      await world.ledger.applyChunk(lease, [])
      expect(await world.job(id)).toMatchObject({ state: 'finished', outcome: 'succeeded' })
    })

    it('are renewed from now on', async () => {
      const c = await world.collection()
      const id = await world.start({ items: copies(c, 'a') })
      const lease = await world.lease(id)
      world.clock.advance(LEASE_MS / 2)
      await world.ledger.renewLease(lease, LEASE_MS)
      world.clock.advance(LEASE_MS - 1)
      expect(await world.next(id)).toEqual({ do: 'nothing' })
      world.clock.advance(1)
      expect((await world.lease(id)).token).toBeGreaterThan(lease.token)
    })

    it('given back put the items where they were; the next lease outdates them', async () => {
      const c = await world.collection()
      const id = await world.start({ items: copies(c, 'a', 'b') })
      const first = await world.lease(id)
      await world.assertCounters(id)
      await world.ledger.releaseLease(first)
      await world.assertCounters(id)
      expect((await world.job(id)).counts).toMatchObject({ pending: 2, running: 0 })
      expect(await world.firstItem(id)).toMatchObject({ state: 'pending', startedAt: null })
      await refusal(world.ledger.releaseLease(first), 'stale_lease')
      const second = await world.lease(id)
      expect(second.token).toBeGreaterThan(first.token)
      await refusal(world.ledger.applyChunk(first, []), 'stale_lease')
    })

    it('of another chunk or job are good for theirs alone', async () => {
      const c = await world.collection()
      const [one, two] = [await world.start({ items: copies(c, 'a') }), await world.start({ items: copies(c, 'a') })]
      const lease = await world.lease(one)
      await refusal(world.ledger.applyChunk({ ...lease, job: two }, []), 'stale_lease')
      await refusal(world.ledger.applyChunk({ ...lease, chunk: 7 }, []), 'stale_lease')
      await refusal(world.ledger.applyChunk({ ...lease, token: lease.token + 1 }, []), 'stale_lease')
    })

    it('tell the blobs that their items would read', async () => {
      const c = await world.collection()
      const [a, b] = [await world.put(c, 'a', 'same'), await world.put(c, 'b', 'same')]
      await world.put(c, 'gone')
      await world.ledger.removeEntry({ collection: c, path: 'gone', subject: 'alice' })
      const other = await world.put(c, 'c', 'other')
      const id = await world.start({ verify: 'digest', items: copies(c, 'a', 'b', 'c', 'gone', 'missing') })
      const lease = await world.lease(id)
      expect(lease.verify).toBe(true)
      expect(a.digest).toBe(b.digest)
      const blobs = await world.ledger.chunkBlobs(lease)
      expect(blobs.map(({ sha256 }) => sha256).sort()).toEqual([a.digest, other.digest].sort())
      expect(blobs.every(({ store }) => store === 'local')).toBe(true)
    })
  })
}
