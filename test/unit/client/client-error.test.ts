import { describe, expect, it } from 'vitest'
import { errorOf, isRetryable } from '../../../src/client/client-error.ts'
import { CATALOGUE } from '../../../src/model/errors.ts'

const errorFor = (body: string, status: number, headers: Record<string, string> = {}) =>
  errorOf(new Response(body, { status, statusText: 'Bad Gateway', headers }), 'http://x', 'the key')

describe('an error of the client', () => {
  it('holds the same codes for worth another try as the catalogue', () => {
    const codes = Object.entries(CATALOGUE)
    expect(codes.filter(([code]) => isRetryable(code)).map(([code]) => code)).toEqual(codes.filter(([, { retryable }]) => retryable).map(([code]) => code))
  })

  it('is the problem that the server tells', async () => {
    const problem = {
      type: '/errors/locked',
      title: 'Locked',
      status: 423,
      code: 'locked',
      detail: 'it is locked',
      holder: 'bob',
      errors: [{ pointer: '/a', detail: 'b' }],
    }
    const error = await errorFor(JSON.stringify(problem), 423, { 'content-type': 'application/problem+json', 'retry-after': '7' })
    expect(error).toMatchObject({ status: 423, code: 'locked', message: 'it is locked', problem, retryAfterSeconds: 7, idempotencyKey: 'the key' })
    expect(error.retryable).toBe(true)
    expect(error.errors).toEqual(problem.errors)
  })

  it('of an answer that is no problem document says who answered what', async () => {
    for (const [body, type] of [
      ['<html>', 'text/html'],
      ['{', 'application/json'],
      ['[]', 'application/json'],
    ] as const) {
      const error = await errorFor(body, 502, { 'content-type': type })
      expect(error).toMatchObject({ status: 502, code: 'unexpected_answer', message: 'http://x answered 502 Bad Gateway', problem: null })
      expect(error.retryable).toBe(true)
    }
    expect((await errorFor('', 403)).retryable).toBe(false)
  })

  it('reads a Retry-After that is a date', async () => {
    const in10s = new Date(Date.now() + 10_000).toUTCString()
    const { retryAfterSeconds } = await errorFor('', 503, { 'retry-after': in10s })
    expect(retryAfterSeconds).toBeGreaterThan(0)
    expect(retryAfterSeconds).toBeLessThanOrEqual(10)
    expect((await errorFor('', 503, { 'retry-after': 'soon' })).retryAfterSeconds).toBeNull()
  })
})
