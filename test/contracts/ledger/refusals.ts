import { describe, expect, it } from 'vitest'
import { CONFLICTS, JOB_KINDS, type JobKind } from '../../../src/model/job.ts'
import { sha256 } from '../../support/sha256.ts'
import { item, type World } from './world.ts'

/** What stops items although they could be done: locks of others, grants taken back, rotten bytes. */
export function refusalsContract(world: World): void {
  /** Two collections of root's, where alice may write. */
  async function granted(): Promise<[string, string]> {
    const ids: [string, string] = [await world.collection('root'), await world.collection('root')]
    for (const id of ids) await world.ledger.setGrant(id, 'alice', 'readwrite')
    await world.put(ids[0], 'd/a')
    await world.put(ids[0], 'b')
    return ids
  }

  const lock = (collection: string, path: string | null, holder = 'bob'): Promise<unknown> =>
    world.ledger.acquireLock({ collection, path, holder, reason: null, ttlMs: 60_000 })

  function jobOf(kind: JobKind, c: string, d: string): Parameters<World['run']>[0] {
    const ends = (path: string): ReturnType<typeof item> => (kind === 'copy' || kind === 'move' ? item([c, path], [d, path]) : item([c, path]))
    return { kind, items: ['d/a', 'b'].map(path => ({ ...ends(path), ...(kind === 'update' ? { fields: { x: 1 } } : {}) })) }
  }

  async function reasons(job: string): Promise<(string | null)[]> {
    return (await world.items(job)).map(({ reason }) => reason?.code ?? null)
  }

  describe('locks in jobs', () => {
    for (const kind of JOB_KINDS) {
      it(`${kind}: fail what lies beneath another's lock, and nothing else`, async () => {
        const [c, d] = await granted()
        await lock(c, 'd')
        const { id, counts } = await world.run(jobOf(kind, c, d))
        expect(await reasons(id)).toEqual(['locked', null])
        expect(counts).toMatchObject({ failed: 1, done: 1 })
        expect(await world.versions(c, 'd/a')).toEqual(['1'])
        expect(await world.versions(d, 'd/a')).toEqual([])
        world.clock.advance(60_000)
        await world.ledger.retry(id, ['failed'])
        expect(await world.work(id)).toMatchObject({ outcome: 'succeeded' })
      })

      it(`${kind}: are no hindrance to their holder`, async () => {
        const [c, d] = await granted()
        await lock(c, null, 'alice')
        await lock(d, 'd/a', 'alice')
        expect(await world.run(jobOf(kind, c, d))).toMatchObject({ outcome: 'succeeded' })
      })
    }

    it('on the destination, its folder or its collection fail the item under every policy', async () => {
      for (const conflict of CONFLICTS) {
        for (const path of ['d/a', 'd', null]) {
          const [c, d] = await granted()
          await lock(d, path)
          const { id } = await world.run({ ...jobOf('copy', c, d), conflict })
          expect(await reasons(id)).toEqual(['locked', path === null ? 'locked' : null])
        }
      }
    })

    it('on the name that a rename would take fail the item', async () => {
      const [c, d] = await granted()
      await world.put(d, 'b')
      await lock(d, '1_b')
      const { id } = await world.run({ ...jobOf('copy', c, d), conflict: 'rename' })
      expect(await reasons(id)).toEqual([null, 'locked'])
      expect(await world.versions(d, '1_b')).toEqual([])
    })

    it('are named in the reason: who holds them, how long and why', async () => {
      const [c, d] = await granted()
      await world.ledger.acquireLock({ collection: c, path: 'd', holder: 'bob', reason: 'an "audit"', ttlMs: 60_000 })
      await lock(d, null, 'carol')
      const until = new Date(world.clock.now() + 60_000).toISOString()
      const { id } = await world.run(jobOf('copy', c, d))
      expect((await world.items(id)).map(({ reason }) => reason?.message)).toEqual([
        `"d/a" in "${c}" is locked by "bob" until ${until} ("an \\"audit\\"").`,
        `"b" in "${d}" is locked by "carol" until ${until}.`,
      ])
    })

    it('are told of in a dry run', async () => {
      const [c, d] = await granted()
      await lock(d, null)
      const { id } = await world.run({ ...jobOf('copy', c, d), dryRun: true })
      expect(await reasons(id)).toEqual(['locked', 'locked'])
    })
  })

  describe('grants in jobs', () => {
    it('that were taken back stop what is still to come, and tell nothing of what is there', async () => {
      const [c, d] = await granted()
      const id = await world.start({
        items: [item([c, 'b'], [d, 'x']), item([c, 'missing'], [d, 'y']), { source: { collection: c, path: 'b', version: 9 }, destination: { collection: d } }],
      })
      await world.ledger.removeGrant(c, 'alice')
      await world.work(id)
      for (const { state, reason, source } of await world.items(id)) {
        expect([state, reason?.code, reason?.expected, reason?.actual]).toEqual(['failed', 'insufficient_role', undefined, undefined])
        expect(source).toMatchObject({ entityId: null, version: null, revision: null })
      }
      expect(await world.listing(d)).toEqual([])
    })

    it('of the destination are checked as those of the source', async () => {
      const [c, d] = await granted()
      const { id } = await world.job(await world.start(jobOf('copy', c, d)))
      await world.ledger.setGrant(d, 'alice', 'readonly')
      await world.work(id)
      expect(await reasons(id)).toEqual(['insufficient_role', 'insufficient_role'])
      await world.ledger.setGrant(d, 'alice', 'readwrite')
      await world.ledger.setGrant(c, 'alice', 'readonly')
      await world.ledger.retry(id, ['failed'])
      expect(await world.work(id), 'reading is enough for the source of a copy').toMatchObject({ outcome: 'succeeded' })
    })

    for (const kind of ['move', 'delete', 'update'] as const) {
      it(`to read are not enough for the source of a ${kind}`, async () => {
        const [c, d] = await granted()
        const id = await world.start(jobOf(kind, c, d))
        await world.ledger.setGrant(c, 'alice', 'readonly')
        await world.work(id)
        expect(await reasons(id)).toEqual(['insufficient_role', 'insufficient_role'])
        expect(await world.listing(c)).toEqual(['b', 'd/a'])
        expect(await world.versions(c, 'b')).toEqual(['1'])
      })
    }

    it('of one collection stop only the items that need it', async () => {
      const [c, d] = await granted()
      const id = await world.start({ items: [item([c, 'b'], [d, 'x']), item([c, 'b'], [c, 'y'])] })
      await world.ledger.removeGrant(d, 'alice')
      await world.work(id)
      expect(await reasons(id)).toEqual(['insufficient_role', null])
    })

    it('end with their collection: a copy into one that was deleted fails', async () => {
      const [c, d] = await granted()
      const id = await world.start({ items: [item([c, 'b'], [d, 'x'])] })
      await world.ledger.deleteCollection(d, 'alice')
      await world.ledger.createCollection({ id: d, name: d, store: 'local', attributes: {}, createdBy: 'alice' })
      await world.work(id)
      expect(await reasons(id)).toEqual(['insufficient_role'])
      expect(await world.listing(d)).toEqual([])
    })
  })

  describe('rotten bytes', () => {
    it('fail the items that read them, whatever the policy, and no others', async () => {
      for (const conflict of CONFLICTS) {
        const [c, d] = await granted()
        await world.put(d, 'taken')
        const job = await world.start({ conflict, verify: 'digest', items: [item([c, 'b'], [d, 'x']), item([c, 'd/a'], [d, 'y']), item([c, 'b'], [d, 'z'])] })
        await world.work(job, [sha256('b')])
        expect(await reasons(job)).toEqual(['digest_mismatch', null, 'digest_mismatch'])
        expect(await world.listing(d)).toEqual(['taken', 'y'])
      }
    })

    it('fail an item also where it would have taken another name', async () => {
      const [c, d] = await granted()
      await world.put(d, 'taken')
      const job = await world.start({ conflict: 'rename', verify: 'digest', items: [item([c, 'b'], [d, 'taken'])] })
      await world.work(job, [sha256('b')])
      expect(await reasons(job)).toEqual(['digest_mismatch'])
      expect(await world.listing(d)).toEqual(['taken'])
    })

    it('are not looked for in a dry run', async () => {
      const [c, d] = await granted()
      const lease = await world.lease(await world.start({ ...jobOf('copy', c, d), verify: 'digest', dryRun: true }))
      expect(lease.verify).toBe(false)
    })
  })
}
