import { once } from 'node:events'
import { request, type IncomingMessage } from 'node:http'
import { describe, expect, it } from 'vitest'
import { hashToken } from '../../../src/access/tokens.ts'
import { claims, issuerKey, sign } from '../../unit/access/issuer.ts'
import type { Scope } from '../../../src/model/access.ts'
import { WaybillClient } from '../../../src/client/index.ts'
import { refused, testServer, told } from './golden.ts'

const key = await issuerKey('ec-1', 'ES256')
const jwt = { issuer: 'https://id.example.org/', audience: 'waybill', key: JSON.stringify(key.jwk) }
const { of } = testServer({ jwt })

interface Made {
  readonly id: string
  readonly token: string
  readonly scopes: readonly Scope[]
  readonly expiresAt: string | null
}

/** A call with a token. */
function call(token: string, method: string, path: string, body?: unknown): Promise<Response> {
  const headers = { authorization: `Bearer ${token}`, ...(body === undefined ? {} : { 'content-type': 'application/json' }) }
  return fetch(of().url + path, { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) })
}

async function made(token: string, wish: unknown): Promise<Made> {
  const response = await call(token, 'POST', '/v1/tokens', wish)
  expect(response.status).toBe(201)
  return (await response.json()) as Made
}

const SECOND = 1000
const inSeconds = (seconds: number): number => Date.now() + seconds * SECOND

describe('tokens over the API', () => {
  it('are made for oneself, told once, listed and revoked', async () => {
    const own = await of().token('ann', ['read', 'write'])
    const response = await call(own, 'POST', '/v1/tokens', { scopes: ['read'], label: 'nightly copy', expiresInSeconds: 3600 })
    expect(response.headers.get('cache-control')).toBe('no-store')
    const location = response.headers.get('location') ?? ''
    const one = (await response.clone().json()) as Made
    expect(location).toBe(`/v1/tokens/${one.id}`)
    const shown = {
      ...{ id: '<uuid>', subject: 'ann', scopes: ['read'], label: 'nightly copy' },
      ...{ createdAt: '<time>', expiresAt: '<time>', revokedAt: null, current: false },
    }
    expect(await told(response)).toEqual({ status: 201, body: { ...shown, token: expect.stringMatching(/^wb_[\w-]{43}$/) } })
    expect(await told(await call(own, 'GET', location))).toEqual({ status: 200, body: shown })
    expect(await told(await call(own, 'GET', '/v1/tokens?limit=1'))).toMatchObject({ body: { items: [shown], nextCursor: expect.any(String) } })
    expect(await told(await call(one.token, 'GET', location))).toEqual({ status: 200, body: { ...shown, current: true } })
    expect((await call(one.token, 'GET', '/v1/collections')).status).toBe(200)

    expect((await call(own, 'DELETE', location)).status).toBe(204)
    expect((await call(own, 'DELETE', location)).status).toBe(204)
    expect((await call(one.token, 'GET', '/v1/collections')).status).toBe(401)
    expect(await told(await call(own, 'GET', location))).toEqual({ status: 200, body: { ...shown, revokedAt: '<time>' } })
  })

  it('are not made with one that is revoked before the body of the call is there', async () => {
    const secret = await of().token('slow', ['read'])
    const { ledger } = of()
    const record = await ledger.token(hashToken(secret))
    const looked = Promise.withResolvers<void>()
    ledger.token = async () => {
      looked.resolve()
      return Promise.resolve(record)
    }
    const headers = { authorization: `Bearer ${secret}`, 'content-type': 'application/json' }
    const outgoing = request(`${of().url}/v1/tokens`, { method: 'POST', headers })
    outgoing.write('{"scopes":')
    await looked.promise
    Reflect.deleteProperty(ledger, 'token') // that of the class shows through again
    await ledger.revokeToken(record?.id ?? '')
    outgoing.end('["read"]}')
    const [answer] = (await once(outgoing, 'response')) as [IncomingMessage]
    answer.resume()
    expect([answer.statusCode, answer.headers['www-authenticate']]).toEqual([401, 'Bearer realm="waybill", error="invalid_token"'])
    expect((await ledger.tokens({ limit: 10 }, 'slow')).items).toHaveLength(1)
  })

  it('are newest first, page by page', async () => {
    const own = await of().token('pat', ['read'])
    const ids: string[] = []
    for (let n = 0; n < 3; n++) ids.unshift((await made(own, { scopes: ['read'] })).id)
    const client = new WaybillClient({ url: of().url, token: own })
    const listed = []
    for await (const token of client.tokens.list({ limit: 1 })) listed.push(token)
    expect(listed.map(({ id }) => id)).toEqual([...ids, listed.at(-1)?.id])
    expect(listed.filter(({ current }) => current).map(({ id }) => id)).toEqual([listed.at(-1)?.id])
    const { id, token } = await client.tokens.create({ scopes: ['read'] })
    expect(await client.tokens.get(id)).toMatchObject({ id, subject: 'pat' })
    await client.tokens.revoke(id)
    await expect(new WaybillClient({ url: of().url, token }).whoami()).rejects.toMatchObject({ status: 401 })
  })

  it('carry no more than the token they are made with', async () => {
    const reader = await of().token('bea', ['read'])
    const both = await of().token('bea', ['read', 'write'])
    const admin = await of().token('root', ['admin'])
    expect(await refused(await call(reader, 'POST', '/v1/tokens', { scopes: ['read', 'write'] }))).toMatchObject({ status: 403, code: 'insufficient_scope' })
    // admin includes read and write, but these two are not admin
    expect(await refused(await call(both, 'POST', '/v1/tokens', { scopes: ['admin'] }))).toMatchObject({ status: 403, code: 'insufficient_scope' })
    expect(await made(admin, { scopes: ['read'] })).toMatchObject({ scopes: ['read'] })
    expect(await made(admin, { scopes: ['apollo_read', 'apollo_read'] })).toMatchObject({ scopes: ['apollo_read'] })
  })

  it('do not outlive the token they are made with', async () => {
    const end = inSeconds(600)
    const own = await of().token('cid', ['read'], end)
    expect((await made(own, { scopes: ['read'] })).expiresAt).toBe(new Date(end).toISOString())
    const shorter = await made(own, { scopes: ['read'], expiresInSeconds: 500 })
    expect(Date.parse(shorter.expiresAt ?? '')).toBeLessThan(end)
    const longer = await refused(await call(own, 'POST', '/v1/tokens', { scopes: ['read'], expiresInSeconds: 700 }))
    expect(longer).toMatchObject({ status: 403, code: 'insufficient_scope' })
    expect(longer.detail).toMatch(/give "expiresInSeconds" of at most \d+, or leave it out/)
    const admin = await of().token('root', ['admin'], end)
    expect((await made(admin, { scopes: ['read'] })).expiresAt).toBeNull()
  })

  it('are made with a JWT, until that ends', async () => {
    const exp = Math.floor(inSeconds(600) / SECOND)
    const usual = { iss: jwt.issuer, aud: jwt.audience, iat: exp - 1000, nbf: exp - 1000, exp, scope: 'read' }
    const own = await sign(key, claims({ ...usual, sub: 'dot' }))
    expect(await made(own, { scopes: ['read'] })).toMatchObject({ subject: 'dot', expiresAt: new Date(exp * SECOND).toISOString() })
    expect(await refused(await call(own, 'POST', '/v1/tokens', { scopes: ['read'], expiresInSeconds: 700 }))).toMatchObject({ status: 403 })
    expect(await refused(await call(own, 'POST', '/v1/tokens', { scopes: ['write'] }))).toMatchObject({ status: 403 })
  })

  it('of others are neither shown nor revoked, and nothing tells that they are there', async () => {
    const own = await of().token('eve', ['read', 'write'])
    const theirs = await made(await of().token('fay', ['read']), { scopes: ['read'] })
    for (const subject of ['fay', 'nobody']) {
      expect(await refused(await call(own, 'GET', `/v1/tokens?subject=${subject}`))).toMatchObject({ status: 403, code: 'insufficient_scope' })
      expect(await refused(await call(own, 'POST', '/v1/tokens', { subject, scopes: ['read'] }))).toMatchObject({ status: 403, code: 'insufficient_scope' })
    }
    const answers = []
    for (const id of [theirs.id, theirs.id.replace(/^.{8}/, '00000000')]) {
      for (const method of ['GET', 'DELETE']) {
        const { detail, ...rest } = await refused(await call(own, method, `/v1/tokens/${id}`))
        answers.push({ ...rest, detail: detail.replace(id, 'ID') })
      }
    }
    expect(new Set(answers.map(answer => JSON.stringify(answer))).size).toBe(1)
    expect(answers[0]).toMatchObject({ status: 404, code: 'token_not_found' })
    expect((await call(theirs.token, 'GET', '/v1/collections')).status).toBe(200)
    expect((await call(own, 'GET', '/v1/tokens?subject=eve')).status).toBe(200)
  })

  it('that are stronger than the one of the call are not revoked with it', async () => {
    const strong = await made(await of().token('gil', ['read', 'write']), { scopes: ['read', 'write'] })
    const weak = await of().token('gil', ['read'])
    expect(await refused(await call(weak, 'DELETE', `/v1/tokens/${strong.id}`))).toMatchObject({ status: 403, code: 'insufficient_scope' })
    expect((await call(strong.token, 'DELETE', `/v1/tokens/${strong.id}`)).status).toBe(204)
  })

  it('of everybody are the matter of administrators', async () => {
    const admin = await of().token('root', ['admin'])
    const one = await made(admin, { subject: 'hal', scopes: ['read', 'apollo_write'], label: 'for hal' })
    expect(await told(await call(one.token, 'GET', '/v1/whoami'))).toMatchObject({ body: { subject: 'hal', scopes: ['read', 'apollo_write'] } })
    expect(await told(await call(admin, 'GET', '/v1/tokens?subject=hal'))).toMatchObject({ body: { items: [{ subject: 'hal', label: 'for hal' }] } })
    const { body } = await told(await call(admin, 'GET', '/v1/tokens?limit=1000'))
    expect(new Set((body as { items: { subject: string }[] }).items.map(({ subject }) => subject)).size).toBeGreaterThan(1)
    expect((await call(admin, 'DELETE', `/v1/tokens/${one.id}`)).status).toBe(204)
    expect((await call(one.token, 'GET', '/v1/whoami')).status).toBe(401)
  })

  it.each([
    [{}, ''],
    [{ scopes: [] }, '/scopes'],
    [{ scopes: ['root'] }, '/scopes/0'],
    [{ scopes: ['read'], label: '' }, '/label'],
    [{ scopes: ['read'], label: 'a\nb' }, '/label'],
    [{ scopes: ['read'], subject: ' x' }, '/subject'],
    [{ scopes: ['read'], expiresInSeconds: 0 }, '/expiresInSeconds'],
    [{ scopes: ['read'], expiresInSeconds: 1e12 }, '/expiresInSeconds'],
    [{ scopes: ['read'], secret: 'mine' }, ''],
  ])('that cannot be are refused: %j', async (wish, pointer) => {
    const answer = await refused(await call(await of().token('ida', ['read']), 'POST', '/v1/tokens', wish))
    expect(answer).toMatchObject({ status: 400, code: 'invalid_request' })
    expect(answer.pointers.join()).toContain(pointer)
  })
})
