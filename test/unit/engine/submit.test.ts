import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { ErrorCode } from '../../../src/model/errors.ts'
import type { SubmitItem } from '../../../src/model/job.ts'
import { refusal } from '../../contracts/ledger/world.ts'
import { ALICE, caller, command, itemsOf, MAX_ITEMS, openHouse, OPTIONS, put, type House } from './house.ts'

let house: House
let own = ''
let other = ''
beforeAll(async () => {
  house = await openHouse()
})
afterAll(() => house.close())
beforeEach(async () => {
  own = (await house.engine.collections.create(ALICE, {})).id
  other = (await house.engine.collections.create(caller('root'), {})).id
})

type Wish = Parameters<typeof command>[0]

function good(path = 'a'): SubmitItem {
  return { source: { collection: own, path }, destination: { collection: own, path: `copy/${path}` } }
}

/** Submits and returns the pointers of the refusal. */
async function pointers(wish: Wish, code: ErrorCode): Promise<string[]> {
  const before = (await house.engine.jobs.list(ALICE, {}, { limit: 1000 })).items.length
  const { facts, message } = await refusal(house.engine.jobs.submit(ALICE, command(wish)), code)
  expect(message).not.toBe('')
  expect((await house.engine.jobs.list(ALICE, {}, { limit: 1000 })).items, 'nothing is queued').toHaveLength(before)
  return (facts.errors ?? []).map(({ pointer }) => pointer)
}

const badItem = (item: unknown): SubmitItem => item as SubmitItem

describe('a submission', () => {
  it('is stored whole before its id is given out', async () => {
    await house.engine.stop()
    const { job, replayed } = await house.engine.jobs.submit(
      ALICE,
      command({ label: 'x', items: [good('a'), good('b')], select: [{ source: { collection: own }, destination: { collection: own, prefix: 'all/' } }] }),
    )
    expect(replayed).toBe(false)
    expect(job).toMatchObject({ state: 'submitted', discovering: true, label: 'x', submittedBy: 'alice', counts: { total: 2, pending: 2 } })
    expect((await itemsOf(house, job.id)).map(({ source }) => source.path)).toEqual(['a', 'b'])
    await house.close()
    house = await openHouse()
  })

  it('needs something to do, and not too much of it', async () => {
    expect(await pointers({}, 'invalid_request')).toEqual([])
    expect(await pointers({ items: Array.from({ length: MAX_ITEMS + 1 }, () => good()) }, 'too_many_items')).toEqual([])
    const select = { source: { collection: own, prefix: 'none/' }, destination: { collection: own } }
    expect(await pointers({ select: Array.from({ length: 1_001 }, () => select) }, 'too_many_items')).toEqual([])
    await house.engine.jobs.submit(ALICE, command({ items: Array.from({ length: MAX_ITEMS }, () => good()) }))
  })

  it('is told every bad path, with its place', async () => {
    const items = ['/a', 'a/../b', 'a//b', 'a\u0000', '', 'x'.repeat(1025), '\ud800', 'fine', './a'].map(path => good(path))
    expect(await pointers({ items: items.map(item => ({ source: item.source, destination: { collection: own, path: 'x' } })) }, 'invalid_path')).toEqual(
      [0, 1, 2, 3, 4, 5, 6, 8].map(n => `/items/${n}/source/path`),
    )
    expect(await pointers({ items: [good(), { ...good(), destination: { collection: own, path: '../x' } }] }, 'invalid_path')).toEqual([
      '/items/1/destination/path',
    ])
    const select = [{ source: { collection: own, prefix: '../' }, destination: { collection: own, prefix: '/x' } }]
    expect(await pointers({ select }, 'invalid_path')).toEqual(['/select/0/source/prefix', '/select/0/destination/prefix'])
  })

  it('is told every bad shape, with its place', async () => {
    const source = { collection: own, path: 'a' }
    const items = [
      badItem({ source }),
      { ...good(), fields: {} },
      { ...good(), source: { ...source, ifMatch: 'FF' } },
      { ...good(), source: { ...source, version: 0 } },
      { ...good(), source: { ...source, version: 1.5 } },
      { ...good(), destination: { collection: own, ifMatch: 'x' } },
      { ...good(), destination: { collection: own, ifMatch: 'f'.repeat(32), ifNoneMatch: '*' as const } },
    ]
    expect(await pointers({ items }, 'invalid_request')).toEqual([
      '/items/0/destination',
      '/items/1/fields',
      '/items/2/source/ifMatch',
      '/items/3/source/version',
      '/items/4/source/version',
      '/items/5/destination/ifMatch',
      '/items/6/destination',
    ])
    expect(await pointers({ kind: 'delete', items: [good(), { source, fields: {} }] }, 'invalid_request')).toEqual(['/items/0/destination', '/items/1/fields'])
    expect(await pointers({ kind: 'update', items: [{ source }, { ...good(), fields: {} }] }, 'invalid_request')).toEqual([
      '/items/0/fields',
      '/items/1/destination',
    ])
    const select = [{ source: { collection: own, glob: '[a' } }, { source: { collection: own }, destination: { collection: own }, fields: {} }]
    expect(await pointers({ select }, 'invalid_request')).toEqual(['/select/0/source/glob', '/select/0/destination', '/select/1/fields'])
  })

  it('is told bad options', async () => {
    for (const [wish, pointer] of [
      [{ kind: 'rename' }, '/kind'],
      [{ conflict: 'ask' }, '/conflict'],
      [{ verify: 'all' }, '/verify'],
      [{ priority: 0 }, '/priority'],
      [{ priority: 10 }, '/priority'],
      [{ priority: 1.5 }, '/priority'],
      [{ label: 'x'.repeat(201) }, '/label'],
    ] as const) {
      expect(await pointers({ items: [good()], ...(wish as object) }, 'invalid_request')).toEqual([pointer])
    }
  })

  it('is told at most a hundred faults at once', async () => {
    const items = Array.from({ length: MAX_ITEMS }, () => ({
      source: { collection: own, path: '/' },
      destination: { collection: own, path: '/', ifMatch: 'x' },
    }))
    expect(await pointers({ items }, 'invalid_path')).toHaveLength(100)
  })

  it('names every collection it may not use, the unknown before the weak', async () => {
    await house.engine.collections.setGrant(caller('root'), other, 'alice', 'readonly')
    const unknown = `c-${randomUUID()}`
    const items = [
      good(),
      { source: { collection: other, path: 'a' }, destination: { collection: own } },
      { source: { collection: own, path: 'a' }, destination: { collection: other } },
      { source: { collection: unknown, path: 'a' }, destination: { collection: own } },
    ]
    expect(await pointers({ items }, 'collection_not_found')).toEqual(['/items/3/source/collection'])
    expect(await pointers({ items: items.slice(0, 3) }, 'insufficient_role')).toEqual(['/items/2/destination/collection'])
    const select = [{ source: { collection: other }, destination: { collection: unknown } }]
    expect(await pointers({ items: [good()], select }, 'collection_not_found')).toEqual(['/select/0/destination/collection'])
    expect(await pointers({ kind: 'delete', select: [{ source: { collection: other } }] }, 'insufficient_role')).toEqual(['/select/0/source/collection'])
  })

  it('on locked places is refused only where that is asked for', async () => {
    await put(house, own, 'a')
    await house.ledger.setGrant(own, 'bob', 'readwrite')
    const lock = await house.engine.locks.acquire(caller('bob'), own, 'copy', { ttlSeconds: 60 })
    const refused = house.engine.jobs.submit(ALICE, command({ items: [good()] }), { refuseLocked: true })
    expect((await refusal(refused, 'locked')).facts).toMatchObject({ holder: 'bob', expiresAt: lock.expiresAt })
    await house.engine.jobs.submit(caller('bob'), command({ items: [good()] }), { refuseLocked: true })
    const { job } = await house.engine.jobs.submit(ALICE, command({ items: [good()] }))
    expect(await house.engine.jobs.wait(ALICE, job.id, 1000)).toMatchObject({ outcome: 'failed' })
    expect((await itemsOf(house, job.id))[0]?.reason?.code).toBe('locked')
  })

  it('of the same key and body is the same job; another body is refused', async () => {
    const idempotency = { key: randomUUID(), fingerprint: 'one' }
    const submit = (fingerprint: string): ReturnType<typeof house.engine.jobs.submit> =>
      house.engine.jobs.submit(ALICE, command({ items: [good()] }), { idempotency: { ...idempotency, fingerprint } })
    const [first, second] = await Promise.all([submit('one'), submit('one')])
    expect([first.job.id, first.replayed, second.replayed]).toEqual([second.job.id, false, true])
    await refusal(submit('two'), 'idempotency_mismatch')
  })
})

describe('a manifest', () => {
  const options = OPTIONS

  async function open(key?: string): Promise<Exclude<Awaited<ReturnType<typeof house.engine.jobs.openManifest>>, { replay: unknown }>['intake']> {
    const opened = await house.engine.jobs.openManifest(ALICE, options, key)
    if (!('intake' in opened)) throw new Error('expected a new manifest')
    return opened.intake
  }

  it('is taken in batches, any number of items, and runs when it is sealed', async () => {
    await put(house, own, 'a')
    const intake = await open()
    for (let batch = 0; batch < 3; batch++)
      await intake.append(Array.from({ length: MAX_ITEMS }, (_, n) => ({ ...good(), destination: { collection: own, path: `m/${batch}/${n}` } })))
    const { job } = await intake.seal('body')
    expect(job.counts.total).toBe(3 * MAX_ITEMS)
    expect(await house.engine.jobs.wait(ALICE, job.id, 1000)).toMatchObject({ state: 'finished', outcome: 'succeeded', counts: { done: 3 * MAX_ITEMS } })
  })

  it('is checked as it comes; pointers count from its first item', async () => {
    const intake = await open()
    await intake.append([good(), good()])
    const bad = await refusal(intake.append([good(), good('../x')]), 'invalid_path')
    expect(bad.facts.errors?.map(({ pointer }) => pointer)).toEqual(['/items/3/source/path', '/items/3/destination/path'].slice(0, bad.facts.errors?.length))
    const foreign = await refusal(intake.append([{ source: { collection: own, path: 'a' }, destination: { collection: other } }]), 'collection_not_found')
    expect(foreign.facts.errors).toMatchObject([{ pointer: '/items/2/destination/collection' }])
    await intake.abort()
  })

  it('that is given up leaves no job, and its key is free', async () => {
    const key = randomUUID()
    const intake = await open(key)
    await intake.append([good()])
    await refusal(house.engine.jobs.openManifest(ALICE, options, key), 'idempotency_in_progress')
    await intake.abort()
    expect((await house.engine.jobs.listForCollection(ALICE, own, {}, { limit: 10 })).items).toEqual([])
    await (await open(key)).abort()
  })

  it('with nothing in it is refused', async () => {
    const intake = await open()
    await refusal(intake.seal('body'), 'invalid_manifest')
    await intake.abort()
  })

  it('of bad options is not even opened', async () => {
    await refusal(house.engine.jobs.openManifest(ALICE, { ...options, priority: 99 }), 'invalid_request')
  })

  it('sent again answers the same job when the body is the same', async () => {
    const key = randomUUID()
    const intake = await open(key)
    await intake.append([good()])
    const { job } = await intake.seal('body')
    const again = await house.engine.jobs.openManifest(ALICE, options, key)
    if (!('replay' in again)) throw new Error('expected a replay')
    await refusal(again.replay.finish('another body'), 'idempotency_mismatch')
    expect(await again.replay.finish('body')).toMatchObject({ replayed: true, job: { id: job.id } })
    await refusal(house.engine.jobs.submit(ALICE, command({ items: [good()] }), { idempotency: { key, fingerprint: 'json' } }), 'idempotency_mismatch')
    await (await open(randomUUID())).abort()
  })
})
