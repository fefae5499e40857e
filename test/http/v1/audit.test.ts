import { describe, expect, it } from 'vitest'
import { hashToken, mintToken } from '../../../src/access/tokens.ts'
import { WaybillClient } from '../../../src/client/index.ts'
import { refused, testServer, told } from './golden.ts'

const { of } = testServer()

interface Listed {
  readonly items: readonly Readonly<Record<string, unknown>>[]
  readonly nextCursor: string | null
}

/** A call with a token, which may be named in the headers as the dialect does. */
async function send(token: string, method: string, path: string, body?: unknown, headers: Readonly<Record<string, string>> = {}): Promise<Response> {
  const type = body === undefined || typeof body === 'string' ? {} : { 'content-type': 'application/json' }
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  const answer = await fetch(of().url + path, {
    method,
    headers: { authorization: `Bearer ${token}`, ...type, ...headers },
    ...(body === undefined ? {} : { body: text }),
  })
  return answer
}

async function audit(token: string, query: Readonly<Record<string, string>>): Promise<Listed> {
  const answer = await send(token, 'GET', `/v1/audit?${new URLSearchParams({ limit: '1000', ...query }).toString()}`)
  expect(answer.status).toBe(200)
  return (await answer.json()) as Listed
}

const admin = () => of().token('root', ['admin'])

describe('GET /v1/audit', () => {
  it('tells who did what by /v1, with the request and the token', async () => {
    const alice = await of().token('alice')
    await send(alice, 'POST', '/v1/collections', { id: 'told' }, { 'x-request-id': 'my-request' })
    await send(alice, 'PUT', '/v1/collections/told/entries/a.txt', 'abc')
    const { items } = await audit(alice, { collection: 'told' })
    expect(items.map(({ action }) => action)).toEqual(['entry.put', 'collection.create'])
    const [put, made] = items
    expect(made).toEqual({
      ...{ id: expect.stringMatching(/^\d+$/), at: expect.any(String), subject: 'alice', tokenId: expect.any(String), action: 'collection.create' },
      ...{ collection: 'told', path: null, job: null, dialect: 'v1', requestId: 'my-request' },
      details: { name: 'told', store: 'local', owner: 'alice' },
    })
    expect(put).toMatchObject({ path: 'a.txt', details: { kind: 'file', version: 1, size: 3 } })
    const { body } = await told(await send(alice, 'GET', '/v1/tokens'))
    expect((body as Listed).items.map(({ id }) => id)).toHaveLength(1)
  })

  it('has every way of writing of /v1, once', async () => {
    const alice = await of().token('alice')
    const at = '/v1/collections/ways'
    await send(alice, 'POST', '/v1/collections', { id: 'ways' })
    await send(alice, 'PATCH', at, { name: 'Ways' })
    await send(alice, 'PUT', `${at}/grants/bob`, { role: 'readonly' })
    await send(alice, 'DELETE', `${at}/grants/bob`)
    await send(alice, 'PUT', `${at}/lock`, { ttlSeconds: 60 })
    await send(alice, 'DELETE', `${at}/lock`)
    await send(alice, 'PUT', `${at}/entries/a`, 'abc')
    await send(alice, 'PATCH', `${at}/metadata/a`, { fields: { x: 1 } })
    const submitted = await send(
      alice,
      'POST',
      '/v1/jobs',
      { kind: 'copy', items: [{ source: { collection: 'ways', path: 'none' }, destination: { collection: 'ways', path: 'b' } }] },
      { prefer: 'wait=10' },
    )
    const { id } = (await submitted.json()) as { id: string }
    expect((await send(alice, 'POST', `/v1/jobs/${id}/retry`, { states: ['failed'] })).status).toBe(202)
    const manifest = '{"source":{"collection":"ways","path":"none"}}\n'
    expect((await send(alice, 'POST', '/v1/jobs?kind=delete', manifest, { 'content-type': 'application/x-ndjson', prefer: 'wait=10' })).status).toBe(200)
    await send(alice, 'DELETE', `${at}/entries/a`)
    await send(alice, 'DELETE', at)
    const { items } = await audit(await admin(), { collection: 'ways' })
    expect(items.map(({ action }) => action).toReversed()).toEqual([
      ...['collection.create', 'collection.update', 'grant.set', 'grant.remove', 'lock.acquire', 'lock.release'],
      ...['entry.put', 'entry.patch', 'job.submit', 'job.retry', 'job.submit', 'entry.delete', 'collection.delete'],
    ])
    for (const item of items) expect(item).toMatchObject({ subject: 'alice', dialect: 'v1', requestId: expect.any(String), tokenId: expect.any(String) })
  })

  it('has what comes by the other dialects, under their names', async () => {
    const carol = await of().token('carol')
    const json = { 'content-type': 'application/json' }
    expect((await send(carol, 'POST', '/v2/projects', { name: 'Seven' }, json)).status).toBe(201)
    await send(carol, 'POST', '/v1/collections', { id: 'example.org' })
    await send(carol, 'POST', '/v1/collections', { id: 'plain' })
    await send(carol, 'PUT', '/v1/collections/plain/entries/a', 'abc')
    const rdf = '<http://example.org/x> <http://example.org/p> "v" .'
    expect((await send(carol, 'POST', '/_in?format=ntriples&blocking', rdf, { 'content-type': 'text/plain' })).status).toBe(200)
    const apollo = await send(carol, 'DELETE', '/apollo/files/a', undefined, { 'if-none-match': '*', ercollectionid: 'plain' })
    const { items } = await audit(await admin(), { subject: 'carol' })
    const ways = new Set(items.map(({ dialect, action }) => `${String(dialect)} ${String(action)}`))
    expect([...ways]).toEqual(expect.arrayContaining(['sevenbridges collection.create', 'cmwell job.submit', 'v1 collection.create']))
    expect(apollo.status).toBe(200)
    expect([...ways].filter(way => way.startsWith('apollo '))).toEqual(['apollo entry.delete'])
  })

  it('is for admins of the collection, and with the scope admin for those who see all', async () => {
    const alice = await of().token('alice')
    await send(alice, 'POST', '/v1/collections', { id: 'guarded' })
    await send(alice, 'PUT', '/v1/collections/guarded/grants/writer', { role: 'readwrite' })
    await send(alice, 'PUT', '/v1/collections/guarded/grants/keeper', { role: 'admin' })
    const query = '/v1/audit?collection=guarded'
    expect(await refused(await send(await of().token('writer'), 'GET', query))).toMatchObject({ status: 403, code: 'insufficient_role' })
    expect(await refused(await send(await of().token('stranger'), 'GET', query))).toMatchObject({ status: 404, code: 'collection_not_found' })
    expect(await refused(await send(alice, 'GET', '/v1/audit'))).toMatchObject({ status: 403, code: 'insufficient_scope' })
    expect(await refused(await send(alice, 'GET', '/v1/audit?subject=alice'))).toMatchObject({ status: 403, code: 'insufficient_scope' })
    expect((await send(await of().token('keeper'), 'GET', query)).status).toBe(200)
    expect((await audit(await admin(), { action: 'grant.set' })).items.length).toBeGreaterThanOrEqual(2)
  })

  it('shows nothing of a collection that had the id before, but to those who see all', async () => {
    const [ann, zoe] = [await of().token('ann'), await of().token('zoe')]
    await send(ann, 'POST', '/v1/collections', { id: 'again' })
    await send(ann, 'DELETE', '/v1/collections/again')
    expect(await refused(await send(ann, 'GET', '/v1/audit?collection=again'))).toMatchObject({ status: 404 })
    await send(zoe, 'POST', '/v1/collections', { id: 'again' })
    expect(await audit(zoe, { collection: 'again' })).toMatchObject({ items: [{ subject: 'zoe' }], nextCursor: null })
    expect((await audit(await admin(), { collection: 'again' })).items).toHaveLength(3)
  })

  it('has tokens without their secrets, and is read by the client', async () => {
    const root = await admin()
    const secret = ((await (await send(root, 'POST', '/v1/tokens', { subject: 'tess', scopes: ['read'], label: 'x' })).json()) as { token: string }).token
    const records = []
    for await (const record of new WaybillClient({ url: of().url, token: root }).audit({ action: 'token.create', limit: 1 })) records.push(record)
    expect(records[0]).toMatchObject({ subject: 'root', collection: null, details: { subject: 'tess', scopes: ['read'], label: 'x' } })
    expect(JSON.stringify(records)).not.toContain(secret)
    expect(JSON.stringify(records)).not.toContain(hashToken(secret))
  })

  it.each(['since=yesterday', 'action=read', 'limit=0', 'cursor=x', 'owner=x'])('refuses ?%s', async query => {
    expect(await refused(await send(await admin(), 'GET', `/v1/audit?${query}`))).toMatchObject({ status: 400 })
  })
})

describe('without a retention', () => {
  const off = testServer({ auditRetentionMs: 0 })

  it('nothing is recorded', async () => {
    const secret = mintToken()
    await off.of().ledger.createToken({ id: 'a', subject: 'root', scopes: ['admin'], expiresAt: null, hash: hashToken(secret) })
    expect((await off.of().call('alice', 'POST', '/v1/collections', { id: 'quiet' })).status).toBe(201)
    const answer = await fetch(`${off.of().url}/v1/audit`, { headers: { authorization: `Bearer ${secret}` } })
    expect(await answer.json()).toEqual({ items: [], nextCursor: null })
  })
})
