import { randomUUID } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { ITEM_STATES, type Item, type ItemState } from '../../../src/model/item.ts'
import type { Job, SubmitItem } from '../../../src/model/job.ts'
import type { ItemFilter, JobFilter, JobSnapshot } from '../../../src/ports/ledger.ts'
import { all } from './collections.ts'
import { DAY_MS, item, refusal, type World } from './world.ts'

export function readingContract(world: World): void {
  const seqs = (items: readonly Item[]): number[] => items.map(({ seq }) => seq)

  /** A running job of six chunks, in them every state there is; some settled, some leased, some waiting. */
  async function mixed(c: string, d: string, perChunk: number): Promise<string> {
    const { job } = await world.submit({ sealed: false, conflict: 'skip' })
    const kinds: ((path: string) => SubmitItem)[] = [
      path => item([c, 'ok'], [d, path]),
      path => item([c, `missing/${path}`], [d, path]),
      () => item([c, 'ok'], [c, 'ok']),
      path => ({ source: { collection: c, path: 'ok', version: 99 }, destination: { collection: d, path } }),
    ]
    for (let chunk = 0; chunk < 6; chunk++) {
      await world.ledger.appendItems(
        job.id,
        Array.from({ length: perChunk }, (_, n) => (kinds[n % 4] as (typeof kinds)[0])(`f/${chunk}/${n}`)),
      )
    }
    await world.ledger.seal(job.id, null)
    for (let chunk = 0; chunk < 2; chunk++) await world.ledger.applyChunk(await world.lease(job.id), [])
    const [kept, released] = [await world.lease(job.id), await world.lease(job.id)]
    expect([kept.chunk, released.chunk]).toEqual([2, 3])
    await world.lease(job.id)
    await world.ledger.releaseLease(released)
    return job.id
  }

  describe('items', () => {
    it('come by every filter in pages of any size, each exactly once, in order', async () => {
      const [c, d] = [await world.collection(), await world.collection()]
      await world.put(c, 'ok')
      const id = await mixed(c, d, 8)
      const every = await world.items(id)
      const states = new Set(every.map(({ state }) => state))
      expect(states).toEqual(new Set(ITEM_STATES.filter(state => state !== 'cancelled')))
      const groups: ItemState[][] = [
        ...ITEM_STATES.map(state => [state]),
        ['failed', 'evicted'],
        ['done', 'pending'],
        ['pending', 'running'],
        [...ITEM_STATES],
        [],
      ]
      const filters: [ItemFilter, (one: Item) => boolean][] = [
        ...groups.map((wanted): [ItemFilter, (one: Item) => boolean] => [{ states: wanted }, ({ state }) => wanted.includes(state)]),
        [{ pathPrefix: 'missing/' }, ({ source }) => source.path.startsWith('missing/')],
        [{ pathPrefix: 'missing/f/1', states: ['failed'] }, ({ source, state }) => source.path.startsWith('missing/f/1') && state === 'failed'],
        [{ collection: d, states: ['running'] }, ({ destination, state }) => destination?.collection === d && state === 'running'],
        [{ collection: c }, () => true],
        [{ collection: 'nowhere' }, () => false],
        [{ collection: d, pathPrefix: 'ok' }, ({ source, destination }) => destination?.collection === d && source.path === 'ok'],
        [{ afterSeq: 17 }, ({ seq }) => seq > 17],
      ]
      for (const [filter, matches] of filters) {
        const expected = every.filter(matches)
        for (const limit of [1, 2, 3, 7, 8, 9, 1000]) {
          const found = await world.items(id, filter, limit)
          expect(found, `${JSON.stringify(filter)} by ${limit}`).toEqual(expected)
        }
      }
    })

    it('of thousands come whole by any filter, also when only some run', async () => {
      const [c, d] = [await world.collection(), await world.collection()]
      await world.put(c, 'ok')
      const id = await mixed(c, d, 2_000)
      const every = await world.items(id)
      expect(every).toHaveLength(12_000)
      for (const states of [['pending'], ['running'], ['done'], ['failed', 'pending'], ['evicted']] as const) {
        const expected = seqs(every.filter(({ state }) => states.includes(state as never)))
        for (const limit of [700, 1000]) expect(seqs(await world.items(id, { states }, limit)), states.join()).toEqual(expected)
      }
      expect(seqs(await world.items(id, { states: ['running'] }, 999))).toEqual(
        [...Array(2_000).keys()].map(n => n + 4_000).concat([...Array(2_000).keys()].map(n => n + 8_000)),
      )
    })

    it('that run say since when: the lease is what makes them running', async () => {
      const c = await world.collection()
      await world.put(c, 'a')
      const id = await world.start({ items: [item([c, 'a'], [c, 'b'])] })
      world.clock.advance(500)
      await world.lease(id)
      expect(await world.firstItem(id)).toMatchObject({ state: 'running', startedAt: world.clock.now(), finishedAt: null, attempts: 0 })
    })

    it('of an unknown job are none', async () => {
      expect(await world.ledger.items(randomUUID(), {}, { limit: 5 })).toEqual({ items: [], nextCursor: null })
    })
  })

  describe('snapshots', () => {
    it('show one commit, whatever happens meanwhile', async () => {
      const [c, d] = [await world.collection(), await world.collection()]
      await world.put(c, 'ok')
      const id = await mixed(c, d, 500)
      const before = { job: await world.job(id), items: await world.items(id) }
      const snapshot = await world.ledger.snapshot(id)
      if (snapshot === null) throw new Error('no snapshot')
      const seen: Item[] = []
      for await (const items of snapshot.items({})) {
        seen.push(...items)
        if ((await world.job(id)).state !== 'finished') await finish(id)
      }
      expect(snapshot.job).toEqual(before.job)
      expect(seen).toEqual(before.items)
      const failed: Item[] = []
      for await (const items of snapshot.items({ states: ['failed'], collection: d })) failed.push(...items)
      expect(failed).toEqual(before.items.filter(({ state }) => state === 'failed'))
      snapshot.close()
      snapshot.close()
      expect((await world.job(id)).state).toBe('finished')
    })

    async function finish(id: string): Promise<void> {
      world.clock.advance(60_000)
      await world.work(id)
    }

    it('many at once do not disturb each other', async () => {
      const c = await world.collection()
      await world.put(c, 'ok')
      const ids = [await world.start({ items: [item([c, 'ok'], [c, 'x'])] }), await world.start({ items: [item([c, 'ok'], [c, 'y'])] })]
      const open = await Promise.all([...ids, ...ids, ...ids, ...ids].map(id => world.ledger.snapshot(id)))
      await Promise.all(ids.map(id => world.work(id)))
      for (const snapshot of open) {
        expect(snapshot?.job.state).toBe('submitted')
        for await (const items of snapshot?.items({}) ?? []) expect(items[0]?.state).toBe('pending')
        snapshot?.close()
      }
      const later = await world.ledger.snapshot(ids[0] ?? '')
      for await (const items of later?.items({}) ?? []) expect(items[0]?.state).toBe('done')
      later?.close()
    })
  })

  describe('very many snapshots at once', () => {
    it('wait for each other, in turn; only when none closes in time they are refused', async () => {
      const c = await world.collection()
      const id = await world.start({ items: [item([c, 'a'], [c, 'b'])] })
      const read = async (): Promise<number> => {
        const snapshot = await world.ledger.snapshot(id)
        let n = 0
        for await (const items of snapshot?.items({}) ?? []) n += items.length
        snapshot?.close()
        return n
      }
      expect(await Promise.all(Array.from({ length: 200 }, read))).toEqual(Array.from({ length: 200 }, () => 1))
      const open = [...Array(1000).keys()].map(() => world.ledger.snapshot(id))
      const refused = Promise.allSettled(open).then(settled => settled.filter(({ status }) => status === 'rejected'))
      await world.clock.passUntil(refused, 1000)
      for (const one of await refused) expect(one).toMatchObject({ reason: { code: 'unavailable' } })
      for (const one of await Promise.allSettled(open)) if (one.status === 'fulfilled') one.value?.close()
      expect(await read(), 'and there is room again').toBe(1)
    })

    it('of one reader leave room for others, and come on in their turn', async () => {
      const c = await world.collection()
      const id = await world.start({ items: [item([c, 'a'], [c, 'b'])] })
      const opened: { readonly reader: string; readonly snapshot: JobSnapshot }[] = []
      const open = async (reader: string): Promise<void> => {
        const snapshot = await world.ledger.snapshot(id, reader)
        if (snapshot !== null) opened.push({ reader, snapshot })
      }
      const slow = Array.from({ length: 100 }, () => open('mallory'))
      await open('bob')
      expect(opened.length, 'most of them wait').toBeLessThan(20)
      let served = 0
      let most = 0
      for (const one of slow) void one.then(() => (served += 1))
      while (served < slow.length) {
        most = Math.max(most, opened.filter(({ reader }) => reader === 'mallory').length)
        opened.pop()?.snapshot.close()
        await new Promise(resolve => setImmediate(resolve))
      }
      for (const { snapshot } of opened) snapshot.close()
      for (let n = 0; n < most; n++) await open('mallory')
      for (const { snapshot } of opened) snapshot.close()
    })
  })

  describe('lists of jobs', () => {
    it('are newest first, for their submitter and for whoever administers every collection they name', async () => {
      const [alice, bob, carol] = ['alice', 'bob', 'carol'].map(name => `${name}-${randomUUID()}`) as [string, string, string]
      const [one, two] = [await world.collection(alice), await world.collection(alice)]
      await world.ledger.setGrant(one, bob, 'admin')
      await world.ledger.setGrant(two, bob, 'readwrite')
      await world.ledger.setGrant(two, carol, 'owner')
      const inOne = await world.start({ by: alice, items: [item([one, 'a'], [one, 'b'])] })
      const across = await world.start({ by: alice, items: [item([one, 'a'], [two, 'b'])] })
      const bobs = await world.start({ by: bob, kind: 'delete', select: [{ source: { collection: two } }] })
      const list = async (filter: JobFilter): Promise<string[]> => (await all(page => world.ledger.jobs(filter, page), 1)).map(({ id }) => id)
      expect(await list({ visibleTo: alice })).toEqual([bobs, across, inOne])
      expect(await list({ visibleTo: bob })).toEqual([bobs, inOne])
      expect(await list({ visibleTo: carol })).toEqual([bobs])
      expect(await list({ visibleTo: `x-${randomUUID()}` })).toEqual([])
      expect(await list({ visibleTo: null, collection: two })).toEqual([bobs, across])
      expect(await list({ visibleTo: bob, collection: one })).toEqual([inOne])
      expect(await list({ visibleTo: null, collection: 'nowhere' })).toEqual([])
      for (const [subject, job, may] of [
        [alice, across, true],
        [bob, inOne, true],
        [bob, across, false],
        [carol, across, false],
        [carol, bobs, true],
        ['nobody', bobs, false],
      ] as const) {
        expect(await world.ledger.administers(subject, job), `${subject} ${job}`).toBe(may)
      }
      await world.ledger.removeGrant(one, bob)
      expect(await list({ visibleTo: bob })).toEqual([bobs])
      expect([await world.ledger.touches(across, two), await world.ledger.touches(inOne, two)]).toEqual([true, false])
      expect([await world.ledger.touches(across, 'nowhere'), await world.ledger.touches(randomUUID(), one)]).toEqual([false, false])
    })

    it('are narrowed by every filter', async () => {
      const by = `s-${randomUUID()}`
      const c = await world.collection(by)
      await world.put(c, 'a')
      const jobs: Job[] = []
      for (const [wish, finish] of [
        [{ label: 'x', dialect: 'apollo' }, true],
        [{ kind: 'delete', select: [{ source: { collection: c, prefix: 'none' } }], items: [] }, false],
        [{ items: [item([c, 'missing'], [c, 'z'])], label: 'x' }, true],
      ] as const) {
        const id = await world.start({ by, items: [item([c, 'a'], [c, 'b'])], ...wish })
        jobs.push(finish ? await world.work(id) : await world.job(id))
        world.clock.advance(1000)
      }
      const [copied, deleting, failed] = jobs as [Job, Job, Job]
      const list = async (filter: Partial<JobFilter>): Promise<Job[]> => all(page => world.ledger.jobs({ visibleTo: by, ...filter }, page), 1)
      expect(await list({})).toEqual([failed, deleting, copied])
      expect(await list({ state: 'finished' })).toEqual([failed, copied])
      expect(await list({ state: 'submitted' })).toEqual([deleting])
      expect(await list({ outcome: 'succeeded' })).toEqual([copied])
      expect(await list({ outcome: 'failed', label: 'x' })).toEqual([failed])
      expect(await list({ kind: 'delete' })).toEqual([deleting])
      expect(await list({ label: 'x' })).toEqual([failed, copied])
      expect(await list({ labelContains: 'X' })).toEqual([failed, copied])
      expect(await list({ labelContains: 'xx' })).toEqual([])
      expect(await list({ labelContains: '%' }), 'it is no pattern').toEqual([])
      expect(await list({ dialect: 'apollo' })).toEqual([copied])
      expect(await list({ submittedBy: 'root' })).toEqual([])
      expect(await list({ since: deleting.createdAt })).toEqual([failed, deleting])
      expect(await list({ until: deleting.createdAt }), 'until is exclusive').toEqual([copied])
      expect(await list({ since: deleting.createdAt, until: failed.createdAt, collection: c })).toEqual([deleting])
    })

    it('leave out what has expired', async () => {
      const by = `s-${randomUUID()}`
      const c = await world.collection(by)
      const { id } = await world.run({ by, items: [item([c, 'a'], [c, 'b'])], retentionMs: DAY_MS })
      const list = async (): Promise<string[]> => (await world.ledger.jobs({ visibleTo: by }, { limit: 10 })).items.map(job => job.id)
      expect(await list()).toEqual([id])
      world.clock.advance(DAY_MS)
      expect(await list()).toEqual([])
      await refusal(world.ledger.job(id), 'job_expired')
      await refusal(world.ledger.items(id, {}, { limit: 1 }), 'job_expired')
      await refusal(world.ledger.snapshot(id), 'job_expired')
    })
  })
}
