import { describe, expect, it } from 'vitest'
import { testServer, told } from './golden.ts'

const { of } = testServer({ requestsPerMinute: 5 })

describe('the rate limit', () => {
  it('is counted by token, and answers when to come back', async () => {
    for (let n = 0; n < 5; n += 1) expect((await of().call('alice', 'GET', '/v1/whoami')).status).toBe(200)
    const answer = await of().call('alice', 'GET', '/v1/whoami')
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThanOrEqual(1)
    expect(await told(answer)).toMatchObject({ status: 429, body: { type: '/errors/rate_limited', code: 'rate_limited' } })
    expect((await of().call('bob', 'GET', '/v1/whoami')).status).toBe(200)
  })

  it('is counted by address without a good token, and leaves the good ones alone', async () => {
    const guess = (): Promise<Response> => fetch(`${of().url}/v1/whoami`, { headers: { authorization: 'Bearer guess' } })
    const statuses = await Promise.all(Array.from({ length: 8 }, guess))
    expect(statuses.map(answer => answer.status).sort()).toEqual([401, 401, 401, 401, 401, 429, 429, 429])
    expect((await fetch(`${of().url}/nowhere`)).status).toBe(429)
    expect((await fetch(`${of().url}/healthz`)).status).toBe(200)
    expect((await of().call('carol', 'GET', '/v1/whoami')).status).toBe(200)
  })
})
