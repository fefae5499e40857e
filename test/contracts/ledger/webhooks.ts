import { describe, expect, it } from 'vitest'
import { v7 } from 'uuid'
import { EVENT_TYPES } from '../../../src/model/event.ts'
import type { Job } from '../../../src/model/job.ts'
import { MOST_WEBHOOKS } from '../../../src/model/webhook.ts'
import type { DeliveryResult, NewWebhook, WebhookClaim } from '../../../src/ports/ledger.ts'
import { DAY_MS, HOUR_MS, LEASE_MS, item, newJob, refusal, type World } from './world.ts'

const SECRET = Buffer.from('sealed')
const BATCH = 100

/** Hooks and what is still to be sent to them (src/ports/webhook-ledger.ts). */
export function webhooksContract(world: World): void {
  describe('webhooks', () => {
    const hook = (wish: Partial<NewWebhook>): NewWebhook => ({
      ...{ id: v7(), url: 'https://example.org/', collection: null, job: null, events: EVENT_TYPES, secret: SECRET, createdBy: 'alice' },
      ...wish,
    })

    async function spread(limit = 1_000): Promise<boolean> {
      for (;;) {
        const { active, more } = await world.ledger.webhooks.spread(limit)
        if (!more) return active
      }
    }

    /** Claims what is due to a hook, among those of other tests. */
    async function claim(id: string, worker = 'w'): Promise<WebhookClaim | null> {
      await spread()
      for (;;) {
        const claimed = await world.ledger.webhooks.claim(worker, LEASE_MS, BATCH)
        if (claimed === null || claimed.hook.id === id) return claimed
      }
    }

    const delivered = ({ due }: WebhookClaim): DeliveryResult[] =>
      due.map(({ event }) => ({ event: event.id, state: 'delivered', status: 204, error: null, nextAt: null }))
    const settle = (claimed: WebhookClaim, results = delivered(claimed), more: { notBefore?: number; disabled?: string } = {}): Promise<boolean> =>
      world.ledger.webhooks.settle(claimed, { results, notBefore: more.notBefore ?? null, disabled: more.disabled ?? null })
    const types = (claimed: WebhookClaim | null): string[] => (claimed?.due ?? []).map(({ event }) => event.type)
    const some = <T>(value: T | null): T => {
      if (value === null) throw new Error('expected something')
      return value
    }

    /** A job that fails, and is finished. */
    async function fail(c: string, more: Parameters<typeof newJob>[0] = {}): Promise<Job> {
      const { job } = await world.ledger.createJob(newJob({ kind: 'delete', items: [item([c, 'none'])], ...more }))
      for (let more = true; more;) {
        const turn = await world.ledger.takeTurn(job.id, 'w', LEASE_MS)
        more = turn.do === 'worked' && turn.more
      }
      return job
    }
    const FAILED = ['job.submitted', 'job.resolved', 'item.failed', 'job.finished']

    async function remove(...ids: string[]): Promise<void> {
      for (const id of ids) await world.ledger.webhooks.remove(id)
    }

    it('of a collection are told what happens from then on, of the types that they want', async () => {
      const c = await world.collection()
      await fail(c)
      const all = await world.ledger.webhooks.create(hook({ collection: c }))
      const ends = await world.ledger.webhooks.create(hook({ collection: c, events: ['job.finished'] }))
      expect(all).toMatchObject({ collection: c, job: null, state: 'active', createdBy: 'alice', pending: 0, events: [...EVENT_TYPES] })
      await fail(await world.collection())
      const job = await fail(c)
      const claimed = some(await claim(all.id))
      expect(types(claimed)).toEqual(FAILED)
      expect(claimed.due[2]).toMatchObject({ attempts: 0, since: null, event: { job: job.id, data: { source: { collection: c, path: 'none' } } } })
      expect(Buffer.from(claimed.secret).equals(SECRET)).toBe(true)
      expect(await world.ledger.webhooks.get(all.id)).toMatchObject({ pending: 4 })
      expect(await settle(claimed)).toBe(true)
      expect(await world.ledger.webhooks.get(all.id)).toMatchObject({ pending: 0, state: 'active', lastStatus: 204, lastDeliveryAt: world.clock.now() })
      expect(await claim(all.id)).toBeNull()
      const { items } = await world.ledger.webhooks.deliveries(all.id, { limit: 2 })
      expect(items).toMatchObject([
        { type: 'job.finished', state: 'delivered', attempts: 1, status: 204, nextAttemptAt: null, job: job.id },
        { type: 'item.failed' },
      ])
      world.clock.advance(LEASE_MS) // the claim above took it, too
      expect(types(await claim(ends.id))).toEqual(['job.finished'])
      await remove(all.id, ends.id)
    })

    it('of a job are told its events from the first, once each, whenever they are made', async () => {
      const c = await world.collection()
      const id = v7()
      const job = await fail(c)
      const later = await fail(c)
      const late = await world.ledger.webhooks.create(hook({ job: job.id }))
      const with_ = {
        ...newJob({ kind: 'delete', items: [item([c, 'none'])] }),
        webhook: { id, url: 'https://example.org/b', events: EVENT_TYPES, secret: SECRET },
      }
      const { job: hooked } = await world.ledger.createJob(with_)
      for (let more = true; more;) {
        const turn = await world.ledger.takeTurn(hooked.id, 'w', LEASE_MS)
        more = turn.do === 'worked' && turn.more
      }
      await spread(1) // an event at a time
      const first = some(await claim(late.id))
      expect(types(first)).toEqual(FAILED)
      expect(first.due.every(({ event }) => event.job === job.id)).toBe(true)
      await settle(first)
      world.clock.advance(LEASE_MS)
      const second = some(await claim(id))
      expect(second.hook).toMatchObject({ job: hooked.id, createdBy: 'alice', submittedBy: 'alice' })
      expect(types(second)).toEqual(FAILED)
      await world.ledger.retry(job.id, ['failed'])
      for (let more = true; more;) {
        const turn = await world.ledger.takeTurn(job.id, 'w', LEASE_MS)
        more = turn.do === 'worked' && turn.more
      }
      await fail(c)
      expect(types(await claim(late.id))).toEqual(['item.failed', 'job.finished'])
      expect((await world.ledger.webhooks.list({ job: later.id }, { limit: 10 })).items).toEqual([])
      await remove(late.id, id)
    })

    it('are sent to by one at a time; a lease that is over is taken over, and what its holder says then is nothing', async () => {
      const c = await world.collection()
      const { id } = await world.ledger.webhooks.create(hook({ collection: c }))
      await fail(c)
      const first = some(await claim(id, 'one'))
      expect(await claim(id, 'other')).toBeNull()
      await fail(c) // nor does more of it give it away
      expect(await claim(id, 'other')).toBeNull()
      world.clock.advance(LEASE_MS)
      const second = some(await claim(id, 'other'))
      expect(second.due.length).toBe(8)
      expect(await settle(first)).toBe(false)
      expect(await world.ledger.webhooks.get(id)).toMatchObject({ pending: 8 })
      expect(await settle(second)).toBe(true)
      expect(await world.ledger.webhooks.get(id)).toMatchObject({ pending: 0 })
      await remove(id)
    })

    it('that fail are tried with one event, not before their time; one that takes something goes on', async () => {
      const c = await world.collection()
      const { id } = await world.ledger.webhooks.create(hook({ collection: c }))
      await fail(c)
      const now = world.clock.now()
      const first = some(await claim(id))
      const failed = (event: number, nextAt: number): DeliveryResult[] => [{ event, state: 'pending', status: 500, error: 'no', nextAt }]
      await settle(first, failed(first.due[0]?.event.id ?? 0, now + 5_000), { notBefore: now + 5_000 })
      expect(await world.ledger.webhooks.get(id)).toMatchObject({ state: 'failing', lastStatus: 500, lastError: 'no', pending: 4 })
      expect(await claim(id)).toBeNull()
      expect(await world.ledger.webhooks.dueAt()).toBeLessThanOrEqual(now + 5_000)
      world.clock.advance(4_999)
      expect(await claim(id)).toBeNull()
      world.clock.advance(1)
      const second = some(await claim(id))
      expect(second).toMatchObject({ failingSince: now, failures: 1 })
      // the one that was tried, then one that was not, by turns
      expect(second.due.map(({ attempts }) => attempts)).toEqual([1])
      await settle(second, failed(second.due[0]?.event.id ?? 0, now + 9_000), { notBefore: now + 8_000 })
      world.clock.advance(3_000)
      const other = some(await claim(id))
      expect(other).toMatchObject({ failures: 2, failingSince: now })
      expect(other.due.map(({ attempts }) => attempts)).toEqual([0])
      await settle(other)
      world.clock.advance(1_000)
      expect(await world.ledger.webhooks.get(id)).toMatchObject({ state: 'active', pending: 3, lastError: null })
      const third = some(await claim(id))
      expect(third.due.map(({ attempts, since }) => ({ attempts, since }))).toEqual([
        { attempts: 0, since: null },
        { attempts: 0, since: null },
        { attempts: 2, since: now },
      ])
      await settle(third, [{ event: third.due[2]?.event.id ?? 0, state: 'abandoned', status: 500, error: 'no', nextAt: null }])
      expect(await world.ledger.webhooks.get(id)).toMatchObject({ pending: 2 })
      await remove(id)
    })

    it('that are disabled get nothing until they are enabled, and then what was pending', async () => {
      const c = await world.collection()
      const { id } = await world.ledger.webhooks.create(hook({ collection: c }))
      await fail(c)
      await settle(some(await claim(id)), [], { disabled: 'Gone.' })
      expect(await world.ledger.webhooks.get(id)).toMatchObject({ state: 'disabled', lastError: 'Gone.', pending: 4 })
      await fail(c)
      expect(await claim(id)).toBeNull()
      expect(await world.ledger.webhooks.enable(id)).toMatchObject({ state: 'active', pending: 4, lastError: null })
      expect(types(await claim(id))).toEqual(FAILED)
      await remove(id)
    })

    it('lose nothing when their job is purged before: its events, and who may see it, stay until they are delivered', async () => {
      const c = await world.collection()
      const of = await world.ledger.webhooks.create(hook({ collection: c }))
      const job = await fail(c, { by: 'bob', retentionMs: 1_000 })
      const its = await world.ledger.webhooks.create(hook({ job: job.id }))
      // nothing was spread yet
      world.clock.advance(1_000)
      while ((await world.ledger.purge(2)) > 0);
      await refusal(world.ledger.job(job.id), 'job_expired')
      expect(await world.ledger.eventsAfter(0, 10, job.id)).toEqual([])
      const first = some(await claim(of.id))
      expect(types(first)).toEqual(FAILED)
      expect(first.due[2]?.event).toMatchObject({ job: job.id, data: { source: { path: 'none' } } })
      await settle(first)
      world.clock.advance(LEASE_MS)
      const second = some(await claim(its.id))
      expect(second.hook).toMatchObject({ job: job.id, submittedBy: 'bob' })
      expect(types(second)).toEqual(FAILED)
      expect(await world.ledger.administers('alice', job.id)).toBe(true)
      await settle(second)
      // its job is gone, and nothing is left to be told
      expect(await world.ledger.webhooks.get(its.id)).toBeNull()
      world.clock.advance(DAY_MS + HOUR_MS)
      while ((await world.ledger.purge(1_000)) > 0);
      expect(await world.ledger.administers('alice', job.id)).toBe(false)
      expect((await world.ledger.webhooks.deliveries(of.id, { limit: 10 })).items).toEqual([])
      await remove(of.id)
    })

    it('go with their collection, with a job that was never acknowledged, and when they are removed', async () => {
      const c = await world.collection()
      const { id } = await world.ledger.webhooks.create(hook({ collection: c }))
      await fail(c)
      await spread()
      await world.ledger.deleteCollection(c, 'alice')
      expect(await world.ledger.webhooks.get(id)).toBeNull()
      expect(await claim(id)).toBeNull()
      await refusal(world.ledger.webhooks.remove(id), 'webhook_not_found')
      const arriving = { ...newJob({ sealed: false }), webhook: { id: v7(), url: 'https://example.org/', events: EVENT_TYPES, secret: SECRET } }
      await world.ledger.createJob(arriving)
      expect(await world.ledger.webhooks.get(arriving.webhook.id)).toBeNull()
      await world.ledger.dropUnsealed(arriving.id)
      while ((await world.ledger.purge(1_000)) > 0);
      await refusal(world.ledger.webhooks.enable(arriving.webhook.id), 'webhook_not_found')
    })

    it('that are removed while they are sent to are sent nothing after a start', async () => {
      const c = await world.collection()
      const { id } = await world.ledger.webhooks.create(hook({ collection: c }))
      await fail(c)
      some(await claim(id))
      await remove(id)
      await world.ledger.recover()
      expect(await claim(id)).toBeNull()
    })

    it('are listed oldest first, and counted', async () => {
      const c = await world.collection()
      const made: string[] = []
      for (let n = 0; n < MOST_WEBHOOKS; n++) made.push((await world.ledger.webhooks.create(hook({ collection: c, createdBy: `maker-${c}` }))).id)
      await refusal(world.ledger.webhooks.create(hook({ collection: c })), 'too_many_webhooks')
      const first = await world.ledger.webhooks.list({ collection: c }, { limit: 15 })
      const rest = await world.ledger.webhooks.list({ collection: c }, { limit: 15, cursor: some(first.nextCursor) })
      expect([...first.items, ...rest.items].map(({ id }) => id)).toEqual(made)
      expect(rest.nextCursor).toBeNull()
      expect((await world.ledger.webhooks.list({ createdBy: `maker-${c}` }, { limit: 100 })).items.length).toBe(MOST_WEBHOOKS)
      await refusal(world.ledger.webhooks.create(hook({ collection: 'none' })), 'collection_not_found')
      await refusal(world.ledger.webhooks.create(hook({ job: v7() })), 'job_not_found')
      expect(await world.ledger.webhooks.get('nonsense')).toBeNull()
      await remove(...made)
      expect(await spread()).toBe(false)
      expect(await world.ledger.webhooks.dueAt()).toBeNull()
    })
  })
}
