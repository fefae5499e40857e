import { describe, expect, it } from 'vitest'
import { jobOf, refused, testServer, told } from './golden.ts'

const { of, collection } = testServer()
const URL_OF = (id: string): string => `/v1/collections/${encodeURIComponent(id)}`

describe('collections', () => {
  const golden = {
    id: 'owner/name',
    name: 'My files',
    store: 'local',
    attributes: { project: { code: 7 }, tags: ['a'] },
    role: 'owner',
    createdAt: '<time>',
    createdBy: 'alice',
    modifiedAt: '<time>',
  }

  it('are created, read, changed and removed', async () => {
    const wish = { id: 'owner/name', name: 'My files', attributes: { project: { code: 7 }, tags: ['a'] } }
    const made = await of().call('alice', 'POST', '/v1/collections', wish)
    expect(made.headers.get('location')).toBe('/v1/collections/owner%2Fname')
    expect(await told(made)).toEqual({ status: 201, body: golden })
    expect(await told(await of().call('alice', 'GET', URL_OF('owner/name')))).toEqual({ status: 200, body: golden })
    const change = { name: 'Other', attributes: { project: { code: null, lead: 'bob' }, tags: null } }
    const changed = { ...golden, name: 'Other', attributes: { project: { lead: 'bob' } } }
    expect(await told(await of().call('alice', 'PATCH', URL_OF('owner/name'), change, { 'content-type': 'application/merge-patch+json' }))).toEqual({
      status: 200,
      body: changed,
    })
    expect(await told(await of().call('alice', 'DELETE', URL_OF('owner/name')))).toEqual({ status: 204, body: null })
    expect(await refused(await of().call('alice', 'GET', URL_OF('owner/name')))).toMatchObject({ status: 404, code: 'collection_not_found' })
  })

  it('get a UUID when they have no id', async () => {
    const { status, body } = await told(await of().call('alice', 'POST', '/v1/collections', {}))
    expect({ status, body }).toMatchObject({ status: 201, body: { id: '<uuid>', name: '<uuid>', attributes: {} } })
  })

  it('have ids that are free and well formed', async () => {
    await collection('taken')
    expect(await refused(await of().call('bob', 'POST', '/v1/collections', { id: 'taken' }))).toMatchObject({ status: 409, code: 'collection_exists' })
    for (const id of ['', 'a/b/c', '_x', 'v1', 'apollo', 'a b', '../x', 'é', 'x'.repeat(129)]) {
      expect(await refused(await of().call('bob', 'POST', '/v1/collections', { id })), id).toMatchObject({ status: 400, code: 'invalid_collection_id' })
    }
  })

  it('refuse a body with a mistake in it, and say where', async () => {
    expect(await refused(await of().call('bob', 'POST', '/v1/collections', { nme: 'x', name: 7 }))).toMatchObject({
      status: 400,
      code: 'invalid_request',
      pointers: ['/nme', '/name'],
    })
    expect(await refused(await of().call('bob', 'POST', '/v1/collections', { store: 'moon' }))).toMatchObject({ status: 400, code: 'invalid_request' })
    expect(await refused(await of().call('bob', 'PATCH', URL_OF('taken'), {}))).toMatchObject({ status: 400, code: 'invalid_request' })
  })

  it('are listed to those with a grant, page by page', async () => {
    for (const id of ['list-a', 'list-b', 'list-c']) await collection(id)
    await of().call('alice', 'PUT', `${URL_OF('list-b')}/grants/carol`, { role: 'readwrite' })
    await of().call('alice', 'PUT', `${URL_OF('list-c')}/grants/carol`, { role: 'readonly' })
    const ids = async (subject: string, query: string): Promise<string[]> =>
      ((await (await of().call(subject, 'GET', `/v1/collections?prefix=list-${query}`)).json()) as { items: { id: string }[] }).items.map(one => one.id)
    expect(await ids('alice', '')).toEqual(['list-a', 'list-b', 'list-c'])
    expect(await ids('carol', '')).toEqual(['list-b', 'list-c'])
    expect(await ids('carol', '&minRole=readwrite')).toEqual(['list-b'])
    expect(await ids('dave', '')).toEqual([])

    const first = await of().call('alice', 'GET', '/v1/collections?prefix=list-&limit=2')
    const page = (await first.json()) as { items: { id: string }[]; nextCursor: string }
    expect(page.items.map(one => one.id)).toEqual(['list-a', 'list-b'])
    const link = /^<(.+)>; rel="next"$/.exec(first.headers.get('link') ?? '')?.[1] ?? ''
    expect(new URL(link, of().url).searchParams.get('cursor')).toBe(page.nextCursor)
    const second = await of().call('alice', 'GET', link)
    expect(second.headers.get('link')).toBeNull()
    expect((await told(second)).body).toMatchObject({ items: [{ id: 'list-c' }], nextCursor: null })
    expect(await refused(await of().call('alice', 'GET', '/v1/collections?cursor=nonsense'))).toMatchObject({ status: 400, code: 'invalid_cursor' })
    for (const query of ['limit=0', 'limit=1001', 'limit=x', 'minRole=boss', 'lmit=5']) {
      expect(await refused(await of().call('alice', 'GET', `/v1/collections?${query}`)), query).toMatchObject({
        status: 400,
        code: 'invalid_request',
        pointers: [query.split('=')[0]],
      })
    }
  })

  it('look the same to an outsider whether they exist or not', async () => {
    await collection('secret', { 'a.txt': 'a' })
    const strip = async (response: Response): Promise<string> => (await response.text()).replaceAll('secret', 'X').replaceAll('nowhere', 'X')
    for (const [method, rest, body] of [
      ['GET', '', undefined],
      ['PATCH', '', { name: 'x' }],
      ['DELETE', '', undefined],
      ['DELETE', '?force=true', undefined],
      ['GET', '/grants', undefined],
      ['PUT', '/grants/eve', { role: 'owner' }],
      ['PUT', '/lock', { ttlSeconds: 5 }],
      ['DELETE', '/lock', undefined],
      ['GET', '/entries', undefined],
      ['GET', '/entries/a.txt', undefined],
      ['PUT', '/entries/a.txt', 'x'],
      ['DELETE', '/entries/a.txt', undefined],
      ['GET', '/metadata/a.txt', undefined],
      ['PATCH', '/metadata/a.txt', { fields: {} }],
      ['GET', '/versions/a.txt', undefined],
    ] as const) {
      const there = await of().call('eve', method, URL_OF('secret') + rest, body)
      const nowhere = await of().call('eve', method, URL_OF('nowhere') + rest, body)
      expect([there.status, nowhere.status], `${method} ${rest}`).toEqual([404, 404])
      expect(await strip(there)).toBe(await strip(nowhere))
    }
  })

  it('with entries are emptied by force, as a job, and removed when they are empty', async () => {
    await collection('full', { 'a.txt': 'a', 'dir/b.txt': 'b' })
    expect(await refused(await of().call('alice', 'DELETE', URL_OF('full')))).toMatchObject({ status: 409, code: 'collection_not_empty' })
    await of().call('alice', 'PUT', `${URL_OF('full')}/grants/bob`, { role: 'admin' })
    expect(await refused(await of().call('bob', 'DELETE', `${URL_OF('full')}?force=true`))).toMatchObject({ status: 403, code: 'insufficient_role' })
    const forced = await of().call('alice', 'DELETE', `${URL_OF('full')}?force=true`)
    expect(forced.status).toBe(202)
    const job = await jobOf(forced)
    expect(forced.headers.get('location')).toBe(`/v1/jobs/${job.id}`)
    const done = await jobOf(await of().call('alice', 'GET', `/v1/jobs/${job.id}`, undefined, { prefer: 'wait=20' }))
    expect(done).toMatchObject({ kind: 'delete', outcome: 'succeeded', counts: { total: 2, done: 2 } })
    expect((await of().call('alice', 'DELETE', `${URL_OF('full')}?force=true`)).status).toBe(204)
  })
})

describe('grants', () => {
  it('are given, listed, changed and taken away', async () => {
    await collection('granted')
    const at = `${URL_OF('granted')}/grants`
    expect(await told(await of().call('alice', 'PUT', `${at}/bob%40example.org`, { role: 'readonly' }))).toEqual({ status: 204, body: null })
    expect(await told(await of().call('alice', 'GET', at))).toEqual({
      status: 200,
      body: {
        items: [
          { subject: 'alice', role: 'owner', grantedAt: '<time>' },
          { subject: 'bob@example.org', role: 'readonly', grantedAt: '<time>' },
        ],
        nextCursor: null,
      },
    })
    expect(await refused(await of().call('bob@example.org', 'GET', at))).toMatchObject({ status: 403, code: 'insufficient_role' })
    await of().call('alice', 'PUT', `${at}/bob%40example.org`, { role: 'admin' })
    expect((await of().call('bob@example.org', 'GET', at)).status).toBe(200)
    expect((await of().call('alice', 'DELETE', `${at}/bob%40example.org`)).status).toBe(204)
    expect(await refused(await of().call('bob@example.org', 'GET', at))).toMatchObject({ status: 404 })
    expect(await refused(await of().call('alice', 'DELETE', `${at}/bob%40example.org`))).toMatchObject({ status: 404, code: 'grant_not_found' })
  })

  it('never leave a collection without an owner, nor lift an admin above itself', async () => {
    await collection('owned')
    const at = `${URL_OF('owned')}/grants`
    expect(await refused(await of().call('alice', 'DELETE', `${at}/alice`))).toMatchObject({ status: 409, code: 'last_owner' })
    expect(await refused(await of().call('alice', 'PUT', `${at}/alice`, { role: 'admin' }))).toMatchObject({ status: 409, code: 'last_owner' })
    await of().call('alice', 'PUT', `${at}/bob`, { role: 'admin' })
    expect(await refused(await of().call('bob', 'PUT', `${at}/bob`, { role: 'owner' }))).toMatchObject({ status: 403, code: 'insufficient_role' })
    expect(await refused(await of().call('alice', 'PUT', `${at}/bob`, { role: 'king' }))).toMatchObject({ status: 400, pointers: ['/role'] })
    expect(await refused(await of().call('alice', 'PUT', `${at}/%20x`, { role: 'admin' }))).toMatchObject({ status: 400, code: 'invalid_request' })
  })
})

describe('locks', () => {
  it('are seen by whoever may read: those on a path, above it and on its collection', async () => {
    await collection('seen')
    await of().call('alice', 'PUT', `${URL_OF('seen')}/grants/bob`, { role: 'readonly' })
    await of().call('alice', 'PUT', `${URL_OF('seen')}/lock`, { ttlSeconds: 60, reason: 'audit' })
    await of().call('alice', 'PUT', `${URL_OF('seen')}/locks/dir`, { ttlSeconds: 60 })
    const over = async (place: string): Promise<unknown> => told(await of().call('bob', 'GET', `${URL_OF('seen')}/${place}`))
    const whole = { path: null, holder: 'alice', reason: 'audit', acquiredAt: '<time>', expiresAt: '<time>' }
    const dir = { path: 'dir', holder: 'alice', reason: null, acquiredAt: '<time>', expiresAt: '<time>' }
    expect(await over('lock')).toEqual({ status: 200, body: { items: [whole] } })
    expect(await over('locks/dir/a.txt')).toEqual({ status: 200, body: { items: [whole, dir] } })
    expect(await over('locks/other')).toEqual({ status: 200, body: { items: [whole] } })
    expect(await refused(await of().call('carol', 'GET', `${URL_OF('seen')}/lock`))).toMatchObject({ status: 404, code: 'collection_not_found' })
    expect(await refused(await of().call('bob', 'GET', `${URL_OF('seen')}/locks/..%2Fx`))).toMatchObject({ status: 400, code: 'invalid_path' })
  })

  it('are taken, renewed and released', async () => {
    await collection('lockable')
    for (const place of ['lock', 'locks/dir/a%20b.txt']) {
      const at = `${URL_OF('lockable')}/${place}`
      const taken = await of().call('alice', 'PUT', at, { ttlSeconds: 60, reason: 'sorting' })
      const lock = (await taken.json()) as { token: number; expiresAt: string }
      expect(taken.status).toBe(200)
      expect(lock).toEqual({ holder: 'alice', token: expect.any(Number), expiresAt: expect.stringMatching(/Z$/) })
      const renewed = (await (await of().call('alice', 'PUT', at, { ttlSeconds: 600 })).json()) as { expiresAt: string }
      expect(Date.parse(renewed.expiresAt)).toBeGreaterThan(Date.parse(lock.expiresAt))
      expect(await told(await of().call('alice', 'DELETE', at))).toEqual({ status: 204, body: null })
      expect(await refused(await of().call('alice', 'DELETE', at))).toMatchObject({ status: 404, code: 'lock_not_found' })
    }
  })

  it('keep others out, with holder and expiry, until an admin releases them', async () => {
    await collection('contested')
    await of().call('alice', 'PUT', `${URL_OF('contested')}/grants/bob`, { role: 'readwrite' })
    const lock = (await (await of().call('bob', 'PUT', `${URL_OF('contested')}/locks/dir`, { ttlSeconds: 60 })).json()) as { expiresAt: string }
    for (const [method, rest, body] of [
      ['PUT', '/lock', { ttlSeconds: 5 }],
      ['PUT', '/locks/dir', { ttlSeconds: 5 }],
      ['PUT', '/locks/dir/x', { ttlSeconds: 5 }],
      ['PUT', '/entries/dir/x', 'bytes'],
    ] as const) {
      const answer = await of().call('alice', method, URL_OF('contested') + rest, body)
      expect(answer.status, rest).toBe(423)
      expect(await answer.json()).toMatchObject({ code: 'locked', holder: 'bob', expiresAt: lock.expiresAt })
    }
    expect((await of().call('alice', 'PUT', `${URL_OF('contested')}/entries/elsewhere`, 'x')).status).toBe(201)
    expect((await of().call('alice', 'DELETE', `${URL_OF('contested')}/locks/dir`)).status).toBe(204)
    expect((await of().call('alice', 'PUT', `${URL_OF('contested')}/entries/dir/x`, 'x')).status).toBe(201)
  })

  it('have a time to live', async () => {
    for (const body of [{}, { ttlSeconds: 0 }, { ttlSeconds: 1e9 }, { ttlSeconds: '60' }, { ttlSeconds: 1.5 }]) {
      expect(await refused(await of().call('alice', 'PUT', `${URL_OF('lockable')}/lock`, body))).toMatchObject({ status: 400, pointers: ['/ttlSeconds'] })
    }
    expect(await refused(await of().call('alice', 'PUT', `${URL_OF('lockable')}/locks/..%2Fx`, { ttlSeconds: 5 }))).toMatchObject({
      status: 400,
      code: 'invalid_path',
    })
  })
})
