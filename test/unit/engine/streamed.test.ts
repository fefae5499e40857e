import { randomUUID } from 'node:crypto'
import { Readable } from 'node:stream'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { ManifestIntake } from '../../../src/engine/api.ts'
import type { EntryChange } from '../../../src/model/entry-change.ts'
import type { Item } from '../../../src/model/item.ts'
import type { JobOptions, Selection, SubmitItem } from '../../../src/model/job.ts'
import { refusal } from '../../contracts/ledger/world.ts'
import { sha256 } from '../../support/sha256.ts'
import { ALICE, caller, command, openHouse, OPTIONS, put, run, text, type House } from './house.ts'

const UPDATES: JobOptions = { ...OPTIONS, kind: 'update', ordered: true }
const HOUR_MS = 3600 * 1000

let house: House
let own = ''
let other = ''
beforeAll(async () => {
  house = await openHouse()
})
afterAll(async () => {
  expect(house.errors).toEqual([])
  await house.close()
})
beforeEach(async () => {
  own = (await house.engine.collections.create(ALICE, {})).id
  other = (await house.engine.collections.create(caller('root'), {})).id
})

function adding(value: string, path = 'x', collection = own): SubmitItem {
  return { source: { collection, path }, change: { add: { value: [value] } } }
}

async function open(options = UPDATES): Promise<ManifestIntake> {
  const opened = await house.engine.jobs.openManifest(ALICE, options)
  if (!('intake' in opened)) throw new Error('expected a new manifest')
  return opened.intake
}

const values = async (path = 'x'): Promise<unknown> => (await house.engine.entries.stat(ALICE, own, path)).fields['value']
const ended = (id: string): ReturnType<House['engine']['jobs']['wait']> => house.engine.jobs.wait(ALICE, id, 1000)

describe('a manifest whose items come in parts', () => {
  it('numbers its items, and merges later parts into them', async () => {
    const intake = await open()
    expect(intake.received).toBe(0)
    await intake.append([adding('1'), adding('1', 'y')])
    expect(intake.received).toBe(2)
    await intake.merge([
      { seq: 0, item: adding('2') },
      { seq: 0, item: adding('3') },
    ])
    expect(intake.received).toBe(2)
    const { job } = await intake.seal('body')
    expect(await ended(job.id)).toMatchObject({ outcome: 'succeeded', counts: { total: 2, done: 2 } })
    expect(await values()).toEqual(['1', '2', '3'])
    expect(await house.engine.entries.stat(ALICE, own, 'x')).toMatchObject({ version: 1 })
  })

  it('checks the parts: their form, their grants, and that they do not contradict', async () => {
    const intake = await open()
    await intake.append([{ ...adding('1'), source: { collection: own, path: 'x', version: 0 } }])
    const bad = await refusal(intake.merge([{ seq: 0, item: { source: { collection: own, path: 'x', ifMatch: 'X' } } }]), 'invalid_request')
    expect(bad.facts.errors?.map(({ pointer }) => pointer)).toEqual(['/items/0/source/ifMatch', '/items/0/fields'])
    await refusal(intake.merge([{ seq: 0, item: adding('1', 'x', other) }]), 'collection_not_found')
    await refusal(intake.merge([{ seq: 0, item: { source: { collection: own, path: 'x', ifMatch: 'a'.repeat(32) }, change: {} } }]), 'invalid_request')
    await intake.abort()
  })
})

describe('a manifest with another job before it', () => {
  const clearing: EntryChange = { remove: [{ what: 'field', field: '*', graph: 'urn:g' }] }
  const select = (collection = own): Selection[] => [{ source: { collection, graph: 'urn:g' }, change: clearing }]
  const before = async (): Promise<void> => {
    const old = { add: { value: [{ '@value': 'old', '@graph': 'urn:g' }, 'stays'] } } as const
    await run(house, { ...UPDATES, items: ['x', 'y'].map(path => ({ source: { collection: own, path }, change: old })) })
  }

  it('is worked on after it', async () => {
    await before()
    const intake = await open()
    await intake.append([{ source: { collection: own, path: 'x' }, change: { add: { value: [{ '@value': 'new', '@graph': 'urn:g' }] } } }])
    const first = await intake.precede(select())
    await refusal(house.engine.jobs.get(ALICE, first.id), 'job_not_found')
    const { job } = await intake.seal('body')
    expect(await ended(job.id)).toMatchObject({ state: 'finished', outcome: 'succeeded', counts: { total: 1 } })
    expect(await house.engine.jobs.get(ALICE, first.id)).toMatchObject({ state: 'finished', outcome: 'succeeded', counts: { total: 2 } })
    expect(await values()).toEqual(['stays', { '@value': 'new', '@graph': 'urn:g' }])
    expect(await values('y')).toEqual(['stays'])
  })

  it('needs no items of its own: it is finished when that one is', async () => {
    await before()
    const intake = await open()
    await intake.precede(select())
    const { job } = await intake.seal('body')
    expect(await ended(job.id)).toMatchObject({ state: 'finished', outcome: 'succeeded', counts: { total: 0 } })
    expect(await values()).toEqual(['stays'])
  })

  it('is checked at once, and given up as a whole', async () => {
    const intake = await open()
    await intake.append([adding('1')])
    expect((await refusal(intake.precede(select(other)), 'collection_not_found')).facts.errors).toMatchObject([{ pointer: '/select/0/source/collection' }])
    const wrong = await refusal(intake.precede([{ source: { collection: own, graph: '' }, change: {}, fields: {} }]), 'invalid_request')
    expect(wrong.facts.errors?.map(({ pointer }) => pointer)).toEqual(['/select/0/source/graph', '/select/0/fields'])
    const { id } = await intake.precede(select())
    await expect(intake.precede(select())).rejects.toThrow('one job at most')
    await intake.abort()
    await refusal(house.ledger.seal(id, null), 'job_not_found')
    const unordered = await open({ ...UPDATES, ordered: false })
    await expect(unordered.precede(select())).rejects.toThrow('must be ordered')
    await refusal(unordered.seal('body'), 'invalid_manifest')
    await unordered.abort()
  })
})

describe('selections with a change', () => {
  it('are for updates, and take either a change or a patch', async () => {
    const source = { collection: own }
    const told = async (wish: Parameters<typeof command>[0]): Promise<unknown> =>
      (await refusal(house.engine.jobs.submit(ALICE, command(wish)), 'invalid_request')).facts.errors?.map(({ pointer }) => pointer)
    expect(await told({ kind: 'update', select: [{ source }] })).toEqual(['/select/0/fields'])
    expect(await told({ kind: 'update', select: [{ source, change: {}, fields: {} }] })).toEqual(['/select/0/fields'])
    expect(await told({ kind: 'delete', select: [{ source, change: {} }] })).toEqual(['/select/0/change'])
    expect(await told({ kind: 'delete', select: [{ source: { ...source, graph: '\u0000' } }] })).toEqual(['/select/0/source/graph'])
  })
})

describe('names', () => {
  it("are everybody's own", async () => {
    const [ann, bob] = [caller(`ann-${randomUUID()}`), caller(`bob-${randomUUID()}`)]
    await house.engine.names.set(ann, 'graph-alias', { g: 'urn:ann' })
    await house.engine.names.set(bob, 'graph-alias', { g: 'urn:bob' })
    expect(await house.engine.names.get(ann, 'graph-alias')).toEqual(new Map([['g', 'urn:ann']]))
    expect(await house.engine.names.get(bob, 'graph-alias')).toEqual(new Map([['g', 'urn:bob']]))
    for (const bad of [{ '': 'urn:x' }, { g: '' }, { 'g\n': 'urn:x' }, { g: '\ud800' }, { ['g'.repeat(1025)]: 'urn:x' }, { g: 'x'.repeat(1025) }]) {
      await refusal(house.engine.names.set(ann, 'graph-alias', bad), 'invalid_request')
    }
    const many = Object.fromEntries(Array.from({ length: 10_001 }, (_, n) => [`n${n}`, 'urn:x']))
    await refusal(house.engine.names.set(ann, 'prefix', many), 'too_many_items')
  })
})

describe('types of fields', () => {
  it('are for those who may write the collection', async () => {
    await house.engine.fieldTypes.add(ALICE, own, [{ field: 'f', type: 'xsd:int' }])
    expect(await house.engine.fieldTypes.get(ALICE, own, ['f', 'g'])).toEqual(new Map([['f', new Set(['xsd:int'])]]))
    await refusal(house.engine.fieldTypes.get(ALICE, other, ['f']), 'collection_not_found')
    await house.engine.collections.setGrant(ALICE, own, 'reader', 'readonly')
    await refusal(house.engine.fieldTypes.get(caller('reader'), own, ['f']), 'insufficient_role')
    await refusal(house.engine.fieldTypes.add(caller('reader'), own, [{ field: 'f', type: 'x' }]), 'insufficient_role')
  })
})

describe('a report for who holds a capability', () => {
  it('asks for no caller; jobs that are unknown, unsealed or expired are told as ever', async () => {
    await put(house, own, 'a')
    const { id } = await run(house, { items: [{ source: { collection: own, path: 'a' }, destination: { collection: own, path: 'b' } }], retentionMs: HOUR_MS })
    const report = await house.engine.jobs.reportForHolder(id)
    expect(report.job).toMatchObject({ id, outcome: 'succeeded' })
    const items: Item[] = []
    for await (const page of report.items) items.push(...page)
    expect(items).toMatchObject([{ seq: 0, state: 'done', destination: { path: 'b' } }])
    await refusal(house.engine.jobs.reportForHolder(randomUUID()), 'job_not_found')
    await refusal(house.engine.jobs.reportForHolder('no id'), 'job_not_found')
    house.clock.advance(HOUR_MS)
    expect((await refusal(house.engine.jobs.reportForHolder(id), 'job_expired')).facts).toEqual({})
  })
})

describe('staged bytes', () => {
  const body = (bytes: string): Readable => Readable.from([Buffer.from(bytes)])

  it('become an entry by a change that names them', async () => {
    const content = await house.engine.entries.stage(ALICE, own, body('staged'))
    expect(content).toEqual({ digest: sha256('staged'), size: 6 })
    await run(house, { ...UPDATES, items: [{ source: { collection: own, path: 'f' }, change: { kind: 'file', content } }] })
    expect(await text(house, own, 'f')).toBe('staged')
  })

  it('need the right to write, and have an end', async () => {
    await refusal(house.engine.entries.stage(ALICE, other, body('x')), 'collection_not_found')
    await house.engine.collections.setGrant(ALICE, own, 'reader', 'readonly')
    await refusal(house.engine.entries.stage(caller('reader'), own, body('x')), 'insufficient_role')
    await refusal(house.engine.entries.stage(ALICE, own, body('too long'), { maxSize: 7 }), 'body_too_large')
    await refusal(house.engine.entries.stage(ALICE, own, body('x'.repeat(1_000_001)), { maxSize: 2_000_000 }), 'body_too_large')
    expect(await house.store.stat(sha256('too long'))).toBeNull()
  })
})

describe('the id of a collection', () => {
  it('is free when nobody has it', async () => {
    expect(await house.engine.collections.isFree(own)).toBe(false)
    expect(await house.engine.collections.isFree(other)).toBe(false)
    expect(await house.engine.collections.isFree(`${randomUUID()}.example`)).toBe(true)
    await house.engine.collections.remove(ALICE, own)
    expect(await house.engine.collections.isFree(own)).toBe(true)
    for (const id of ['', 'proc', '_x', 'a/b/c']) await refusal(house.engine.collections.isFree(id), 'invalid_collection_id')
  })
})
