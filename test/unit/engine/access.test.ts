import { randomUUID } from 'node:crypto'
import { Readable } from 'node:stream'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Engine } from '../../../src/engine/api.ts'
import type { Caller } from '../../../src/model/access.ts'
import { ROLES, roleAtLeast, type Role } from '../../../src/model/collection.ts'
import type { WaybillError } from '../../../src/model/errors.ts'
import type { JobKind } from '../../../src/model/job.ts'
import { refusal } from '../../contracts/ledger/world.ts'
import { ALICE, caller, command, itemsOf, openHouse, put, run, type House } from './house.ts'

let house: House
beforeAll(async () => {
  house = await openHouse()
})
afterAll(() => house.close())

const PAGE = { limit: 10 }

/** What the caller has of its own, to be the other end of jobs. */
interface Around {
  readonly own: string
  readonly job: string
}

type Call = (engine: Engine, who: Caller, collection: string, around: Around) => Promise<unknown>

function submits(kind: JobKind, end: 'source' | 'destination'): Call {
  return (engine, who, collection, { own }) => {
    const [from, to] = end === 'source' ? [collection, own] : [own, collection]
    const transfer = kind === 'copy' || kind === 'move' ? { destination: { collection: to, path: 'x' } } : {}
    const item = { source: { collection: from, path: 'a' }, ...transfer, ...(kind === 'update' ? { fields: {} } : {}) }
    return engine.jobs.submit(who, command({ kind, items: [item] }))
  }
}

/** Every call that names a collection, and the weakest role that may make it. */
const CALLS: readonly (readonly [string, Role, Call])[] = [
  ['collections.get', 'readonly', (e, who, c) => e.collections.get(who, c)],
  ['collections.get of admins', 'admin', (e, who, c) => e.collections.get(who, c, 'admin')],
  ['collections.update', 'admin', (e, who, c) => e.collections.update(who, c, { name: 'x' })],
  ['collections.update of writers', 'readwrite', (e, who, c) => e.collections.update(who, c, { name: 'x' }, 'readwrite')],
  ['collections.remove', 'owner', (e, who, c) => e.collections.remove(who, c)],
  ['collections.grants', 'admin', (e, who, c) => e.collections.grants(who, c, PAGE)],
  ['collections.setGrant', 'admin', (e, who, c) => e.collections.setGrant(who, c, 'guest', 'readonly')],
  ['collections.removeGrant', 'admin', (e, who, c) => e.collections.removeGrant(who, c, 'reader')],
  ['entries.list', 'readonly', (e, who, c) => e.entries.list(who, c, {}, PAGE)],
  ['entries.stat', 'readonly', (e, who, c) => e.entries.stat(who, c, 'a')],
  ['entries.stat of a version', 'readonly', (e, who, c) => e.entries.stat(who, c, 'a', 1)],
  ['entries.open', 'readonly', (e, who, c) => e.entries.open(who, c, 'a')],
  ['entries.versions', 'readonly', (e, who, c) => e.entries.versions(who, c, 'a', PAGE)],
  ['entries.put', 'readwrite', (e, who, c) => e.entries.put(who, c, 'new', Readable.from([Buffer.from('x')]), {})],
  ['entries.remove', 'readwrite', (e, who, c) => e.entries.remove(who, c, 'a')],
  ['entries.patch', 'readwrite', (e, who, c) => e.entries.patch(who, c, 'a', { fields: { x: 1 } })],
  ['locks.acquire', 'readwrite', (e, who, c) => e.locks.acquire(who, c, 'a', { ttlSeconds: 5 })],
  ['locks.release', 'readwrite', (e, who, c) => e.locks.release(who, c, 'held')],
  ['locks.over', 'readonly', (e, who, c) => e.locks.over(who, c, 'a')],
  ['locks.refuse', 'readonly', (e, who, c) => e.locks.refuse(who, c, null)],
  ['copy from', 'readonly', submits('copy', 'source')],
  ['copy to', 'readwrite', submits('copy', 'destination')],
  ['move from', 'readwrite', submits('move', 'source')],
  ['move to', 'readwrite', submits('move', 'destination')],
  ['delete', 'readwrite', submits('delete', 'source')],
  ['update', 'readwrite', submits('update', 'source')],
  [
    'select from',
    'readonly',
    (e, who, c, { own }) => e.jobs.submit(who, command({ select: [{ source: { collection: c }, destination: { collection: own } }] })),
  ],
  [
    'select to',
    'readwrite',
    (e, who, c, { own }) => e.jobs.submit(who, command({ select: [{ source: { collection: own }, destination: { collection: c } }] })),
  ],
  ['jobs.listForCollection', 'readonly', (e, who, c) => e.jobs.listForCollection(who, c, {}, PAGE)],
  ['jobs.reportForCollection', 'readonly', async (e, who, c, { job }) => (await e.jobs.reportForCollection(who, job, c)).items[Symbol.asyncIterator]().next()],
]

describe('who may do what with a collection', () => {
  /** A collection of root's with something in it, a lock of the subject's, and a job over it. */
  async function stage(subject: string, role: Role | null): Promise<{ collection: string; around: Around }> {
    const { engine, ledger } = house
    const root = caller('root')
    const { id } = await engine.collections.create(root, {})
    const own = (await engine.collections.create(caller(subject), {})).id
    await put(house, id, 'a', 'bytes', root)
    await engine.collections.setGrant(root, id, 'reader', 'readonly')
    const { job } = await engine.jobs.submit(
      root,
      command({ items: [{ source: { collection: id, path: 'missing' }, destination: { collection: id, path: 'x' } }] }),
    )
    await engine.jobs.wait(root, job.id, 1000)
    if (role !== null) await engine.collections.setGrant(root, id, subject, role)
    await ledger.acquireLock({ collection: id, path: 'held', holder: subject, reason: null, ttlMs: 1000 })
    return { collection: id, around: { own, job: job.id } }
  }

  /** The refusal's words without the collection's own name. */
  function shape(error: WaybillError, collection: string): unknown {
    return JSON.parse(JSON.stringify({ code: error.code, message: error.message, facts: error.facts }).replaceAll(collection, 'C'))
  }

  for (const [name, least, call] of CALLS) {
    it(`${name}: ${least} and stronger; to all others unknown and forbidden look the same`, async () => {
      for (const role of ROLES) {
        const subject = `s-${randomUUID()}`
        const { collection, around } = await stage(subject, role)
        const called = call(house.engine, caller(subject), collection, around)
        if (!roleAtLeast(role, least)) await refusal(called, 'insufficient_role')
        else if (name === 'collections.remove') await refusal(called, 'collection_not_empty')
        else await called
      }
      const subject = `s-${randomUUID()}`
      const { collection, around } = await stage(subject, null)
      const unknown = `c-${randomUUID()}`
      const forbidden = await refusal(call(house.engine, caller(subject), collection, around), 'collection_not_found')
      const missing = await refusal(call(house.engine, caller(subject), unknown, around), 'collection_not_found')
      expect(shape(forbidden, collection)).toEqual(shape(missing, unknown))
    })
  }

  it('says nothing of a locked or full collection to outsiders either', async () => {
    const { collection } = await stage(`s-${randomUUID()}`, null)
    house.clock.advance(1000)
    await house.engine.locks.acquire(caller('root'), collection, null, { ttlSeconds: 60 })
    for (const call of [
      house.engine.entries.put(caller('outsider'), collection, 'a', Readable.from([]), { conditions: { ifNoneMatch: '*' } }),
      house.engine.entries.put(caller('outsider'), collection, '../bad', Readable.from([]), {}),
      house.engine.locks.acquire(caller('outsider'), collection, null, { ttlSeconds: 1 }),
    ]) {
      await refusal(call, 'collection_not_found')
    }
  })

  it('asks again for the grant when the last byte has come: a body may be longer on its way than the grant lasts', async () => {
    const { engine } = house
    const MALLORY = caller('mallory')
    const { id } = await engine.collections.create(MALLORY, {})
    const slowly = async function* (): AsyncGenerator<Buffer> {
      yield Buffer.from('begun')
      await engine.collections.remove(MALLORY, id)
      await engine.collections.create(ALICE, { id })
      yield Buffer.from('ended')
    }
    await refusal(engine.entries.put(MALLORY, id, 'planted', Readable.from(slowly(), { objectMode: false }), {}), 'collection_not_found')
    expect((await engine.entries.list(ALICE, id, { deleted: true }, PAGE)).items).toEqual([])
  })

  it('hands out no role stronger than the giver has', async () => {
    const { collection } = await stage('deputy', 'admin')
    const deputy = caller('deputy')
    await refusal(house.engine.collections.setGrant(deputy, collection, 'deputy', 'owner'), 'insufficient_role')
    await refusal(house.engine.collections.setGrant(deputy, collection, 'root', 'readonly'), 'insufficient_role')
    await refusal(house.engine.collections.removeGrant(deputy, collection, 'root'), 'insufficient_role')
    await house.engine.collections.setGrant(deputy, collection, 'friend', 'admin')
    await refusal(house.engine.collections.removeGrant(caller('root'), collection, 'root'), 'last_owner')
    await refusal(house.engine.collections.setGrant(deputy, collection, ' spaced', 'readonly'), 'invalid_request')
    await refusal(house.engine.collections.removeGrant(deputy, collection, 'nobody'), 'grant_not_found')
  })

  it('lets an admin release the lock of somebody else, a writer only its own', async () => {
    const { collection } = await stage('writer', 'readwrite')
    await house.engine.locks.acquire(caller('root'), collection, 'b', { ttlSeconds: 60 })
    expect((await refusal(house.engine.locks.release(caller('writer'), collection, 'b'), 'locked')).facts.holder).toBe('root')
    await house.engine.locks.release(caller('root'), collection, 'held')
    await refusal(house.engine.locks.release(caller('root'), collection, 'held'), 'lock_not_found')
    for (const ttlSeconds of [0, 0.5, 1.5, -1, Number.NaN, Infinity, 1e9]) {
      await refusal(house.engine.locks.acquire(caller('root'), collection, 'c', { ttlSeconds }), 'invalid_request')
    }
    await refusal(house.engine.locks.acquire(caller('root'), collection, '../c', { ttlSeconds: 1 }), 'invalid_path')
  })
})

describe('who may see a job', () => {
  /** Every call that names a job. */
  const JOB_CALLS: readonly (readonly [string, (engine: Engine, who: Caller, job: string) => Promise<unknown>])[] = [
    ['get', (e, who, job) => e.jobs.get(who, job)],
    ['items', (e, who, job) => e.jobs.items(who, job, {}, PAGE)],
    ['report', async (e, who, job) => (await e.jobs.report(who, job, {})).items[Symbol.asyncIterator]().return?.()],
    ['wait', (e, who, job) => e.jobs.wait(who, job, 0)],
    ['events', (e, who, job) => e.jobs.events(who, { id: job }, AbortSignal.abort())[Symbol.asyncIterator]().next()],
    ['pause', (e, who, job) => e.jobs.pause(who, job)],
    ['resume', (e, who, job) => e.jobs.resume(who, job)],
    ['cancel', (e, who, job) => e.jobs.cancel(who, job)],
    ['retry', (e, who, job) => e.jobs.retry(who, job, ['failed'])],
  ]

  for (const [name, call] of JOB_CALLS) {
    it(`${name}: its submitter, by id and number, and whoever administers all its collections; for others it is unknown`, async () => {
      const { engine } = house
      const { id: c } = await engine.collections.create(ALICE, {})
      const { id: d } = await engine.collections.create(ALICE, {})
      for (const id of [c, d]) await engine.collections.setGrant(ALICE, id, 'warden', 'admin')
      await engine.collections.setGrant(ALICE, c, 'half', 'owner')
      await engine.collections.setGrant(ALICE, d, 'half', 'readwrite')
      const { job } = await engine.jobs.submit(ALICE, command({ items: [{ source: { collection: c, path: 'a' }, destination: { collection: d } }] }))
      await engine.jobs.wait(ALICE, job.id, 1000)
      const steers = ['pause', 'resume', 'cancel'].includes(name)
      for (const [who, id] of [
        [ALICE, job.id],
        [ALICE, job.number],
        [caller('warden'), job.id],
      ] as const) {
        const called = call(engine, who, id)
        await (steers ? refusal(called, 'job_finished') : called)
        await engine.jobs.wait(ALICE, job.id, 1000)
      }
      const missing = randomUUID()
      const unknown = await refusal(call(engine, caller('half'), missing), 'job_not_found')
      for (const who of ['half', 'stranger']) {
        const hidden = await refusal(call(engine, caller(who), job.id), 'job_not_found')
        expect(hidden.message.replace(job.id, 'J')).toBe(unknown.message.replace(missing, 'J'))
        expect(hidden.facts).toEqual(unknown.facts)
      }
    })
  }

  it('that has expired only its submitter hears so', async () => {
    const { engine, clock, ledger } = house
    const { id: c } = await engine.collections.create(ALICE, {})
    const job = await run(house, { items: [{ source: { collection: c, path: 'a' }, destination: { collection: c, path: 'b' } }] })
    clock.advance(3600 * 1000)
    for (let purged = 1; purged > 0; purged = await ledger.purge(1000)) {
      for (const id of [job.id, job.number]) {
        const { facts } = await refusal(engine.jobs.get(ALICE, id), 'job_expired')
        expect(facts).toEqual({})
        await refusal(engine.jobs.get(caller('stranger'), id), 'job_not_found')
        await refusal(engine.jobs.retry(ALICE, id, ['failed']), 'job_expired')
      }
    }
  })

  it('through a collection: those who may read it, but nothing of the other end', async () => {
    const { engine } = house
    const [{ id: open }, { id: secret }] = [await engine.collections.create(ALICE, {}), await engine.collections.create(ALICE, {})]
    await engine.collections.setGrant(ALICE, open, 'reader', 'readonly')
    await put(house, secret, 'hidden/name')
    const items = [
      { source: { collection: secret, path: 'hidden/name' }, destination: { collection: open, path: 'x' } },
      { source: { collection: secret, path: 'hidden/missing' }, destination: { collection: open, path: 'y' } },
      { source: { collection: secret, path: 'hidden/name' }, destination: { collection: secret, path: 'hidden/z' } },
    ]
    const job = await run(house, { items })
    const read = async (who: Caller): Promise<unknown[]> => {
      const { items: pages } = await engine.jobs.reportForCollection(who, job.id, open)
      const all: unknown[] = []
      for await (const page of pages) all.push(...page)
      return all
    }
    expect(await read(ALICE)).toEqual((await itemsOf(house, job.id)).slice(0, 2))
    const seen = await read(caller('reader'))
    expect(seen).toHaveLength(2)
    for (const word of [secret, 'hidden']) expect(JSON.stringify(seen)).not.toContain(word)
    await refusal(engine.jobs.reportForCollection(ALICE, randomUUID(), open), 'job_not_found')
    const { id: other } = await engine.collections.create(caller('reader'), {})
    await refusal(engine.jobs.reportForCollection(caller('reader'), job.id, other), 'job_not_found')
  })
})
