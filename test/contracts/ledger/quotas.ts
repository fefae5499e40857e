import { randomUUID } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { isWaybillError } from '../../../src/model/errors.ts'
import type { Quotas } from '../../../src/model/quotas.ts'
import { item, newJob, refusal, type Wish, type World } from './world.ts'

/** What subjects may have at once. */
export function quotasContract(world: World): void {
  const submit = (by: string, quotas: Quotas, wish: Wish = {}, ledger = world.ledger) =>
    ledger.createJob({ ...newJob({ by, kind: 'delete', ...wish }), quotas })
  const subject = (): string => `tenant-${randomUUID()}`

  /** How many of many calls at once pass; the others must be refused with the code. */
  async function passed(calls: readonly Promise<unknown>[], code: 'quota_in_use' | 'quota_exceeded'): Promise<number> {
    const outcomes = await Promise.allSettled(calls)
    for (const outcome of outcomes) if (outcome.status === 'rejected') expect(isWaybillError(outcome.reason, code)).toBe(true)
    return outcomes.filter(({ status }) => status === 'fulfilled').length
  }

  describe('quotas', () => {
    it('of unfinished jobs hold for many submissions at once, of several processes, and are free again when jobs finish', async () => {
      const [by, quotas] = [subject(), { unfinishedJobs: 3 }]
      const id = await world.collection(by)
      const another = await world.another()
      const items = [item([id, 'a'])]
      const at = (n: number) => (n % 2 === 0 ? world.ledger : another)
      expect(
        await passed(
          Array.from({ length: 12 }, (_, n) => submit(by, quotas, { items }, at(n))),
          'quota_in_use',
        ),
      ).toBe(3)
      expect(await world.ledger.usage(by, quotas)).toEqual({ unfinishedJobs: 3 })
      const refused = await refusal(submit(by, quotas, { items }), 'quota_in_use')
      expect(refused.message).toBe('your quota unfinishedJobs is 3, and 3 are in use; wait until one of your jobs is finished')
      expect(refused.facts.retryAfterSeconds).toBeGreaterThan(0)
      const { items: jobs } = await world.ledger.jobs({ visibleTo: by }, { limit: 10 })
      await world.work(jobs[0]?.id ?? '')
      await submit(by, quotas, { items })
      await submit(subject(), quotas, { items })
      await another.close()
    })

    it('of unfinished items count what waits, and manifests as they arrive', async () => {
      const [by, quotas] = [subject(), { unfinishedJobs: 100, unfinishedItems: 5 }]
      const id = await world.collection(by)
      const items = (n: number) => Array.from({ length: n }, (_, at) => item([id, `f${at}`]))
      await refusal(submit(by, quotas, { items: items(6) }), 'quota_exceeded')
      expect(
        await passed(
          Array.from({ length: 6 }, () => submit(by, quotas, { items: items(2) })),
          'quota_in_use',
        ),
      ).toBe(2)
      expect(await world.ledger.usage(by, quotas)).toEqual({ unfinishedJobs: 2, unfinishedItems: 4 })
      const { job } = await submit(by, quotas, { sealed: false })
      await world.ledger.appendItems(job.id, items(1), quotas)
      await refusal(world.ledger.appendItems(job.id, items(1), quotas), 'quota_in_use')
      await world.ledger.dropUnsealed(job.id)
      await submit(by, quotas, { items: items(1) })
    })

    it('answer a submission that is repeated as before', async () => {
      const [by, quotas] = [subject(), { unfinishedJobs: 1 }]
      const wish = { key: randomUUID(), items: [item([await world.collection(by), 'a'])] }
      await submit(by, quotas, wish)
      expect(await submit(by, quotas, wish)).toMatchObject({ replayed: true })
    })

    it('of collections hold for many at once, and for those that are there', async () => {
      const [createdBy, quotas] = [subject(), { collections: 2 }]
      const make = () => {
        const id = `c-${randomUUID()}`
        return world.ledger.createCollection({ id, name: id, store: 'local', attributes: {}, createdBy, quotas })
      }
      expect(await passed(Array.from({ length: 8 }, make), 'quota_exceeded')).toBe(2)
      expect(await world.ledger.usage(createdBy, quotas)).toEqual({ collections: 2 })
      const [first] = (await world.ledger.collections(createdBy, {}, { limit: 1 })).items
      await world.ledger.deleteCollection(first?.id ?? '', createdBy)
      await make()
      await refusal(make(), 'quota_exceeded')
    })
  })
}
