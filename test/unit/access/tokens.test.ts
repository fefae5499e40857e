import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { hashToken, mintToken, parseDuration } from '../../../src/access/tokens.ts'

describe('opaque tokens', () => {
  it('are wb_ and 43 base64url characters, each time others', () => {
    const tokens = Array.from({ length: 100 }, mintToken)
    for (const token of tokens) expect(token).toMatch(/^wb_[A-Za-z0-9_-]{43}$/)
    expect(new Set(tokens).size).toBe(100)
  })

  it('are known by their SHA-256', () => {
    expect(hashToken('wb_x')).toBe(createHash('sha256').update('wb_x').digest('hex'))
  })
})

describe('durations', () => {
  it.each([
    ['90s', 90_000],
    ['15m', 900_000],
    ['12h', 43_200_000],
    ['30d', 2_592_000_000],
    ['36500d', 3_153_600_000_000],
  ])('reads %s', (text, ms) => expect(parseDuration(text)).toBe(ms))

  it.each(['', '30', 'd', '0s', '-1d', '1.5h', '1 h', '30D', '5w', '1h30m', '36501d', '9999999999999s', '1d\n', '१d'])('refuses %j', text => {
    expect(() => parseDuration(text)).toThrow(expect.objectContaining({ code: 'invalid_request', message: expect.stringContaining('30d') }))
  })
})
