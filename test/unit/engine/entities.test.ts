import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { EntitySelection, JobKind } from '../../../src/model/job.ts'
import { refusal } from '../../contracts/ledger/world.ts'
import { ALICE, caller, command, itemsOf, MAX_ITEMS, openHouse, put, run, text, type House } from './house.ts'

describe('jobs over entities', () => {
  let house: House
  beforeAll(async () => {
    house = await openHouse()
    for (const id of ['al/from', 'al/to']) await house.engine.collections.create(ALICE, { id })
  })
  afterAll(() => house.close())

  const to = { collection: 'al/to' }

  it('run to their end, folders and all', async () => {
    const { tree } = house.engine
    await put(house, 'al/from', 'd/1.txt', 'one')
    await put(house, 'al/from', 'd/s/2.txt', 'two')
    const folder = await tree.createFolder(ALICE, 'al/from', 'd/empty')
    const source = (await tree.children(ALICE, 'al/from', '', {}, { offset: 0, limit: 1 })).items[0]?.entityId ?? ''
    const copy = await run(house, { entities: [{ entityId: source, destination: to }], conflict: 'rename', verify: 'digest' })
    expect(copy).toMatchObject({ state: 'finished', outcome: 'succeeded', counts: { total: 2, done: 2 } })
    expect(await text(house, 'al/to', 'd/s/2.txt')).toBe('two')
    const move = await run(house, { kind: 'move', entities: [{ entityId: source, destination: to, name: 'moved' }] })
    expect(move.outcome).toBe('succeeded')
    await expect(tree.byId(ALICE, folder.entityId)).rejects.toMatchObject({ code: 'entry_not_found' })
    expect((await tree.children(ALICE, 'al/to', 'moved', {}, { offset: 0, limit: 9 })).items.map(({ path }) => path)).toEqual([
      'moved/1.txt',
      'moved/empty',
      'moved/s',
    ])
    const [gone] = (await tree.children(ALICE, 'al/to', '', { names: ['moved'] }, { offset: 0, limit: 1 })).items
    const removed = await run(house, { kind: 'delete', entities: [{ entityId: gone?.entityId ?? '' }] })
    expect(removed).toMatchObject({ outcome: 'succeeded', counts: { done: 2 } })
    expect(house.errors).toEqual([])
  })

  it('fail their items, not the job, for what cannot be found', async () => {
    const entityId = randomUUID()
    const job = await run(house, { entities: [{ entityId, destination: { collection: 'never/was' } }] }, caller('eve'))
    expect(job).toMatchObject({ state: 'finished', outcome: 'failed', counts: { failed: 1, total: 1 } })
    expect(await itemsOf(house, job.id, caller('eve'))).toMatchObject([
      { source: { collection: '', path: '', entityId }, destination: null, reason: { code: 'entry_not_found', end: 'source' } },
    ])
  })

  it('name the collection of a source that they could not work on: who has no grant there sees nothing of the job', async () => {
    const [ZOE, CAROL] = [caller('zoe'), caller('carol')]
    await house.engine.collections.create(ZOE, { id: 'zoe/locked' })
    await house.engine.collections.setGrant(ZOE, 'zoe/locked', 'alice', 'readonly')
    const kept = await put(house, 'zoe/locked', 'kept', 'kept', ZOE)
    const free = await put(house, 'al/from', 'free')
    for (const id of ['al/from', 'al/to']) await house.engine.collections.setGrant(ALICE, id, 'carol', 'admin')
    const entities = [free, kept].map(({ entityId }) => ({ entityId, destination: to }))
    const job = await run(house, { kind: 'move', entities })
    expect((await itemsOf(house, job.id)).map(({ state, source }) => [state, source.collection])).toEqual([
      ['done', 'al/from'],
      ['failed', 'zoe/locked'],
    ])
    const unseen = async (): Promise<unknown> => refusal(house.engine.jobs.items(CAROL, job.id, {}, { limit: 9 }), 'job_not_found')
    await unseen()
    await house.engine.jobs.retry(ALICE, job.id, ['failed'])
    await house.engine.jobs.wait(ALICE, job.id, 60_000)
    await unseen()
    await house.engine.collections.setGrant(ZOE, 'zoe/locked', 'carol', 'admin')
    expect((await house.engine.jobs.items(CAROL, job.id, {}, { limit: 9 })).items).toHaveLength(2)
    for (const id of ['al/from', 'al/to']) await house.engine.collections.removeGrant(ALICE, id, 'carol')
  })

  it('tell whoever sees the source alone nothing of a destination that was refused', async () => {
    const BOB = caller('bob')
    await house.engine.collections.setGrant(ALICE, 'al/from', 'bob', 'readonly')
    await house.engine.collections.create(caller('zoe'), { id: 'zoe/secret' })
    await house.engine.collections.setGrant(caller('zoe'), 'zoe/secret', 'alice', 'readonly')
    const { entityId } = await put(house, 'al/from', 'told')
    const ok = await put(house, 'al/from', 'fine')
    const entities = [
      { entityId, destination: { collection: 'zoe/secret' } },
      { entityId: ok.entityId, destination: to },
    ]
    const job = await run(house, { entities })
    const { items } = await house.engine.jobs.reportForCollection(BOB, job.id, 'al/from')
    const seen = []
    for await (const page of items) seen.push(...page)
    const [first] = seen
    expect(first).toMatchObject({ source: { path: 'told' }, destination: null, reason: { code: 'insufficient_role' } })
    expect(JSON.stringify(first)).not.toContain('secret')
  })

  it('are refused for their form, with the place', async () => {
    const good = { entityId: randomUUID(), destination: to }
    const cases: [JobKind, EntitySelection, string][] = [
      ['copy', { ...good, entityId: 'nonsense' }, '/entities/1/entityId'],
      ['copy', { entityId: good.entityId }, '/entities/1/destination'],
      ['copy', { ...good, destination: { folder: 'nonsense' } }, '/entities/1/destination/folder'],
      ['copy', { ...good, name: '' }, '/entities/1/name'],
      ['move', { ...good, name: 'a\u0000' }, '/entities/1/name'],
      ['delete', good, '/entities/1/destination'],
      ['delete', { entityId: good.entityId, name: 'x' }, '/entities/1/name'],
      ['update', { entityId: good.entityId }, '/entities/1'],
    ]
    for (const [kind, wrong, pointer] of cases) {
      const right = kind === 'delete' ? { entityId: good.entityId } : good
      const error = await house.engine.jobs.submit(ALICE, command({ kind, entities: [right, wrong] })).catch((thrown: unknown) => thrown)
      expect(error).toMatchObject({ code: 'invalid_request' })
      expect((error as { facts: { errors: { pointer: string }[] } }).facts.errors.map(place => place.pointer)).toContain(pointer)
    }
    const many = Array.from({ length: MAX_ITEMS }, () => good)
    const items = [{ source: { collection: 'al/from', path: 'x' }, destination: to }]
    await expect(house.engine.jobs.submit(ALICE, command({ entities: many, items }))).rejects.toMatchObject({ code: 'too_many_items' })
  })
})
