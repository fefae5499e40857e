import { describe, expect, it } from 'vitest'
import { ClientError } from '../../../src/client/client-error.ts'
import { Attempts, backoffMs, passes } from '../../../src/client/patience.ts'

const failure = (status: number, retryAfterSeconds: number | null = null, code = 'x') => new ClientError(status, code, 'x', { retryAfterSeconds })

describe('patience', () => {
  it('is had with what passes by itself', () => {
    expect([0, 408, 429, 502, 503, 504].filter(status => !passes(failure(status)))).toEqual([])
    expect([400, 401, 403, 404, 409, 412, 422, 423, 500, 507].filter(status => passes(failure(status)))).toEqual([])
    expect(passes(failure(409, 1, 'idempotency_in_progress'))).toBe(true)
  })

  it('waits as long as the server says, or longer from failure to failure', () => {
    const attempts = new Attempts({ patienceMs: 60_000, awayMs: 60_000 })
    expect(attempts.pauseAfter(failure(429, 7))).toBe(7000)
    for (let failures = 0; failures < 20; failures++) {
      const whole = Math.min(250 * 2 ** failures, 10_000)
      expect(backoffMs(failures)).toBeGreaterThanOrEqual(whole / 2)
      expect(backoffMs(failures)).toBeLessThanOrEqual(whole)
    }
  })

  it('ends where the pause would go beyond it, of either kind for itself', () => {
    const pauseAfter = (error: ClientError): number | null => new Attempts({ patienceMs: 60_000, awayMs: 0 }).pauseAfter(error)
    expect(pauseAfter(failure(503, 61))).toBeNull()
    expect(pauseAfter(failure(503))).toBeGreaterThan(0)
    for (const status of [0, 502, 504]) expect(pauseAfter(failure(status))).toBeNull()
  })
})
