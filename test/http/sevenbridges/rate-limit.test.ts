import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Answer } from '../../support/http.ts'
import { startTransfers, type Transfers } from './transfers.ts'

const WINDOW_MS = 5 * 60 * 1000

let t: Transfers
beforeAll(async () => {
  t = await startTransfers({ sevenbridgesRequests: 5 })
})
afterAll(() => t.close())

function headersOf({ headers }: Answer): number[] {
  return ['limit', 'remaining', 'reset'].map(name => Number(headers[`x-ratelimit-${name}`]))
}

describe('the rate limit', () => {
  it('lets so many requests through in five minutes, and tells so with every answer', async () => {
    const alice = await t.client('alice')
    const reset = (t.clock.now() + WINDOW_MS) / 1000
    const paths = ['/v2/user', '/v2/files/none', '/v2/files', '/v2/projects/none/none', '/v2/user']
    for (const [n, path] of paths.entries()) {
      t.clock.advance(n === 0 ? 0 : 1000)
      expect(headersOf(await alice.send('GET', path, 'null')), path).toEqual([5, 4 - n, reset])
    }
    const answer = await alice.send('GET', '/v2/user', 'null')
    expect([answer.status, ...headersOf(answer)]).toEqual([429, 5, 0, reset])
    expect(answer.headers['retry-after']).toBe('296')
    expect(JSON.parse(answer.body)).toMatchObject({ status: 429, code: 1000 })
    t.clock.advance(WINDOW_MS - 4000)
    expect(headersOf(await alice.send('GET', '/v2/user', 'null'))).toEqual([5, 4, reset + 300])
  })

  it('is told without being counted', async () => {
    const bob = await t.client('bob')
    await bob.send('GET', '/v2/user')
    const reset = (t.clock.now() + WINDOW_MS) / 1000
    for (let n = 0; n < 8; n += 1) {
      const answer = await bob.send('GET', '/v2/rate_limit', 'null')
      expect([answer.status, ...headersOf(answer)]).toEqual([200, 5, 4, reset])
      expect(JSON.parse(answer.body)).toEqual({ rate: { limit: 5, remaining: 4, reset }, instance_limit: { limit: -1, remaining: 1_000_000 } })
    }
    expect((await bob.send('GET', '/v2/rate_limit', undefined, { 'x-sbg-auth-token': 'guess' })).status).toBe(401)
  })

  it('is each token’s own, of this dialect alone, and nothing to the URLs of bytes', async () => {
    const [one, two] = [await t.client('carol'), await t.client('carol')]
    await t.server.ledger.setGrant('alice/data', 'carol', 'readwrite')
    const { upload_id: id } = await one.json<{ upload_id: string }>('POST', '/v2/upload/multipart', { project: 'alice/data', name: 'f', size: 1 })
    const { url } = await one.json<{ url: string }>('GET', `/v2/upload/multipart/${id}/part/1`)
    for (let n = 0; n < 3; n += 1) await one.send('GET', '/v2/user')
    expect((await one.send('GET', '/v2/user')).status).toBe(429)
    for (let n = 0; n < 6; n += 1) expect((await fetch(url, { method: 'PUT', body: 'x' })).status).toBe(200)
    expect((await two.send('GET', '/v2/user')).status).toBe(200)
    const native = await one.send('GET', '/v1/whoami', undefined, { authorization: `Bearer ${one.token}` })
    expect([native.status, native.headers['x-ratelimit-limit']]).toEqual([200, undefined])
  })

  it('is told without a token and where nothing is, too', async () => {
    for (const path of ['/v2/user', '/v2/nowhere']) {
      const answer = await t.alice.send('GET', path, undefined, { 'x-sbg-auth-token': '' })
      expect(headersOf(answer).slice(0, 2), path).toEqual([5, 5])
    }
  })
})
