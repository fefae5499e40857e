import { randomUUID } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { v7 } from 'uuid'
import { isWaybillError } from '../../../src/model/errors.ts'
import type { NewToken } from '../../../src/ports/token-ledger.ts'
import { sha256 } from '../../support/sha256.ts'
import { DAY_MS, HOUR_MS, item, LEASE_MS, newJob, refusal, type Wish, type World } from './world.ts'

/** What nobody can reach any more is purged. */
export function leftoversContract(world: World): void {
  const purge = (batch = 1_000): Promise<number> => world.ledger.purgeCollections(world.clock.now(), batch)
  /** What other tests have left. */
  async function purgeAll(): Promise<void> {
    while ((await world.ledger.purge(1_000)) > 0);
    while ((await purge()) > 0);
  }

  async function expireAll(): Promise<void> {
    world.clock.advance(DAY_MS)
    while ((await world.ledger.purge(1_000)) > 0);
  }

  const make = async (id: string, by = 'alice'): Promise<string> =>
    (await world.ledger.createCollection({ id, name: id, store: 'local', attributes: {}, createdBy: by })).id

  /** Puts these paths twice and removes them, so that each has three versions; answers the digests. */
  async function fill(collection: string, paths: readonly string[]): Promise<string[]> {
    const texts = (path: string): string[] => ['first', 'second'].map(nth => `${nth} ${path} of ${collection}`)
    const twice = async (path: string): Promise<void> => {
      for (const text of texts(path)) await world.put(collection, path, text)
      await world.ledger.removeEntry({ collection, path, subject: 'alice' })
    }
    await Promise.all(paths.map(twice))
    return paths.flatMap(texts).map(sha256).sort()
  }

  const referenced = async (digests: readonly string[]): Promise<string[]> => [...(await world.ledger.referenced('local', digests))].sort()

  describe('a deleted collection', () => {
    for (const [what, id] of [
      ['plain', (): string => `c-${randomUUID()}`],
      ['addressable', (): string => `house/${randomUUID()}`],
    ] as const) {
      it(`leaves nothing when its time is over, and no other collection anything (${what})`, async () => {
        const [gone, stays] = [await make(id()), await make(id())]
        const paths = Array.from({ length: 9 }, (_, n) => `folder-${n % 3}/file-${n}`)
        const [digests, kept] = [await fill(gone, paths), await fill(stays, paths)]
        await world.put(stays, 'shared', `first ${paths[0]} of ${gone}`)
        await purgeAll()
        await world.ledger.deleteCollection(gone, 'alice')
        expect(await world.ledger.purgeCollections(world.clock.now() - 1, 1_000), 'its time is not over').toBe(0)
        expect(await referenced(digests)).toEqual(digests)
        const batches: number[] = []
        for (let n = await purge(5); n > 0; n = await purge(5)) batches.push(n)
        expect(batches.length, 'bit by bit').toBeGreaterThan(5)
        expect(Math.max(...batches)).toBeLessThanOrEqual(6)
        expect(await referenced(digests)).toEqual([sha256(`first ${paths[0]} of ${gone}`)])
        expect(await referenced(kept)).toEqual(kept)
        expect(await world.versions(stays, paths[0] ?? '')).toEqual(['3x', '2', '1'])
      })

      it(`is nothing to the next one of its id, whole or half purged (${what})`, async () => {
        const c = await make(id())
        await fill(c, ['a', 'b', 'c'])
        await purgeAll()
        await world.ledger.deleteCollection(c, 'alice')
        await purge(4)
        await make(c)
        await world.put(c, 'a', 'new')
        await purgeAll()
        expect(await world.versions(c, 'a')).toEqual(['1'])
        expect(await world.listing(c)).toEqual(['a'])
        expect(await referenced([sha256('new')])).toEqual([sha256('new')])
      })
    }

    it('leaves nothing of uploads, and of files in a place', async () => {
      const c = await world.collection()
      const upload = {
        collection: c,
        path: 'a',
        size: 72,
        partSize: 36,
        mediaType: 'text/plain',
        fields: {},
        conditions: {},
        startedBy: 'alice',
        ttlMs: DAY_MS,
      }
      const texts = [randomUUID(), randomUUID()]
      const { id } = await world.ledger.createUpload({ ...upload, id: v7() })
      for (const [at, text] of texts.entries()) await world.ledger.putUploadPart(id, { number: at + 1, size: 36, sha256: sha256(text) })
      const p = `p-${randomUUID()}`
      await world.ledger.createCollection({ id: p, name: p, store: `at-${p}`, attached: true, attributes: {}, createdBy: 'alice' })
      const found = ['a', 'b', 'c'].map(path => ({ path, size: 1, stamp: path, modifiedAt: 0 }))
      await world.ledger.reconcile({ collection: p, edition: 0, scope: { prefix: '', after: '', through: null }, found, unsure: [] })
      await purgeAll()
      for (const each of [c, p]) await world.ledger.deleteCollection(each, 'alice')
      expect(await referenced(texts.map(sha256))).toHaveLength(2)
      // parts one by one, the upload, and the collection; three files, and their collection
      expect([await purge(1), await purge(1), await purge(1), await purge(1)]).toEqual([1, 1, 1, 1])
      expect(await purge()).toBe(4)
      expect(await referenced(texts.map(sha256))).toEqual([])
      expect(await purge()).toBe(0)
    })

    it('is named by jobs until the last of them is purged, and then goes itself', async () => {
      const [c, other] = [await world.collection(), await world.collection()]
      await world.put(c, 'a')
      const wish = (retentionMs: number): Wish => ({ retentionMs, items: [item([c, 'a'], [other, 'a'])] })
      const [sooner, later] = [await world.run(wish(HOUR_MS)), await world.run(wish(2 * HOUR_MS))]
      await world.ledger.removeEntry({ collection: c, path: 'a', subject: 'alice' })
      await purgeAll()
      await world.ledger.deleteCollection(c, 'alice')
      expect(await purge(), 'the tombstone, the version, and that it has to stay').toBe(3)
      expect(await purge()).toBe(0)
      for (const { id } of [sooner, later]) expect(await world.firstItem(id)).toMatchObject({ state: 'done', source: { collection: c, path: 'a' } })
      world.clock.advance(HOUR_MS)
      while ((await world.ledger.purge(1_000)) > 0);
      expect(await purge(), 'it is looked at again, and still has to stay').toBe(1)
      expect(await purge()).toBe(0)
      expect((await world.firstItem(later.id)).source.collection).toBe(c)
      world.clock.advance(HOUR_MS)
      while ((await world.ledger.purge(1_000)) > 0);
      expect(await purge(), 'now it goes').toBe(1)
      expect(await purge()).toBe(0)
    })

    it('is named by a job that has hooks until they are gone, too', async () => {
      const c = await world.collection()
      const hook = v7()
      const job = {
        ...newJob({ items: [item([c, 'a'], [c, 'b'])], retentionMs: 1 }),
        webhook: { id: hook, url: 'https://example.org/', events: ['job.finished'] as const, secret: Buffer.alloc(32) },
      }
      await world.ledger.createJob(job)
      await world.work(job.id)
      await world.ledger.deleteCollection(c, 'alice')
      await expireAll()
      await refusal(world.ledger.job(job.id), 'job_expired')
      expect(await purge()).toBeGreaterThan(0)
      expect(await purge()).toBe(0)
      await world.ledger.webhooks.remove(hook)
      while ((await world.ledger.purge(1_000)) > 0);
      expect(await purge(), 'the hook was the last to need it').toBe(1)
    })

    it('is not kept by a manifest that was broken off, even one with a hook', async () => {
      const c = await world.collection()
      const webhook = { id: v7(), url: 'https://example.org/', events: ['job.finished'] as const, secret: Buffer.alloc(32) }
      const { id } = (await world.ledger.createJob({ ...newJob({ sealed: false, items: [item([c, 'a'], [c, 'b'])] }), webhook })).job
      await world.ledger.deleteCollection(c, 'alice')
      expect(await purge(), 'the job names it').toBe(1)
      await world.ledger.dropUnsealed(id)
      while ((await world.ledger.purge(1_000)) > 0);
      expect(await purge(), 'now it goes').toBe(1)
      expect(await purge()).toBe(0)
    })

    it('fails the items of jobs that name it in the same words before and after', async () => {
      const [c, other] = [await world.collection(), await world.collection()]
      await world.put(other, 'a')
      const outcomes: unknown[] = []
      const wishes: readonly Wish[] = [
        { items: [item([c, 'a'], [other, 'b']), item([other, 'a'], [c, 'b'])] },
        { kind: 'delete', items: [item([c, 'a'])] },
        { kind: 'update', items: [item([c, 'a'], undefined, { fields: { x: 1 } })] },
        { select: [{ source: { collection: c }, destination: { collection: other } }] },
      ]
      await fill(c, ['a'])
      const before = await Promise.all(wishes.map(wish => world.start(wish)))
      const after = await Promise.all(wishes.map(wish => world.start(wish)))
      await world.ledger.deleteCollection(c, 'alice')
      const told = async (ids: readonly string[]): Promise<unknown[]> => {
        for (const id of ids) await world.work(id)
        return Promise.all(ids.map(async id => (await world.items(id)).map(({ state, reason, source, destination }) => [state, reason, source, destination])))
      }
      outcomes.push(await told(before))
      while ((await purge()) > 0);
      outcomes.push(await told(after))
      for (const id of before) await world.ledger.retry(id, ['failed'])
      outcomes.push(await told(before))
      expect(outcomes[1]).toEqual(outcomes[0])
      expect(outcomes[2], 'tried again').toEqual(outcomes[0])
      expect(JSON.stringify(outcomes[0])).toContain('failed')
    })

    it('gets no version of a file that is published in its place when it is gone', async () => {
      const [c, p] = [await world.collection(), `p-${randomUUID()}`]
      await world.ledger.createCollection({ id: p, name: p, store: `at-${p}`, attached: true, attributes: {}, createdBy: 'alice' })
      await world.put(c, 'a')
      const job = await world.start({ items: [item([c, 'a'], [p])] })
      const turn = await world.ledger.takeTurn(job, 'w1', LEASE_MS)
      if (turn.do !== 'read') throw new Error(`a turn of the job is ${turn.do}`)
      const whole = { first: turn.lease.firstSeq, last: turn.lease.lastSeq }
      const [transfer] = await world.ledger.planTransfers(turn.lease, whole)
      const revision = transfer?.source.revision ?? ''
      await world.ledger.intend(turn.lease, whole, [{ seq: 0, revision, sha256: sha256('a'), mark: 'ours' }])
      await purgeAll()
      await world.ledger.deleteCollection(p, 'alice')
      expect(await purge()).toBe(1)
      await world.ledger.settlePublished(turn.lease, whole, [{ seq: 0, stamp: 'ours' }])
      await world.ledger.applyChunk(turn.lease, [])
      expect(await world.firstItem(job)).toMatchObject({ state: 'done' })
      await world.assertCounters(job)
      expect(await purge()).toBe(0)
      // its id and its place are free, and nothing of before is in it
      await world.ledger.createCollection({ id: p, name: p, store: `at-${p}`, attached: true, attributes: {}, createdBy: 'alice' })
      expect(await world.versions(p, 'a')).toEqual([])
    })

    it('is never taken for one that is made later: the audit log keeps them apart', async () => {
      const id = `c-${randomUUID()}`
      const as = (subject: string) => world.ledger.by({ subject, tokenId: null, dialect: 'v1', requestId: null })
      for (const owner of ['ann', 'zoe']) {
        await as(owner).createCollection({ id, name: id, store: 'local', attributes: {}, createdBy: owner })
        const seen = await world.ledger.audit({ collection: id, administeredBy: owner }, { limit: 10 })
        expect(seen.items.map(({ subject, action }) => [subject, action])).toEqual([[owner, 'collection.create']])
        await as(owner).deleteCollection(id, owner)
        await purgeAll()
      }
    })

    it('is not taken away from under a job that is just naming it', async () => {
      const other = await world.another()
      try {
        for (let round = 0; round < 6; round++) {
          const c = await world.collection()
          const items = Array.from({ length: 3_000 }, (_, n) => item([c, `a/${n}`], [c, `b/${n}`]))
          const submitted = other.createJob(newJob({ items })).catch((error: unknown) => {
            if (!isWaybillError(error, 'collection_not_found')) throw error
          })
          await new Promise(resolve => setTimeout(resolve, 10 * round))
          await world.ledger.deleteCollection(c, 'alice')
          const [answer] = await Promise.all([submitted, purgeAll()])
          await purgeAll()
          if (answer === undefined) continue
          const { items: named } = await world.ledger.items(answer.job.id, {}, { limit: 10 })
          expect(named.map(({ source }) => source.collection)).toEqual(named.map(() => c))
          await world.ledger.cancel(answer.job.id)
        }
      } finally {
        await other.close()
      }
    })

    it('stays for a manifest that is arriving, whose next batch is refused', async () => {
      const [c, other] = [await world.collection(), await world.collection()]
      const { job } = await world.submit({ sealed: false, items: [item([other, 'a'], [c, 'a'])] })
      await world.ledger.deleteCollection(c, 'alice')
      while ((await purge()) > 0);
      await refusal(world.ledger.appendItems(job.id, [item([other, 'b'], [c, 'b'])]), 'collection_not_found')
      expect((await world.ledger.seal(job.id, null)).counts.total).toBe(1)
      expect((await world.work(job.id)).counts.failed).toBe(1)
      expect((await world.firstItem(job.id)).destination?.collection).toBe(c)
    })
  })

  describe('a token that has ended', () => {
    const token = (more: Partial<NewToken> = {}): NewToken => ({
      id: v7(),
      subject: `s-${randomUUID()}`,
      scopes: ['read'],
      expiresAt: null,
      hash: sha256(randomUUID()),
      ...more,
    })

    it('is forgotten when its time is over, those that ended first before others; one that has not is kept', async () => {
      const { ledger, clock } = world
      while ((await ledger.purgeTokens(clock.now(), 1_000)) > 0);
      const subject = `s-${randomUUID()}`
      const [expired, revoked, both, live, later] = [
        { expiresAt: clock.now() + 1 },
        {},
        { expiresAt: clock.now() + DAY_MS },
        {},
        { expiresAt: clock.now() + DAY_MS },
      ].map(more => token({ subject, ...more })) as [NewToken, NewToken, NewToken, NewToken, NewToken]
      for (const each of [expired, revoked, both, live, later]) await ledger.createToken(each)
      clock.advance(1)
      for (const { id } of [revoked, both]) await ledger.revokeToken(id)
      clock.advance(1)
      expect(await ledger.purgeTokens(clock.now() - 2, 1_000)).toBe(0)
      expect(await ledger.purgeTokens(clock.now(), 2)).toBe(2)
      expect(await ledger.purgeTokens(clock.now(), 2)).toBe(1)
      expect(await ledger.purgeTokens(clock.now(), 2)).toBe(0)
      expect((await ledger.tokens({ limit: 10 }, subject)).items.map(({ id }) => id).sort()).toEqual([live.id, later.id].sort())
      for (const { id, hash } of [expired, revoked, both]) {
        expect(await ledger.token(hash)).toBeNull()
        expect(await ledger.tokenById(id)).toBeNull()
        await refusal(ledger.revokeToken(id), 'token_not_found')
      }
    })

    it('makes none in whose name a slow call began while it was good', async () => {
      const mine = token()
      await world.ledger.createToken(mine)
      const call = world.ledger.by({ subject: mine.subject, tokenId: mine.id, dialect: 'v1', requestId: null })
      await call.createToken(token())
      await world.ledger.revokeToken(mine.id)
      await refusal(call.createToken(token()), 'unauthenticated')
      while ((await world.ledger.purgeTokens(world.clock.now(), 1_000)) > 0);
      expect(await world.ledger.tokenById(mine.id)).toBeNull()
      await refusal(call.createToken(token()), 'unauthenticated')
      await world.ledger.by({ subject: mine.subject, tokenId: 'jwt-0123456789abcdef', dialect: 'v1', requestId: null }).createToken(token())
    })
  })
}
