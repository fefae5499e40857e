import { randomUUID } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { sha256 } from '../../support/sha256.ts'
import { item, LEASE_MS, refusal, type World } from './world.ts'

/** Two ledgers on one storage: administration beside a server, or the next server beside one that dies. */
export function processesContract(world: World): void {
  describe('two at once', () => {
    it('see what the other has committed, at once', async () => {
      const other = await world.another()
      const c = await world.collection()
      expect(await other.collection(c)).not.toBeNull()
      await other.setGrant(c, 'bob', 'readwrite')
      expect(await world.ledger.role('bob', c)).toBe('readwrite')
      const token = { id: randomUUID(), subject: 'bob', scopes: ['read'] as const, expiresAt: null, hash: sha256(randomUUID()) }
      await other.createToken(token)
      expect((await world.ledger.token(token.hash))?.subject).toBe('bob')
      await other.revokeToken(token.id)
      expect((await world.ledger.token(token.hash))?.revokedAt).not.toBeNull()
      const lock = { collection: c, path: null, holder: 'root', reason: null, ttlMs: 1000 }
      const first = await other.acquireLock(lock)
      await refusal(world.put(c, 'a'), 'locked')
      await other.releaseLock(c, null, null)
      expect((await world.ledger.acquireLock(lock)).token).toBeGreaterThan(first.token)
      await other.close()
    })

    it('take turns at writing: nothing is lost, numbers stay in order', async () => {
      const other = await world.another()
      const c = await world.collection()
      const puts = Array.from({ length: 60 }, (_, n) => {
        const ledger = n % 2 === 0 ? world.ledger : other
        return ledger.putEntry({
          collection: c,
          path: 'a',
          subject: 'alice',
          kind: 'file',
          digest: sha256(String(n)),
          size: 1,
          mediaType: 'text/plain',
          fields: null,
        })
      })
      const versions = (await Promise.all(puts)).map(({ entry }) => entry.version)
      expect(versions.sort((a, b) => a - b)).toEqual(Array.from({ length: 60 }, (_, n) => n + 1))
      expect(await world.versions(c, 'a')).toHaveLength(60)
      await other.close()
    })

    it('work one job together: every item once', async () => {
      const other = await world.another()
      const c = await world.collection()
      await world.put(c, 'a')
      const { job } = await world.submit({ sealed: false })
      for (let n = 0; n < 20; n++) await world.ledger.appendItems(job.id, [item([c, 'a'], [c, `x/${n}`]), item([c, 'a'], [c, `y/${n}`])])
      await world.ledger.seal(job.id, null)
      const work = async (ledger: typeof other, name: string): Promise<void> => {
        for (;;) {
          const next = await ledger.nextWork(job.id, name, LEASE_MS)
          if (next.do !== 'run') return
          expect(next.lease.worker).toBe(name)
          await ledger.applyChunk(next.lease, [])
        }
      }
      await Promise.all([work(world.ledger, 'one'), work(other, 'two')])
      await world.assertCounters(job.id)
      expect(await other.job(job.id)).toMatchObject({ state: 'finished', outcome: 'succeeded', counts: { done: 40 } })
      for (let n = 0; n < 20; n++) expect(await world.versions(c, `x/${n}`)).toEqual(['1'])
      expect((await world.ledger.eventsAfter(0, 100, job.id)).map(({ type }) => type)).toEqual(['job.submitted', 'job.resolved', 'job.finished'])
      await other.close()
    })

    it('fence each other: whoever lost its lease writes nothing', async () => {
      const other = await world.another()
      const c = await world.collection()
      await world.put(c, 'a')
      const id = await world.start({ items: [item([c, 'a'], [c, 'b'])] })
      const lost = await world.lease(id)
      world.clock.advance(LEASE_MS)
      const next = await other.nextWork(id, 'two', LEASE_MS)
      await refusal(world.ledger.applyChunk(lost, []), 'stale_lease')
      if (next.do === 'run') await other.applyChunk(next.lease, [])
      await refusal(world.ledger.applyChunk(lost, []), 'stale_lease')
      expect(await world.versions(c, 'b')).toEqual(['1'])
      await other.close()
    })

    it('share idempotency keys', async () => {
      const other = await world.another()
      const c = await world.collection()
      const wish = { key: randomUUID(), items: [item([c, 'a'], [c, 'b'])] }
      const { job } = await world.submit(wish)
      expect(await other.idempotent('alice', wish.key)).toEqual({ job: job.id, fingerprint: 'body' })
      await other.close()
    })
  })

  describe('health', () => {
    it('is proven by a read and a commit; a closed ledger has none', async () => {
      await world.ledger.health()
      const other = await world.another()
      await other.health()
      await other.close()
      await refusal(other.createToken({ id: 'x', subject: 'x', scopes: [], expiresAt: null, hash: sha256('x') }), 'unavailable')
    })
  })
}
