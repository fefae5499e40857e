import { describe, expect, it } from 'vitest'
import { decodeSubmit, fingerprintOf, itemStates, timeParameter } from '../../../../src/http/v1/decode.ts'

const CONTEXT = { retentionMs: 1000 }

describe('a submitted job', () => {
  it('gets the defaults for what it does not say', () => {
    expect(decodeSubmit(CONTEXT, { kind: 'copy' })).toEqual({
      options: { kind: 'copy', conflict: 'version', verify: 'none', dryRun: false, priority: 5, label: null, dialect: 'v1', retentionMs: 1000 },
      items: [],
      select: [],
    })
  })

  it('keeps what it says', () => {
    const item = { source: { collection: 'a', path: 'b', version: 2 }, destination: { collection: 'c', ifNoneMatch: '*' as const } }
    const words = { kind: 'move' as const, conflict: 'skip' as const, verify: 'digest' as const, dryRun: true, priority: 9, label: 'nightly' }
    const command = decodeSubmit(CONTEXT, { ...words, items: [item] })
    expect(command.options).toEqual({ ...words, dialect: 'v1', retentionMs: 1000 })
    expect(command.items).toEqual([item])
  })

  it('has the same fingerprint however its members are ordered, and another for another wish', () => {
    const one = decodeSubmit(CONTEXT, { kind: 'copy', items: [{ source: { collection: 'a', path: 'b' }, destination: { collection: 'c', path: 'd' } }] })
    const same = decodeSubmit(CONTEXT, {
      items: [{ destination: { path: 'd', collection: 'c' }, source: { path: 'b', collection: 'a' } }],
      dryRun: false,
      kind: 'copy',
    })
    const other = decodeSubmit(CONTEXT, { kind: 'copy', items: [{ source: { collection: 'a', path: 'b' }, destination: { collection: 'c', path: 'e' } }] })
    expect(fingerprintOf(same)).toBe(fingerprintOf(one))
    expect(fingerprintOf(other)).not.toBe(fingerprintOf(one))
    expect(fingerprintOf(one)).toMatch(/^[0-9a-f]{64}$/)
  })
})

describe('query parameters', () => {
  it('reads lists of states', () => {
    expect(itemStates(undefined)).toBeUndefined()
    expect(itemStates('failed')).toEqual(['failed'])
    expect(itemStates('failed, evicted')).toEqual(['failed', 'evicted'])
    expect(() => itemStates('failed,')).toThrow(expect.objectContaining({ code: 'invalid_request' }))
    expect(() => itemStates('broken')).toThrow('state has "broken"; use one or more of pending, running')
  })

  it.each([
    ['2026-11-22T20:41:07Z', 1795380067000],
    ['2026-11-22T20:41:07.5Z', 1795380067500],
    ['2026-11-22T21:41:07+01:00', 1795380067000],
    ['2026-11-22T21:41:07 01:00', 1795380067000],
  ])('reads the time %s', (text, ms) => {
    expect(timeParameter('since', text)).toBe(ms)
  })

  it.each(['', 'yesterday', '2026-11-22', '1795380067', '2026-13-22T20:41:07Z', '2026-11-22T20:41:07'])('refuses the time %s', text => {
    expect(() => timeParameter('since', text)).toThrow(expect.objectContaining({ facts: { errors: [expect.objectContaining({ pointer: 'since' })] } }))
  })
})
