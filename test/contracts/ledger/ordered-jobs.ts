import { setTimeout } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import type { SubmitItem } from '../../../src/model/job.ts'
import { item, LEASE_MS, type Wish, type World } from './world.ts'

export function orderedJobsContract(world: World): void {
  /** Works a job, and all that waited for it, to their ends. */
  const turns = async (job: string): Promise<void> => {
    for (;;) {
      const turn = await world.ledger.takeTurn(job, 'w1', 30_000)
      if (turn.do !== 'worked') return
      for (const follower of turn.followers) await turns(follower)
      if (!turn.more) return
    }
  }
  const setting = (c: string, value: string): SubmitItem => ({
    source: { collection: c, path: 'x' },
    change: { remove: [{ what: 'field', field: '*', graph: '*' }], add: { value: [value] } },
  })
  const start = (c: string, value: string, wish: Wish = {}): Promise<string> =>
    world.start({ kind: 'update', ordered: true, items: [setting(c, value)], ...wish })
  const value = async (c: string): Promise<unknown> => (await world.ledger.entry(c, 'x'))?.fields['value']
  const clearing = (c: string, prefix = ''): Wish => ({
    kind: 'update',
    ordered: true,
    sealed: false,
    select: [{ source: { collection: c, prefix }, change: { remove: [{ what: 'field', field: '*', graph: '*' }] } }],
  })
  const state = async (job: string): Promise<string> => (await world.job(job)).state

  describe('ordered jobs', () => {
    it('wait for those acknowledged before them on the same collection, and follow them at once', async () => {
      const c = await world.collection()
      const other = await world.collection()
      const [first, second, third] = [await start(c, '1'), await start(c, '2'), await start(c, '3')]
      const elsewhere = await start(other, '1')
      const free = await start(c, 'free', { ordered: false })
      expect((await world.next(third)).do).toBe('nothing')
      expect((await world.next(second)).do).toBe('nothing')
      const { number, submittedBy } = await world.job(first)
      expect(await world.ledger.heldUpBy(second)).toEqual({ number, submittedBy })
      for (const one of [first, elsewhere, free, 'no job']) expect(await world.ledger.heldUpBy(one)).toBeNull()
      await turns(elsewhere)
      await turns(free)
      expect(await value(c)).toEqual(['free'])
      await turns(first)
      expect(await value(c)).toEqual(['3'])
      expect(await world.ledger.heldUpBy(second)).toBeNull()
      for (const job of [first, second, third, elsewhere, free]) expect(await world.job(job)).toMatchObject({ state: 'finished', outcome: 'succeeded' })
      expect(await world.job(first)).toMatchObject({ ordered: true })
      expect(await world.job(free)).toMatchObject({ ordered: false })
    })

    it('of which the next must read bytes leave it free for a turn of its own', async () => {
      // whether there is time for it in the turn of the one before is nothing to rely upon
      for (let n = 0; n < 5; n++) {
        const c = await world.collection()
        await world.put(c, 'file')
        const first = await start(c, '1')
        const second = await world.start({ ordered: true, verify: 'digest', items: [item([c, 'file'], [c, 'copy'])] })
        expect(await world.ledger.takeTurn(first, 'w1', LEASE_MS)).toEqual({ do: 'worked', more: false, followers: [second] })
        expect(await world.job(second)).toMatchObject({ counts: { pending: 1, running: 0 } })
        expect(await world.ledger.takeTurn(second, 'w1', LEASE_MS)).toMatchObject({ do: 'read' })
      }
    })

    it('of which the next is more than the turn of the one before has time for name it for another', async () => {
      const c = await world.manyFiles(2_000, n => `in/${n}`)
      const first = await start(c, '1')
      const select = Array.from({ length: 30 }, (_, n) => ({ source: { collection: c, prefix: 'in/' }, destination: { collection: c, prefix: `out/${n}/` } }))
      const second = await world.start({ ordered: true, select })
      await setTimeout(150) // turns are longer when nobody has asked for a while
      expect(await world.ledger.takeTurn(first, 'w1', LEASE_MS)).toEqual({ do: 'worked', more: false, followers: [second] })
      expect(await state(second)).not.toBe('finished')
      await world.ledger.cancel(second)
    })

    it('are acknowledged when they are sealed, not when they were begun', async () => {
      const c = await world.collection()
      const early = await start(c, 'begun first', { sealed: false })
      const late = await start(c, 'begun second', { sealed: false })
      const whole = await start(c, 'acknowledged first')
      expect(await world.ledger.seal(late, null)).toMatchObject({ ordered: true })
      await world.ledger.seal(early, null)
      expect((await world.next(early)).do).toBe('nothing')
      expect((await world.next(late)).do).toBe('nothing')
      await turns(whole)
      for (const job of [whole, late, early]) expect(await state(job)).toBe('finished')
      expect(await value(c)).toEqual(['begun first'])
      expect((await world.ledger.versions(c, 'x', { limit: 10 })).items.map(({ fields }) => fields['value'])).toEqual(
        ['begun first', 'begun second', 'acknowledged first'].map(text => [text]),
      )
    })

    it('are held up by one that is paused, until it is cancelled; a manifest that is still arriving holds nobody up', async () => {
      const c = await world.collection()
      const arriving = await start(c, '0', { sealed: false })
      const first = await start(c, '1')
      const second = await start(c, '2')
      await world.ledger.pause(first)
      await turns(first)
      await turns(second)
      expect(await state(second)).toBe('submitted')
      const given = await start(c, 'given up')
      await world.ledger.cancel(given)
      await turns(given)
      expect(await world.job(given), 'what is cancelled waits for nobody').toMatchObject({ outcome: 'cancelled' })
      await world.ledger.cancel(first)
      await turns(first)
      expect(await world.job(first)).toMatchObject({ outcome: 'cancelled' })
      expect(await world.job(second)).toMatchObject({ outcome: 'succeeded' })
      await world.ledger.seal(arriving, null)
      await turns(arriving)
      expect(await value(c)).toEqual(['0'])
    })

    it('that end before they run are followed at once, too', async () => {
      const c = await world.collection()
      const first = await world.start({ kind: 'delete', ordered: true, select: [{ source: { collection: c, prefix: 'nothing/' } }] })
      const second = await start(c, '1')
      await turns(first)
      for (const job of [first, second]) expect(await state(job)).toBe('finished')
    })
  })

  describe('a job sealed with another before it', () => {
    it('comes after it, and after all that was acknowledged meanwhile', async () => {
      const c = await world.collection()
      const before = await world.start(clearing(c))
      const main = await start(c, 'after', { sealed: false })
      const meanwhile = await start(c, 'meanwhile')
      expect(await world.ledger.job(before)).toBeNull()
      const sealed = await world.ledger.seal(main, null, before)
      expect(sealed).toMatchObject({ id: main, ordered: true })
      expect(await world.job(before)).toMatchObject({ state: 'submitted', discovering: true })
      await turns(main)
      await turns(before)
      expect(await state(before)).toBe('submitted')
      await turns(meanwhile)
      for (const job of [meanwhile, before, main]) expect(await world.job(job)).toMatchObject({ state: 'finished', outcome: 'succeeded' })
      expect((await world.ledger.versions(c, 'x', { limit: 10 })).items.map(({ fields }) => fields['value'])).toEqual([['after'], undefined, ['meanwhile']])
      expect((await world.ledger.eventsAfter(0, 10, before)).map(({ type }) => type)).toEqual(['job.submitted', 'job.resolved', 'job.finished'])
    })

    it('waits for it also in another collection, and with nothing to do itself', async () => {
      const [c, d] = [await world.collection(), await world.collection()]
      await world.put(c, 'x', 'bytes', { fields: { value: ['old'] } })
      const before = await world.start(clearing(c))
      const main = await start(d, 'elsewhere', { sealed: false })
      await world.ledger.seal(main, null, before)
      await turns(main)
      expect(await state(main)).toBe('submitted')
      await turns(before)
      expect([await state(before), await state(main)]).toEqual(['finished', 'finished'])
      expect([await value(c), await value(d)]).toEqual([undefined, ['elsewhere']])

      const again = await world.start(clearing(d))
      const empty = await start(d, '', { sealed: false, items: [] })
      await world.ledger.seal(empty, null, again)
      await turns(empty)
      expect(await state(empty)).toBe('submitted')
      await turns(again)
      expect(await world.job(empty)).toMatchObject({ state: 'finished', outcome: 'succeeded', counts: { total: 0 } })
      expect(await value(d)).toBeUndefined()
    })

    it('is not sealed when that one cannot be: both stay as they are', async () => {
      const c = await world.collection()
      const main = await start(c, '1', { sealed: false })
      const gone = await world.start(clearing(c))
      await world.ledger.dropUnsealed(gone)
      await expect(world.ledger.seal(main, null, gone)).rejects.toThrow()
      const sealed = await start(c, '2')
      await expect(world.ledger.seal(main, null, sealed)).rejects.toThrow()
      expect(await world.ledger.job(main)).toBeNull()
      await world.ledger.seal(main, null)
      expect(await state(main)).toBe('submitted')
    })
  })

  describe('a job without any items', () => {
    it('is finished in its first turn', async () => {
      const { job } = await world.submit({ sealed: false })
      await world.ledger.seal(job.id, null)
      expect(await world.work(job.id)).toMatchObject({ state: 'finished', outcome: 'succeeded', discovering: false, counts: { total: 0 } })
      expect((await world.ledger.eventsAfter(0, 10, job.id)).map(({ type }) => type)).toEqual(['job.submitted', 'job.resolved', 'job.finished'])
      const cancelled = await world.submit({ sealed: false })
      await world.ledger.seal(cancelled.job.id, null)
      await world.ledger.cancel(cancelled.job.id)
      await turns(cancelled.job.id)
      expect(await world.job(cancelled.job.id)).toMatchObject({ state: 'finished', outcome: 'cancelled' })
    })

    it('does not end one that was worked on', async () => {
      const c = await world.collection()
      await world.put(c, 'a')
      const id = await world.start({ items: [item([c, 'a'], [c, 'b'])] })
      await world.lease(id)
      expect((await world.next(id)).do).toBe('nothing')
      expect(await state(id)).toBe('running')
    })
  })
}
