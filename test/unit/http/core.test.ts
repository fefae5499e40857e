import type { FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import { describe, expect, it } from 'vitest'
import { problemOf, toWaybillError } from '../../../src/http/problem.ts'
import { RateLimiter } from '../../../src/http/rate-limit.ts'
import { requestId } from '../../../src/http/request-id.ts'
import { compileValidator } from '../../../src/http/validation.ts'
import { WaybillError } from '../../../src/model/errors.ts'
import { VirtualClock } from '../../support/virtual-clock.ts'

describe('the rate limit', () => {
  it('lets a minute of requests through at once, then as they refill, each caller for itself', () => {
    let now = 0
    const limiter = new RateLimiter({ now: () => now, steady: () => now, sleep: () => Promise.resolve() }, 6)
    for (let n = 0; n < 6; n += 1) expect(limiter.take('a')).toBe(0)
    expect(limiter.take('a')).toBe(10)
    expect(limiter.take('b')).toBe(0)
    now += 4_000
    expect(limiter.take('a')).toBe(6)
    now += 6_000
    expect(limiter.take('a')).toBe(0)
    expect(limiter.take('a')).toBe(10)
    now += 3_600_000
    for (let n = 0; n < 6; n += 1) expect(limiter.take('a')).toBe(0)
    expect(limiter.take('a')).toBe(10)
  })

  it('refills with the time that passes, not with that of a clock that is set', () => {
    const clock = new VirtualClock()
    const limiter = new RateLimiter(clock, 6)
    for (let n = 0; n < 6; n += 1) expect(limiter.take('a')).toBe(0)
    for (const ms of [3_600_000, -7_200_000]) {
      clock.jump(ms)
      expect(limiter.take('a')).toBe(10)
    }
    clock.advance(10_000)
    expect(limiter.take('a')).toBe(0)
  })
})

describe('request ids', () => {
  it('keeps a well-formed one and makes one otherwise', () => {
    expect(requestId({ headers: { 'x-request-id': 'abc-1.2:3' } })).toBe('abc-1.2:3')
    for (const given of [undefined, '', 'a b', 'x'.repeat(129), 'a\u00e9', '<script>']) {
      expect(requestId({ headers: { 'x-request-id': given } })).toMatch(/^[0-9a-f-]{36}$/)
    }
  })
})

describe('problem details', () => {
  const request = { url: '/v1/jobs/7?x=secret' } as FastifyRequest

  it('carry the catalogue and the facts', () => {
    const error = new WaybillError('locked', 'locked by bob', {
      holder: 'bob',
      job: null,
      expiresAt: 0,
      errors: [{ pointer: '/a', detail: 'b', line: 1, column: 2 }],
    })
    expect(problemOf(error, request)).toEqual({
      type: '/errors/locked',
      title: 'Locked by another holder',
      status: 423,
      detail: 'locked by bob',
      code: 'locked',
      instance: '/v1/jobs/7',
      errors: [{ pointer: '/a', detail: 'b', line: 1, column: 2 }],
      holder: 'bob',
      expiresAt: '1970-01-01T00:00:00.000Z',
    })
  })

  it('tell nothing of what was not expected', () => {
    const error = toWaybillError(new Error('password is hunter2'))
    expect(error.code).toBe('internal')
    expect(JSON.stringify(problemOf(error, request))).not.toContain('hunter2')
    expect((error.cause as Error).message).toBe('password is hunter2')
  })

  it.each([
    ['FST_ERR_CTP_BODY_TOO_LARGE', 'body_too_large'],
    ['FST_ERR_CTP_INVALID_MEDIA_TYPE', 'unsupported_media_type'],
    ['FST_ERR_CTP_INVALID_CONTENT_LENGTH', 'incomplete_body'],
    ['FST_ERR_BAD_URL', 'invalid_path'],
    ['ECONNRESET', 'incomplete_body'],
    ['SOMETHING_ELSE', 'internal'],
  ])('name %s as %s', (code, expected) => {
    expect(toWaybillError(Object.assign(new Error('x'), { code })).code).toBe(expected)
  })
})

describe('schemas', () => {
  const schema = Type.Object(
    {
      n: Type.Optional(Type.Integer({ minimum: 1 })),
      flag: Type.Optional(Type.Boolean()),
      word: Type.Optional(Type.Unsafe<string>({ type: 'string', enum: ['a', 'b'] })),
      'x/y': Type.Optional(Type.String()),
    },
    { additionalProperties: false },
  )
  const check = (httpPart: string, value: unknown): { value?: unknown; error?: unknown } =>
    compileValidator({ schema, method: 'GET', url: '/', httpPart })(value) as { value?: unknown; error?: unknown }

  it('convert the text of queries, and only what looks like it', () => {
    expect(check('querystring', { n: '5', flag: 'true', word: 'a' })).toEqual({ value: { n: 5, flag: true, word: 'a' } })
    for (const query of [{ n: '' }, { n: '1.5' }, { n: '1e3' }, { n: 'true' }, { n: ['1', '2'] }, { flag: '1' }, { flag: '' }, { n: '0' }]) {
      expect(check('querystring', query).error, JSON.stringify(query)).toMatchObject({ code: 'invalid_request' })
    }
  })

  it('convert nothing in bodies', () => {
    expect(check('body', { n: 5 })).toEqual({ value: { n: 5 } })
    expect(check('body', { n: '5' }).error).toMatchObject({ facts: { errors: [{ pointer: '/n', detail: 'must be integer' }] } })
  })

  it('tell every place and what would be right', () => {
    expect(check('body', { nn: 1, word: 'c', 'x/y': 2 }).error).toMatchObject({
      code: 'invalid_request',
      message: '/nn: is unknown; known are n, flag, word, x/y (and 2 more)',
      facts: {
        errors: [
          { pointer: '/nn', detail: 'is unknown; known are n, flag, word, x/y' },
          { pointer: '/word', detail: 'must be one of a, b' },
          { pointer: '/x~1y', detail: 'must be string' },
        ],
      },
    })
    expect(check('querystring', { 'x/z': '1' }).error).toMatchObject({ facts: { errors: [{ pointer: 'x/z' }] } })
    expect(check('body', null).error).toMatchObject({ message: 'the body: must be object' })
  })

  it('look for what is wrong in the beginning only: a body may have millions of faults', () => {
    const list = compileValidator({ schema: Type.Object({ list: Type.Array(Type.Object({ n: Type.Integer() })) }), method: 'GET', url: '/', httpPart: 'body' })
    const trap = {
      get n(): number {
        throw new Error('looked at')
      },
    }
    const long: object[] = Array.from({ length: 20_000 }, () => ({}))
    const good: object[] = Array.from({ length: 20_000 }, () => ({ n: 1 }))
    expect((list({ list: long.with(15_000, trap) }) as { error: WaybillError }).error.facts.errors?.[0]).toEqual({ pointer: '/list/0/n', detail: 'is missing' })
    expect(list({ list: good })).toEqual({ value: { list: good } })
    expect(list({ list: good.with(15_000, {}) })).toMatchObject({
      error: { message: 'the body: is wrong behind the first 10000 of a list; send less at once' },
    })
    const many = Object.fromEntries(Array.from({ length: 1_000 }, (_, n) => [`k${n}`, n]))
    const { facts } = check('body', many).error as WaybillError
    expect(facts.errors?.slice(0, 2)).toEqual([
      { pointer: '/k0', detail: 'is unknown' },
      { pointer: '/k1', detail: 'is unknown' },
    ])
  })
})
