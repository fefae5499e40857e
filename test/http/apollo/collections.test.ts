import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Answer, Http } from '../../support/http.ts'
import { REFUSED, expectRefusal, jsonOf } from './answers.ts'
import { startWorld } from './world.ts'
import type { World } from './world.ts'

interface One {
  readonly status: { readonly message: string; readonly code: string }
  readonly data: { readonly id: string; readonly collectionName: string }
}

describe('/apollo/collections', () => {
  let world: World
  let alice: Http

  beforeAll(async () => {
    world = await startWorld()
    alice = await world.as('alice')
  })

  afterAll(() => world.stop())

  const OWNERS = { vaultId: 'vault-1', accountId: 'account-1' }
  const call = (method: string, path: string, body?: unknown, headers: Record<string, string> = {}, http = alice): Promise<Answer> =>
    http.send(method, `/apollo/collections${path}`, body === undefined ? undefined : JSON.stringify(body), { 'content-type': 'application/json', ...headers })
  const create = async (name: string, http = alice): Promise<string> => jsonOf<One>(await call('POST', '', { collectionName: name }, OWNERS, http)).data.id
  const list = async (query = '', http = alice): Promise<string[]> =>
    jsonOf<{ data: { id: string }[] }>(await call('GET', query, undefined, {}, http)).data.map(one => one.id)

  it('creates a collection with a fresh id, with and without a slash at the end', async () => {
    const ids: string[] = []
    for (const path of ['', '/']) {
      const answer = jsonOf<One>(await call('POST', path, { collectionName: 'Drawings' }, { VaultID: 'vault-1', accountid: 'account-1' }))
      expect(answer.status).toEqual({ message: 'Collection created', code: 'OK' })
      const { id } = answer.data
      expect(answer.data).toEqual({
        id,
        collectionId: id,
        collectionName: 'Drawings',
        vaultId: 'vault-1',
        vaultName: null,
        accountId: 'account-1',
        accountName: null,
      })
      ids.push(id)
    }
    expect(ids[0]).not.toBe(ids[1])
    await world.put(ids[0] ?? '', 'a.txt', 'the creator may write')
  })

  it('refuses to create one without a name, a vault or an account', async () => {
    for (const body of [{}, { collectionName: '' }, { collectionName: ' ' }, { collectionName: 7 }, { collectionName: 'x'.repeat(257) }, []]) {
      expectRefusal(await call('POST', '', body, OWNERS), 400, /collectionName|JSON/)
    }
    expectRefusal(await call('POST', '', undefined, OWNERS), 400, /empty/)
    expectRefusal(await call('POST', '', { collectionName: 'a' }, { vaultId: 'v' }), 400, /accountId/)
    expectRefusal(await call('POST', '', { collectionName: 'a' }, { accountId: 'a' }), 400, /vaultId/)
    expectRefusal(await call('POST', '', { collectionName: 'a' }, OWNERS, await world.as('alice', ['apollo_read'])), 403, REFUSED)
  })

  it('lists what the caller has a grant for, by the least role', async () => {
    const dora = await world.as('dora')
    expect(jsonOf(await call('GET', '', undefined, {}, dora))).toEqual({ status: { message: 'OK', code: 'OK' }, data: [] })
    const own = await create('own', dora)
    const shared = await create('shared')
    await world.grant(shared, 'dora', 'readwrite')
    expect((await list('', dora)).sort()).toEqual([own, shared].sort())
    expect((await list('/?minPermission=readwrite', dora)).sort()).toEqual([own, shared].sort())
    for (const role of ['admin', 'owner']) expect(await list(`?minPermission=${role}`, dora)).toEqual([own])
    expectRefusal(await call('GET', '?minPermission=king'), 400, /minPermission/)
    expectRefusal(await call('GET', '', undefined, {}, await world.as('dora', ['apollo_write'])), 403, REFUSED)
  })

  it('lists more than a page of them', async () => {
    const ids: string[] = []
    const erin = await world.as('erin')
    for (let index = 0; index < 1005; index += 1) ids.push(await world.collection(`erin-${index}`, 'erin'))
    expect((await list('', erin)).sort()).toEqual(ids.sort())
  })

  it('gets and updates one; who only reads may not update', async () => {
    const id = await create('before')
    await world.grant(id, 'bob', 'readwrite')
    await world.grant(id, 'carol', 'readonly')
    const bob = await world.as('bob')
    const carol = await world.as('carol')
    expect(jsonOf<One>(await call('GET', `/${id}`, undefined, {}, carol))).toMatchObject({
      status: { code: 'OK' },
      data: { collectionName: 'before', vaultId: 'vault-1' },
    })
    const updated = jsonOf<One>(await call('PUT', `/${id}`, { collectionName: 'after' }, {}, bob))
    expect(updated.status).toEqual({ message: 'Collection updated', code: 'OK' })
    expect(updated.data).toMatchObject({ id, collectionName: 'after', vaultId: 'vault-1', accountId: 'account-1' })
    jsonOf(await call('PUT', `/${id}`, { collectionName: 'after' }, { vaultId: 'vault-2' }, bob))
    expect(jsonOf<One>(await call('GET', `/${id}`)).data).toMatchObject({ collectionName: 'after', vaultId: 'vault-2', accountId: 'account-1' })
    expectRefusal(await call('PUT', `/${id}`, { collectionName: 'x' }, {}, carol), 403, REFUSED)
    expectRefusal(await call('PUT', `/${id}`, {}), 400, /collectionName/)
    expectRefusal(await call('PUT', `/${id}`, { collectionName: 'x' }, {}, await world.as('alice', ['apollo_read'])), 403, REFUSED)
    expectRefusal(await call('GET', `/${id}`, undefined, {}, await world.as('alice', ['apollo_write'])), 403, REFUSED)
  })

  it('tells unknown and forbidden ones apart for nobody', async () => {
    const id = await create('private')
    const mallory = await world.as('mallory')
    for (const path of [`/${id}`, '/no-such', '/owner%2Fname', '/%20']) {
      expectRefusal(await call('GET', path, undefined, {}, mallory), 403, REFUSED)
      expectRefusal(await call('PUT', path, { collectionName: 'x' }, {}, mallory), 403, REFUSED)
    }
  })

  it('speaks of collections that were made elsewhere, with a slash in their id', async () => {
    const id = await world.collection('owner/name')
    const answer = jsonOf<One>(await call('GET', `/${encodeURIComponent(id)}`))
    expect(answer.data).toEqual({ id, collectionId: id, collectionName: id, vaultId: null, vaultName: null, accountId: null, accountName: null })
  })
})
