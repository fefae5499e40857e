import { describe, expect, it } from 'vitest'
import { preferredType } from '../../../../src/http/accept.ts'
import { anyTagMatches, rangeHolds, readVerdict, writeConditions } from '../../../../src/http/conditions.ts'
import { idempotencyKey } from '../../../../src/http/v1/decode.ts'
import { announcedSha256, reprDigest } from '../../../../src/http/digest-header.ts'
import { attachment } from '../../../../src/http/disposition.ts'
import { preferredWait } from '../../../../src/http/v1/prefer.ts'
import { rangeWish } from '../../../../src/http/range.ts'

const HELLO = '2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824'
const HELLO_HEADER = 'sha-256=:LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=:'

describe('Range', () => {
  const part = (start: number, end: number): object => ({ kind: 'part', range: { start, end } })

  it.each([
    ['bytes=0-0', part(0, 1)],
    ['bytes=2-5', part(2, 6)],
    ['Bytes=2-5', part(2, 6)],
    ['bytes=2-', part(2, 10)],
    ['bytes=2-99', part(2, 10)],
    ['bytes=9-9', part(9, 10)],
    ['bytes=-3', part(7, 10)],
    ['bytes=-99', part(0, 10)],
    ['bytes=10-', { kind: 'outside' }],
    ['bytes=10-12', { kind: 'outside' }],
    ['bytes=-0', { kind: 'outside' }],
    ['bytes=5-2', { kind: 'whole' }],
    ['bytes=0-1,3-4', { kind: 'whole' }],
    ['bytes=-', { kind: 'whole' }],
    ['bytes=a-b', { kind: 'whole' }],
    ['lines=0-1', { kind: 'whole' }],
    [undefined, { kind: 'whole' }],
  ])('of 10 bytes, %s', (header, wish) => {
    expect(rangeWish(header, 10)).toEqual(wish)
  })

  it('has nothing to give of an empty file', () => {
    expect(rangeWish('bytes=0-', 0)).toEqual({ kind: 'outside' })
    expect(rangeWish('bytes=-5', 0)).toEqual({ kind: 'outside' })
    expect(rangeWish(undefined, 0)).toEqual({ kind: 'whole' })
  })
})

describe('If-Range', () => {
  const modified = Date.parse('2026-11-22T20:41:07.500Z')

  it.each([
    [undefined, true],
    ['"abc"', true],
    ['"other"', false],
    ['W/"abc"', false],
    ['Sun, 22 Nov 2026 20:41:07 GMT', true],
    ['Sun, 22 Nov 2026 20:41:06 GMT', false],
    ['nonsense', false],
  ])('%s', (header, holds) => {
    expect(rangeHolds(header, '"abc"', modified)).toBe(holds)
  })
})

describe('conditions of a write', () => {
  it('takes one strong tag, and * for nothing there', () => {
    expect(writeConditions({})).toEqual({})
    expect(writeConditions({ 'if-match': '"abc"' })).toEqual({ ifMatch: 'abc' })
    expect(writeConditions({ 'if-none-match': '*' })).toEqual({ ifNoneMatch: '*' })
  })

  it.each([
    [{ 'if-match': 'abc' }, 'invalid_request'],
    [{ 'if-match': '*' }, 'invalid_request'],
    [{ 'if-match': '"a", "b"' }, 'invalid_request'],
    [{ 'if-none-match': '"a"' }, 'invalid_request'],
    [{ 'if-match': 'W/"abc"' }, 'precondition_failed'],
  ])('refuses %o', (headers, code) => {
    expect(() => writeConditions(headers)).toThrow(expect.objectContaining({ code }))
  })
})

describe('conditions of a read', () => {
  const modified = Date.parse('2026-11-22T20:41:07.500Z')
  const same = 'Sun, 22 Nov 2026 20:41:07 GMT'
  const before = 'Sun, 22 Nov 2026 20:41:06 GMT'

  it.each([
    [{}, 'send'],
    [{ 'if-none-match': '"abc"' }, 'unchanged'],
    [{ 'if-none-match': 'W/"abc"' }, 'unchanged'],
    [{ 'if-none-match': '"x", "abc"' }, 'unchanged'],
    [{ 'if-none-match': '*' }, 'unchanged'],
    [{ 'if-none-match': '"x"' }, 'send'],
    [{ 'if-none-match': '"x"', 'if-modified-since': same }, 'send'],
    [{ 'if-modified-since': same }, 'unchanged'],
    [{ 'if-modified-since': before }, 'send'],
    [{ 'if-modified-since': 'nonsense' }, 'send'],
    [{ 'if-match': '"abc"' }, 'send'],
    [{ 'if-match': '*' }, 'send'],
    [{ 'if-match': '"x"' }, 'failed'],
    [{ 'if-match': 'W/"abc"' }, 'failed'],
    [{ 'if-unmodified-since': same }, 'send'],
    [{ 'if-unmodified-since': before }, 'failed'],
  ])('%o', (headers, verdict) => {
    expect(readVerdict(headers, '"abc"', modified)).toBe(verdict)
  })

  it('compares weakly where a poll asks for news', () => {
    expect(anyTagMatches('W/"7"', 'W/"7"')).toBe(true)
    expect(anyTagMatches('"7"', 'W/"7"')).toBe(true)
    expect(anyTagMatches('W/"8"', 'W/"7"')).toBe(false)
  })
})

describe('Repr-Digest', () => {
  it('reads SHA-256 among others and ignores what it does not know', () => {
    expect(announcedSha256(undefined)).toBeNull()
    expect(announcedSha256(HELLO_HEADER)).toBe(HELLO)
    expect(announcedSha256(`md5=:AAAA:, ${HELLO_HEADER}`)).toBe(HELLO)
    expect(announcedSha256('sha-512=:AAAA:')).toBeNull()
    expect(reprDigest(HELLO)).toBe(HELLO_HEADER)
  })

  it.each(['sha-256=abc', 'sha-256=:abc:', 'nonsense', 'sha-256=:LPJNul==:', `${HELLO_HEADER},`])('refuses %s', header => {
    expect(() => announcedSha256(header)).toThrow(
      expect.objectContaining({ code: 'invalid_request', facts: { errors: [expect.objectContaining({ pointer: 'Repr-Digest' })] } }),
    )
  })
})

describe('Content-Disposition', () => {
  it.each([
    ['dir/plain.txt', `attachment; filename="plain.txt"; filename*=UTF-8''plain.txt`],
    ['é "x" 100%.txt', `attachment; filename="_ _x_ 100_.txt"; filename*=UTF-8''%C3%A9%20%22x%22%20100%25.txt`],
    ["it's (1)*.txt", `attachment; filename="it's (1)*.txt"; filename*=UTF-8''it%27s%20%281%29%2A.txt`],
  ])('%s', (path, header) => {
    expect(attachment(path)).toBe(header)
  })
})

describe('Prefer', () => {
  it.each([
    [undefined, null],
    ['wait=10', 10],
    ['Wait = 10', 10],
    ['respond-async, wait=5', 5],
    ['wait="7"', 7],
    ['wait=5; foo=bar', 5],
    ['wait=100', 60],
    ['wait=0', 0],
    ['wait=abc', null],
    ['wait=-1', null],
    ['return=minimal', null],
  ])('%s', (header, seconds) => {
    expect(preferredWait(header)).toBe(seconds)
  })
})

describe('Accept', () => {
  const offered = ['application/json', 'application/x-ndjson', 'text/csv'] as const

  it.each([
    [undefined, 'application/json'],
    ['*/*', 'application/json'],
    ['text/csv', 'text/csv'],
    ['text/*', 'text/csv'],
    ['application/json;q=0.5, application/x-ndjson', 'application/x-ndjson'],
    ['text/csv;q=0.1, */*;q=0.2', 'application/json'],
    ['application/json;q=0, */*', 'application/x-ndjson'],
    ['image/png', 'application/json'],
  ])('%s', (header, type) => {
    expect(preferredType(header, offered)).toBe(type)
  })
})

describe('Idempotency-Key', () => {
  it('is taken bare, or as the quoted string of the draft', () => {
    expect(idempotencyKey(undefined)).toBeUndefined()
    expect(idempotencyKey('abc-1')).toBe('abc-1')
    expect(idempotencyKey('"abc-1"')).toBe('abc-1')
    expect(idempotencyKey('"a\\"b"')).toBe('a"b')
  })

  it.each(['', '""', 'é', 'x'.repeat(256)])('refuses %s', header => {
    expect(() => idempotencyKey(header)).toThrow(expect.objectContaining({ code: 'invalid_request' }))
  })
})
