import { InvalidArgumentError } from 'commander'
import { describe, expect, it } from 'vitest'
import { checked, parseLockTtl, parseMoment, parseScopes, parseStates, parseSubject, wholeNumber } from '../../../src/cli/values.ts'

describe('values of the command line', () => {
  it('reads whole numbers within bounds', () => {
    const parse = wholeNumber(1, 9)
    expect(parse('9')).toBe(9)
    for (const text of ['0', '10', '1.5', '-1', '1e0', '', ' 1', '0x1']) expect(() => parse(text)).toThrow('whole number from 1 to 9')
  })

  it('reads scopes once each and names the good ones when one is bad', () => {
    expect(parseScopes('read, write,read')).toEqual(['read', 'write'])
    expect(() => parseScopes('read,root')).toThrow('"root" is no scope; choose among read, write, admin, apollo_read, apollo_write')
    expect(() => parseScopes('')).toThrow('no scope')
  })

  it('reads states that can be tried again', () => {
    expect(parseStates('failed,evicted')).toEqual(['failed', 'evicted'])
    for (const text of ['done', 'pending', 'running', 'Failed']) expect(() => parseStates(text)).toThrow('choose among skipped, failed, evicted, cancelled')
  })

  it('reads subjects', () => {
    expect(parseSubject('alice@example.org')).toBe('alice@example.org')
    for (const text of ['', ' alice', 'a\nb']) expect(() => parseSubject(text)).toThrow('cannot be a subject')
  })

  it('reads how long a lock holds', () => {
    expect(parseLockTtl('10m')).toBe(600_000)
    for (const text of ['8d', '0s', '10', 'm', '-5m']) expect(() => parseLockTtl(text)).toThrow()
  })

  it('reads moments', () => {
    const now = Date.parse('2026-11-22T20:00:00Z')
    expect(parseMoment('2h', now)).toBe('2026-11-22T18:00:00.000Z')
    expect(parseMoment('2026-11-01T00:00:00+01:00', now)).toBe('2026-10-31T23:00:00.000Z')
    for (const text of ['yesterday', '2026-13-01', '12', '2h30']) expect(() => parseMoment(text, now)).toThrow('is no time')
  })

  it('tells refusals in the way of the command line', () => {
    expect(() => checked(parseSubject)('')).toThrow(InvalidArgumentError)
  })
})
