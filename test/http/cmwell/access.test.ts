import { createHash } from 'node:crypto'
import { beforeAll, describe, expect, it } from 'vitest'
import { says, world } from './world.ts'
import type { Answer, Sending } from './world.ts'

const of = world()
const DOMAIN = 'access.org'

beforeAll(async () => {
  await of().update(says(`/${DOMAIN}/a`, 'FN', 'x'))
  await of().server.ledger.setGrant(DOMAIN, 'reader', 'readonly')
  await of().server.ledger.setGrant(DOMAIN, 'writer', 'readwrite')
  await of().update(says('/other.org/a', 'FN', 'x'), 'format=ntriples', { as: 'other' })
})

/** Tokens sent by hand, in a header of the test's choice. */
function sent(name: string, token: string): Sending {
  return { as: null, headers: { [name]: token } }
}

describe('a token', () => {
  it('may come in any of its places', async () => {
    const token = await of().token('alice')
    for (const sending of [sent('x-cm-well-token2', token), sent('x-cm-well-token', token), sent('authorization', `Bearer ${token}`)]) {
      expect((await of().get(`/${DOMAIN}/a?format=json`, sending)).status, Object.keys(sending.headers ?? {})[0]).toBe(200)
    }
    expect((await of().get(`/${DOMAIN}/a?format=json&token=${token}`, { as: null })).status).toBe(200)
    const body = says(`/${DOMAIN}/a`, 'FN', 'x')
    expect((await of().in(`format=ntriples&token=${token}`, body, { as: null })).status).toBe(200)
  })

  it('is the first one in the order of the protocol', async () => {
    const [alice, other] = [await of().token('alice'), await of().token('other')]
    const both = (first: string, second: string): Sending => ({ as: null, headers: { 'x-cm-well-token2': first, 'x-cm-well-token': second } })
    expect((await of().get(`/${DOMAIN}/a?format=json`, both(alice, other))).status).toBe(200)
    expect((await of().get(`/${DOMAIN}/a?format=json`, both(other, alice))).status).toBe(404)
    expect((await of().get(`/${DOMAIN}/a?format=json&token=${other}`, { as: 'alice' })).status).toBe(200)
  })
})

describe('who may not read', () => {
  it('is told to log in, whatever they ask for', async () => {
    const expired = await of().server.token('alice', ['read'], Date.now() - 1000)
    const noScope = await of().server.token('alice', ['apollo_read'])
    for (const path of [`/${DOMAIN}/a?format=json`, `/${DOMAIN}/never?format=json`, '/never.org/a?format=json', `/${DOMAIN}/a?with-history&format=json`]) {
      for (const [sending, words] of [
        [{ as: null }, 'Not authorized, please login first'],
        [sent('x-cm-well-token', 'garbage'), 'given token is not valid (not signed or expired)'],
        [sent('x-cm-well-token', expired), 'given token is not valid (not signed or expired)'],
        [sent('x-cm-well-token', noScope), 'Authenticated but not authorized'],
      ] as const) {
        const answer = await of().get(path, sending)
        expect([answer.status, answer.headers.get('content-type'), answer.body], path).toEqual([403, 'text/plain; charset=utf-8', words])
      }
    }
  })

  it('sees no difference between what is not there and what is another’s', async () => {
    const uuid = await of().uuid(`/${DOMAIN}/a`)
    const plain = ({ status, body, headers }: Answer): unknown => [status, body, headers.get('content-type')]
    const never = plain(await of().get('/never.org/a?format=json', { as: 'other' }))
    expect(never).toEqual([404, 'Infoton not found', 'text/plain; charset=utf-8'])
    for (const path of [`/${DOMAIN}/a`, `/${DOMAIN}`, `/${DOMAIN}/never`, `/ii/${uuid}`, `/ii/${'0'.repeat(32)}`]) {
      for (const query of ['?format=json', '?format=ntriples', '', ...(path.startsWith('/ii') ? [] : ['?with-history&format=json'])]) {
        expect(plain(await of().get(path + query, { as: 'other' })), path + query).toEqual(never)
      }
    }
  })
})

describe('who may only read', () => {
  it('reads, and writes nothing', async () => {
    const scope = await of().server.token('alice', ['read'])
    for (const sending of [{ as: 'reader' }, sent('x-cm-well-token', scope)] satisfies Sending[]) {
      expect((await of().get(`/${DOMAIN}/a?format=json`, sending)).status).toBe(200)
      const written = await of().in('format=ntriples&tracking', says(`/${DOMAIN}/a`, 'FN', 'y') + says(`/${DOMAIN}/b`, 'FN', 'y'), sending)
      expect([written.status, JSON.parse(written.body)]).toEqual([403, { success: false, error: `unauthorized paths:\n\t/${DOMAIN}/a\n\t/${DOMAIN}/b\n\n` }])
      const posted = await of().send('POST', `/${DOMAIN}/a`, '{"a":"1"}', { ...sending, headers: { ...sending.headers, 'x-cm-well-type': 'OBJ' } })
      expect([posted.status, JSON.parse(posted.body)]).toEqual([403, { success: false, message: 'Authenticated but not authorized' }])
      const deleted = await of().send('DELETE', `/${DOMAIN}/a`, undefined, sending)
      expect([deleted.status, JSON.parse(deleted.body)]).toEqual([403, { success: false, message: 'Authenticated but not authorized' }])
    }
    expect(await of().fields(`/${DOMAIN}/a`)).toEqual({ 'FN.vcard': ['x'] })
  })

  it('and who may write does, in their own name', async () => {
    expect(await of().update(says(`/${DOMAIN}/w`, 'FN', 'x'), 'format=ntriples', { as: 'writer' })).toEqual({ [`/${DOMAIN}/w`]: 'Done' })
    expect((await of().infoton(`/${DOMAIN}/w`)).system.lastModifiedBy).toBe('writer')
  })
})

describe('blank nodes', () => {
  it('have a place that nobody else can take or foretell', async () => {
    const hashed = createHash('sha256').update('victim').digest('hex').slice(0, 12)
    const taken = await of().in('format=ntriples', `<cmwell://blank_node/A${hashed}x> <cmwell://meta/nn#x> "1" .`)
    expect(taken.status).toBe(200)
    const [path = ''] = Object.keys(await of().update('_:b <cmwell://meta/nn#x> "secret" .\n', 'format=ntriples', { as: 'victim' }))
    const own = path.slice(path.indexOf('/blank_node/'))
    expect((await of().infoton(own, { as: 'victim' })).fields).toEqual({ x: ['secret'] })
    expect((await of().get(`${own}?format=json`)).status).toBe(404)
    const changed = await of().in('format=ntriples', `<cmwell:/${own}> <cmwell://meta/nn#x> "other" .`)
    expect([changed.status, JSON.parse(changed.body)]).toEqual([403, { success: false, error: `unauthorized paths:\n\t${own}\n\n` }])
  })
})

describe('the root of the server', () => {
  const anyone: Sending = { as: null }

  it('leaves other routes to whom they belong', async () => {
    for (const [path, sending, status, type] of [
      ['/', anyone, 200, 'text/html'],
      ['/docs', anyone, 200, 'text/html'],
      ['/openapi.json', anyone, 200, 'application/json'],
      ['/healthz', anyone, 200, 'application/json'],
      ['/nothing', anyone, 404, 'application/problem+json'],
      ['/_nothing', anyone, 404, 'application/problem+json'],
      ['/v1/jobs', anyone, 401, 'application/problem+json'],
      ['/v1/nothing', {}, 404, 'application/problem+json'],
      ['/v2/nothing', {}, 404, 'application/json'],
      ['/apollo/nothing', {}, 404, 'application/json'],
    ] as const) {
      const answer = await of().get(path, sending)
      expect([answer.status, answer.headers.get('content-type')?.split(';')[0] ?? null], path).toEqual([status, type])
    }
  })

  it('has no infotons at names that routes need', async () => {
    for (const name of ['v1', 'v2', 'apollo', 'docs', 'healthz', 'meta', 'console', 'api']) {
      const answer = await of().in('format=ntriples', `<cmwell://${name}/x> <cmwell://meta/nn#x> "1" .`)
      expect([answer.status, JSON.parse(answer.body)], name).toEqual([
        400,
        { success: false, error: expect.stringMatching(/^illegal subject name: /) as string },
      ])
    }
  })

  it('answers methods that are not there', async () => {
    for (const [method, path] of [
      ['GET', '/_in'],
      ['PUT', '/_in'],
      ['POST', '/_track/x'],
      ['PATCH', `/${DOMAIN}/a`],
    ] as const) {
      const answer = await of().send(method, path)
      expect(answer.status, `${method} ${path}`).toBeGreaterThanOrEqual(404)
      expect(answer.status, `${method} ${path}`).toBeLessThan(500)
    }
  })
})
