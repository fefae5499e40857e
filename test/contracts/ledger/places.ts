import { randomUUID } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import type { Lease } from '../../../src/ports/ledger.ts'
import type { Look, LookRange } from '../../../src/ports/place-ledger.ts'
import type { PlacedFile } from '../../../src/ports/place.ts'
import type { Moved, Transfer } from '../../../src/ports/transfer.ts'
import { sha256 } from '../../support/sha256.ts'
import { item, LEASE_MS, refusal, type World } from './world.ts'

const ALL: LookRange = { prefix: '', after: '', through: null }
const READ = { corrupt: [], copied: { arrived: [], failed: [] } }

/** Collections that mirror a place. What lies in the place is what these tests say. */
export function placesContract(world: World): void {
  const attached = async (): Promise<string> => {
    const id = `p-${randomUUID()}`
    await world.ledger.createCollection({ id, name: id, store: `at-${id}`, attached: true, attributes: {}, createdBy: 'alice' })
    return id
  }
  /** A file whose stamp, and bytes, are the text. */
  const file = (path: string, text = path): PlacedFile => ({ path, size: text.length, stamp: text, modifiedAt: world.clock.now() - 1_000 })
  const look = async (collection: string, found: readonly PlacedFile[], more: Partial<Look> = {}): Promise<boolean> =>
    world.ledger.reconcile({ collection, edition: await world.ledger.edition(collection), scope: ALL, found, unsure: [], ...more })
  const states = async (job: string): Promise<unknown[]> => (await world.items(job)).map(({ state, reason }) => [state, reason?.code])
  const whole = ({ firstSeq, lastSeq }: Lease): { first: number; last: number } => ({ first: firstSeq, last: lastSeq })
  const moved = ({ seq, source }: Transfer, text: string | null, mark: string | null = null): Moved => ({
    ...{ seq, revision: source.revision, sha256: text === null ? null : sha256(text), mark },
  })
  /** A job's lease, after the looks that its selections ask for: of each the place holds these files. */
  const leaseOf = async (job: string, lookFor: () => Promise<unknown> = () => Promise.resolve()): Promise<Lease> => {
    for (;;) {
      const turn = await world.ledger.takeTurn(job, 'w1', LEASE_MS)
      if (turn.do === 'read') return turn.lease
      if (turn.do === 'look') await lookFor()
      if (turn.do === 'nothing') throw new Error('the job has no chunk')
    }
  }
  const end = (lease: Lease): Promise<boolean> => world.ledger.applyChunk(lease, [])

  describe('attached collections', () => {
    it('are one to a place, never addressable, and say what they are', async () => {
      const p = await attached()
      expect(await world.ledger.collection(p)).toMatchObject({ attached: true, addressable: false })
      const another = { id: `q-${randomUUID()}`, name: 'q', store: `at-${p}`, attached: true, attributes: {}, createdBy: 'bob' }
      await refusal(world.ledger.createCollection(another), 'collection_exists')
      await refusal(world.ledger.createCollection({ ...another, store: 'elsewhere', addressable: true }), 'unsupported')
      await look(p, [file('a')])
      await world.ledger.deleteCollection(p, 'alice') // its files stay where they are
      expect((await world.ledger.createCollection(another)).attached).toBe(true)
      await refusal(world.ledger.edition(await world.collection()), 'collection_not_found')
    })

    it('mirror what was found: new versions of what is new or others, tombstones of what is gone', async () => {
      const p = await attached()
      await look(p, [file('a'), file('b', 'one'), file('c')])
      await world.ledger.patchEntry({ collection: p, path: 'b', subject: 'alice', fields: { tag: 'x' } })
      const before = await world.entry(p, 'b')
      expect(before).toMatchObject({ version: 2, digest: null, stamp: 'one', size: 3, fields: { tag: 'x' } })
      await look(p, [file('a'), file('b', 'other')])
      expect(await world.entry(p, 'a')).toMatchObject({ version: 1, modifiedBy: '(outside)', createdAt: world.clock.now() - 1_000 })
      expect(await world.entry(p, 'b')).toMatchObject({ version: 3, stamp: 'other', size: 5, fields: { tag: 'x' }, entityId: before?.entityId })
      expect(await world.entry(p, 'c')).toMatchObject({ version: 2, deleted: true, stamp: null })
      await look(p, [file('a'), file('b', 'other'), file('c')])
      expect(await world.entry(p, 'c')).toMatchObject({ version: 3, deleted: false })
      expect((await world.ledger.versions(p, 'c', { limit: 10 })).items.map(({ version }) => version)).toEqual([3, 2, 1])
      expect(await world.ledger.placedFiles(p, { prefix: '', after: 'a' }, 10)).toEqual([
        { path: 'b', stamp: 'other' },
        { path: 'c', stamp: 'c' },
      ])
      expect(await world.ledger.stamps(p, ['a', 'c', 'z'])).toEqual(new Map([['a', 'a'], ['c', 'c']])) // prettier-ignore
    })

    it('change nothing beyond what was looked at, nor what nothing could be told of', async () => {
      const p = await attached()
      await look(
        p,
        ['a', 'b/1', 'b/2', 'b/3', 'c'].map(path => file(path)),
      )
      const { edition } = { edition: await world.ledger.edition(p) }
      await look(p, [], { scope: { prefix: 'b/', after: 'b/1', through: 'b/2' } })
      expect(await world.listing(p)).toEqual(['a', 'b/1', 'b/3', 'c'])
      await look(p, [file('new')], { scope: { paths: ['b/3', 'new', 'never'] } })
      expect(await world.listing(p)).toEqual(['a', 'b/1', 'c', 'new'])
      await look(p, [], { unsure: ['a', 'c'] })
      expect(await world.listing(p)).toEqual(['a', 'c'])
      expect(await look(p, [], { edition })).toBe(false)
      expect(await world.listing(p)).toEqual(['a', 'c'])
    })

    it('are looked through before a selection over them is resolved, with a cursor, and what is no file fails an item', async () => {
      const [p, to] = [await attached(), await world.collection()]
      const select = [{ source: { collection: p, prefix: 'x/' }, destination: { collection: to, prefix: 'y/' } }]
      const job = await world.start({ select })
      const seen: unknown[] = []
      const lookOn = async (): Promise<void> => {
        const turn = await world.ledger.takeTurn(job, 'w1', LEASE_MS)
        if (turn.do !== 'look') throw new Error(`the turn was to ask for a look, but: ${turn.do}`)
        const { selection } = turn
        seen.push([selection.prefix, selection.after])
        const first = selection.after === ''
        const through = first ? 'x/2' : null
        const found = first ? [file('x/1'), file('x/2')] : [file('x/3')]
        const misfits = first ? [] : [{ path: 'x/link', code: 'unsupported' as const, fault: 'is a symbolic link' }]
        const one = { scope: { prefix: 'x/', after: selection.after, through }, selection: { ...selection, misfits } }
        expect(await look(p, found, one)).toBe(true)
        expect(await look(p, found, one)).toBe(true) // another turn did the same: it counts once
      }
      await lookOn()
      await lookOn()
      expect(seen).toEqual([['x/', ''], ['x/', 'x/2']]) // prettier-ignore
      const lease = await leaseOf(job)
      expect(lease).toMatchObject({ places: 'move', crosses: false, serial: false })
      const transfers = await world.ledger.planTransfers(lease, whole(lease))
      expect(transfers.map(({ source, target }) => [source.path, target.path, target.attached])).toEqual([
        ['x/1', 'y/1', false],
        ['x/2', 'y/2', false],
        ['x/3', 'y/3', false],
      ])
      await world.ledger.applyRun(lease, whole(lease), { ...READ, moved: transfers.map(transfer => moved(transfer, transfer.source.path)) })
      await end(lease)
      expect(await states(job)).toEqual([
        ['failed', 'unsupported'],
        ['done', undefined],
        ['done', undefined],
        ['done', undefined],
      ])
      expect(await world.job(job)).toMatchObject({ state: 'finished', outcome: 'partial', counts: { total: 4, done: 3, failed: 1 } })
      expect((await world.entry(to, 'y/1'))?.digest).toBe(sha256('x/1'))
      expect(await world.entry(to, 'y/1')).toMatchObject({ stamp: null })
      expect((await world.entry(p, 'x/1'))?.digest).toBe(sha256('x/1')) // learned
      await world.assertCounters(job)
    })

    it('give an item only the bytes of the version that was read', async () => {
      const [p, to] = [await attached(), await world.collection()]
      await look(p, [file('a'), file('b'), file('c'), file('d')])
      const job = await world.start({ items: ['a', 'b', 'c', 'd', 'gone'].map(path => item([p, path], [to])) })
      const lease = await leaseOf(job)
      expect((await world.ledger.chunkPaths(lease, whole(lease))).map(({ path }) => path)).toEqual(['a', 'b', 'c', 'd', 'gone'])
      const [a, b] = (await world.ledger.planTransfers(lease, whole(lease))) as [Transfer, Transfer]
      await look(p, [file('a'), file('b', 'changed'), file('c'), file('d')])
      const results: Moved[] = [moved(a, 'a'), moved(b, 'b'), { seq: 2, code: 'out_of_space' }]
      await world.ledger.applyRun(lease, whole(lease), { ...READ, moved: results })
      await end(lease)
      expect(await states(job)).toEqual([
        ['done', undefined],
        ['failed', 'source_changed'],
        ['failed', 'out_of_space'],
        ['failed', 'source_changed'],
        ['failed', 'entry_not_found'],
      ])
      expect((await world.entry(p, 'b'))?.digest).toBe(null)
      await world.assertCounters(job)
    })

    it('do not call missing or changed what could not be looked at', async () => {
      const [p, to] = [await attached(), await world.collection()]
      await look(p, [file('a'), file('c')])
      const items = ['a', 'b', 'c', 'gone'].map(path => item([p, path], [to]))
      const job = await world.start({ items })
      const lease = await leaseOf(job)
      const [a] = (await world.ledger.planTransfers(lease, whole(lease))) as [Transfer]
      const unsure = ['a', 'b', 'c'].map(path => ({ collection: p, path }))
      await world.ledger.applyRun(lease, whole(lease), { ...READ, moved: [moved(a, 'a')], unsure })
      await end(lease)
      expect(await states(job)).toEqual([
        ['done', undefined], // its bytes were read all the same
        ['failed', 'unavailable'],
        ['failed', 'unavailable'],
        ['failed', 'entry_not_found'],
      ])
    })

    it('get what an intent says, when its file was published, whatever became of all else since', async () => {
      const [c, p] = [await world.collection(), await attached()]
      await look(p, [file('b', 'theirs')])
      for (const path of ['a', 'b']) await world.put(c, path)
      const job = await world.start({ items: [item([c, 'a'], [p]), item([c, 'b'], [p])] })
      const lease = await leaseOf(job)
      const transfers = await world.ledger.planTransfers(lease, whole(lease))
      const intents = await world.ledger.intend(
        lease,
        whole(lease),
        transfers.map(transfer => moved(transfer, transfer.source.path, `mark ${transfer.seq}`)),
      )
      expect(intents.map(({ seq, path, mark, expect: there }) => [seq, path, mark, there])).toEqual([
        [0, 'a', 'mark 0', null],
        [1, 'b', 'mark 1', 'theirs'],
      ])
      // a look passes over what may be ours
      await look(p, [file('a', 'ours'), file('b', 'ours too')])
      expect(await world.listing(p)).toEqual(['b'])
      await world.put(c, 'a', 'another version')
      await world.ledger.setGrant(p, 'bob', 'owner')
      await world.ledger.removeGrant(p, 'alice')
      await world.ledger.settlePublished(lease, whole(lease), [
        { seq: 0, stamp: 'ours' },
        { seq: 1, stamp: 'ours too' },
      ])
      await end(lease)
      expect(await world.job(job)).toMatchObject({ outcome: 'succeeded', counts: { done: 2 } })
      expect(await world.entry(p, 'a')).toMatchObject({ version: 1, digest: sha256('a'), stamp: 'ours', modifiedBy: 'alice' })
      expect(await world.entry(p, 'b')).toMatchObject({ version: 2, digest: sha256('b'), stamp: 'ours too' })
      await world.assertCounters(job)
      // from then on they are looked at as any
      await look(p, [file('b', 'ours too')])
      expect(await world.listing(p)).toEqual(['b'])
    })

    it('never get an item that was not published, nor what cannot be a file', async () => {
      const [c, p] = [await world.collection(), await attached()]
      for (const path of ['a', 'b']) await world.put(c, path)
      await world.ledger.putEntry({
        collection: c,
        path: 'thing',
        subject: 'alice',
        kind: 'object',
        digest: null,
        size: 0,
        mediaType: 'text/plain',
        fields: {},
      })
      const job = await world.start({ items: ['a', 'b', 'thing'].map(path => item([c, path], [p])) })
      const lease = await leaseOf(job)
      const transfers = await world.ledger.planTransfers(lease, whole(lease))
      expect(transfers.map(({ seq }) => seq)).toEqual([0, 1])
      const [a, b] = transfers.map(transfer => moved(transfer, transfer.source.path, `mark ${transfer.seq}`)) as [Moved, Moved]
      await world.ledger.intend(lease, whole(lease), [a, b])
      await world.ledger.settlePublished(lease, whole(lease), [])
      await world.ledger.applyRun(lease, whole(lease), { ...READ, moved: [a, { seq: 1, code: 'destination_changed' }] })
      await end(lease)
      expect(await states(job)).toEqual([
        ['failed', 'destination_changed'],
        ['failed', 'destination_changed'],
        ['failed', 'entry_not_found'],
      ])
      expect(await world.listing(p)).toEqual([])
    })

    it('lose what a deletion says, when its file was removed', async () => {
      const p = await attached()
      await look(p, [file('a'), file('b'), file('c')])
      const job = await world.start({ kind: 'delete', items: ['a', 'b', 'c', 'never'].map(path => item([p, path])) })
      const lease = await leaseOf(job)
      expect(lease.places).toBe('move')
      expect(await world.ledger.planTransfers(lease, whole(lease))).toEqual([])
      const intents = await world.ledger.intend(lease, whole(lease), [])
      expect(intents.map(({ seq, path, removes, expect: there }) => [seq, path, removes, there])).toEqual([
        [0, 'a', true, 'a'],
        [1, 'b', true, 'b'],
        [2, 'c', true, 'c'],
      ])
      await look(p, [file('b'), file('c', 'changed')]) // passes over all three
      expect(await world.listing(p)).toEqual(['a', 'b', 'c'])
      await world.ledger.settlePublished(lease, whole(lease), [
        { seq: 0, stamp: null },
        { seq: 1, stamp: null },
      ])
      await world.ledger.applyRun(lease, whole(lease), { ...READ, moved: [{ seq: 2, code: 'destination_changed' }] })
      await end(lease)
      expect(await states(job)).toEqual([
        ['done', undefined],
        ['done', undefined],
        ['failed', 'destination_changed'],
        ['failed', 'entry_not_found'],
      ])
      expect(await world.versions(p, 'a')).toEqual(['2x', '1'])
      expect(await world.entry(p, 'b')).toMatchObject({ deleted: true, stamp: null, digest: null, modifiedBy: 'alice' })
      expect(await world.listing(p)).toEqual(['c'])
      await world.assertCounters(job)
      // nothing is deleted by a rehearsal, nor without an intent
      const rehearsal = await leaseOf(await world.start({ kind: 'delete', items: [item([p, 'c'])], dryRun: true }))
      expect(rehearsal.places).toBe('look')
      await end(rehearsal)
      expect(await states(rehearsal.job)).toEqual([['done', undefined]])
      const bare = await leaseOf(await world.start({ kind: 'delete', items: [item([p, 'c'])] }))
      await end(bare)
      expect(await states(bare.job)).toEqual([['failed', 'destination_changed']])
      expect(await world.listing(p)).toEqual(['c'])
    })

    it('are written at one path by one item at a time', async () => {
      const [c, p] = [await world.collection(), await attached()]
      for (const path of ['a', 'b']) await world.put(c, path)
      const intendOf = async (path: string): Promise<readonly [Lease, number]> => {
        const lease = await leaseOf(await world.start({ items: [item([c, path], [p, 'x'])] }))
        const transfers = await world.ledger.planTransfers(lease, whole(lease))
        const intents = await world.ledger.intend(
          lease,
          whole(lease),
          transfers.map(transfer => moved(transfer, path, `mark ${path}`)),
        )
        return [lease, intents.length]
      }
      const [first, second] = [await intendOf('a'), await intendOf('b')]
      expect([first[1], second[1]]).toEqual([1, 0])
      await world.ledger.settlePublished(first[0], whole(first[0]), [{ seq: 0, stamp: 'ours' }])
      expect((await intendOf('b'))[1]).toBe(1)
    })

    it('are settled by who takes a chunk over, also when the job is being cancelled', async () => {
      const [c, p] = [await world.collection(), await attached()]
      for (const path of ['a', 'b', 'c']) await world.put(c, path)
      const job = await world.start({ items: ['a', 'b', 'c'].map(path => item([c, path], [p])) })
      const lost = await leaseOf(job)
      const transfers = await world.ledger.planTransfers(lost, whole(lost))
      await world.ledger.intend(
        lost,
        { first: 0, last: 1 },
        transfers.map(transfer => moved(transfer, transfer.source.path, `mark ${transfer.seq}`)),
      )
      world.clock.advance(LEASE_MS + 1)
      await world.ledger.cancel(job)
      const lease = await leaseOf(job)
      await refusal(world.ledger.unsettled(lost), 'stale_lease')
      await refusal(world.ledger.settlePublished(lost, whole(lost), []), 'stale_lease')
      await refusal(world.ledger.applyRun(lost, whole(lost), READ), 'stale_lease')
      await refusal(world.ledger.intend(lost, whole(lost), []), 'stale_lease')
      expect((await world.ledger.unsettled(lease)).map(({ seq, mark }) => [seq, mark])).toEqual([
        [0, 'mark 0'],
        [1, 'mark 1'],
      ])
      await world.ledger.settlePublished(lease, whole(lease), [{ seq: 0, stamp: 'ours' }])
      expect(await world.ledger.unsettled(lease)).toEqual([])
      expect(await world.ledger.planTransfers(lease, whole(lease))).toEqual([])
      await world.ledger.applyRun(lease, whole(lease), READ)
      await end(lease)
      expect(await states(job)).toEqual([
        ['done', undefined],
        ['cancelled', undefined],
        ['cancelled', undefined],
      ])
      expect(await world.listing(p)).toEqual(['a'])
      await world.assertCounters(job)
    })

    it('count right when a chunk is given back half done', async () => {
      const [p, to] = [await attached(), await world.collection()]
      await look(p, [file('a'), file('b')])
      const job = await world.start({ items: ['a', 'b'].map(path => item([p, path], [to])) })
      const lease = await leaseOf(job)
      const run = { first: 0, last: 0 }
      const [a] = (await world.ledger.planTransfers(lease, run)) as [Transfer]
      await world.ledger.applyRun(lease, run, { ...READ, moved: [moved(a, 'a')] })
      await world.ledger.releaseLease(lease)
      await world.assertCounters(job)
      const again = await leaseOf(job)
      const [b] = (await world.ledger.planTransfers(again, whole(again))) as [Transfer]
      expect(b.source.path).toBe('b')
      await world.ledger.applyRun(again, whole(again), { ...READ, moved: [moved(b, 'b')] })
      await end(again)
      expect(await world.job(job)).toMatchObject({ outcome: 'succeeded', counts: { done: 2, running: 0, pending: 0 } })
      await world.assertCounters(job)
    })

    it('name no bytes that a managed store would keep, and ask for no blobs', async () => {
      const [p, to] = [await attached(), await world.collection()]
      await look(p, [file('a')])
      const job = await world.start({ items: [item([p, 'a'], [to])], verify: 'digest' })
      const lease = await leaseOf(job)
      expect(await world.ledger.chunkBlobs(lease)).toEqual([])
      await world.ledger.applyRun(lease, whole(lease), { ...READ, moved: (await world.ledger.planTransfers(lease, whole(lease))).map(one => moved(one, 'a')) })
      await end(lease)
      expect(await world.ledger.referenced('local', [sha256('a')])).toEqual(new Set([sha256('a')]))
      expect(await world.ledger.referenced(`at-${p}`, [sha256('a')])).toEqual(new Set([sha256('a')]))
    })
  })
}
