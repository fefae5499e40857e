import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ALICE, caller, openHouse, put, type House } from './house.ts'

const BOB = caller('bob')
const EVE = caller('eve')
const PAGE = { offset: 0, limit: 10 }

describe('the tree', () => {
  let house: House
  beforeAll(async () => {
    house = await openHouse()
    const { collections } = house.engine
    await collections.create(ALICE, { id: 'al/one' })
    await collections.create(ALICE, { id: 'plain' })
    await collections.setGrant(ALICE, 'al/one', 'bob', 'readonly')
  })
  afterAll(() => house.close())

  it('finds entries by id for whoever has a grant', async () => {
    const { tree } = house.engine
    const file = await put(house, 'al/one', 'd/f.txt')
    expect(await tree.byId(ALICE, file.entityId, 'readwrite')).toEqual(file)
    expect(await tree.byId(BOB, file.entityId)).toEqual(file)
    await expect(tree.byId(BOB, file.entityId, 'readwrite')).rejects.toMatchObject({ code: 'insufficient_role' })
    for (const [who, id] of [[EVE, file.entityId] as const, [ALICE, 'nonsense'] as const]) {
      await expect(tree.byId(who, id)).rejects.toMatchObject({ code: 'entry_not_found' })
    }
    expect([...(await tree.manyById(BOB, [file.entityId, 'nonsense'])).values()]).toEqual([file])
    expect((await tree.manyById(EVE, [file.entityId])).size).toBe(0)
    await expect(tree.manyById(ALICE, Array(1001).fill('x'))).rejects.toMatchObject({ code: 'invalid_request' })
  })

  it('finds versions by revision for whoever has a grant', async () => {
    const { entries } = house.engine
    const before = await put(house, 'al/one', 'v.txt', 'one')
    await put(house, 'al/one', 'v.txt', 'two')
    expect(await entries.byRevision(BOB, before.revision)).toEqual(before)
    await expect(entries.byRevision(EVE, before.revision)).rejects.toMatchObject({ code: 'entry_not_found' })
    await expect(entries.byRevision(ALICE, '0'.repeat(32))).rejects.toMatchObject({ code: 'entry_not_found' })
  })

  it('makes folders and lists what is in them', async () => {
    const { tree } = house.engine
    const made = await tree.createFolder(ALICE, 'al/one', 'x/y', { note: 'n' })
    expect(made).toMatchObject({ kind: 'folder', path: 'x/y', fields: { note: 'n' } })
    expect(await tree.children(BOB, 'al/one', 'x', {}, PAGE)).toEqual({ items: [made], total: 1 })
    expect(await tree.children(BOB, 'al/one', 'x/y', {}, PAGE)).toEqual({ items: [], total: 0 })
    await expect(tree.children(BOB, 'al/one', 'nowhere', {}, PAGE)).rejects.toMatchObject({ code: 'entry_not_found' })
    await expect(tree.children(EVE, 'al/one', '', {}, PAGE)).rejects.toMatchObject({ code: 'collection_not_found' })
    await expect(tree.createFolder(BOB, 'al/one', 'z')).rejects.toMatchObject({ code: 'insufficient_role' })
    await expect(tree.createFolder(ALICE, 'al/one', 'x')).rejects.toMatchObject({ code: 'entry_exists' })
    await expect(tree.createFolder(ALICE, 'al/one', 'a//b')).rejects.toMatchObject({ code: 'invalid_path' })
  })

  it('is none where a collection is not addressable', async () => {
    const { tree, collections } = house.engine
    await expect(tree.children(ALICE, 'plain', '', {}, PAGE)).rejects.toMatchObject({ code: 'invalid_request' })
    await expect(tree.createFolder(ALICE, 'plain', 'x')).rejects.toMatchObject({ code: 'invalid_request' })
    expect((await collections.create(ALICE, { id: 'asked', addressable: true })).addressable).toBe(true)
    expect(await tree.createFolder(ALICE, 'asked', 'x')).toMatchObject({ kind: 'folder' })
  })
})
