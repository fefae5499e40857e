import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeTrackingId, encodeTrackingId } from '../../../src/http/cmwell/track/tracking-id.ts'

/** The vectors of the contract, section 2.1. */
const VECTORS = [
  ['testActor', 1490130485805, '1gAAdGVzdEFjdG9yfDE0OTAxMzA0ODU4MDU'],
  ['testActor2', 1490262390561, 'CAAAdGVzdEFjdG9yMnwxNDkwMjYyMzkwNTYx'],
  ['goneTestActor', 1490130485805, 'XwAAZ29uZVRlc3RBY3RvcnwxNDkwMTMwNDg1ODA1'],
] as const

describe('tracking ids', () => {
  it.each(VECTORS)('%s at %d is %s', (actorId, createdAt, id) => {
    expect(encodeTrackingId({ actorId, createdAt })).toBe(id)
    expect(decodeTrackingId(id)).toEqual({ actorId, createdAt })
  })

  it.each([
    'yada-yada-yada',
    'SGVsbG8gV29ybGQ',
    '6QAAbm9kZWxpbQ',
    'BgAAaWR8bm90LWEtbG9uZw',
    '',
    '!',
    'A',
    '1gAAdGVzdEFjdG9yfDE0OTAxMzA0ODU4MDY',
    'A'.repeat(5000),
  ])('%s never was one', id => {
    expect(decodeTrackingId(id)).toBeNull()
  })

  it('come back as they were, packed or not', () => {
    const actors = fc.oneof(
      fc.stringMatching(/^[0-9a-f]{32}$/),
      fc.constant('a'.repeat(200)),
      fc.string({ maxLength: 40 }).filter(text => !text.includes('|')),
    )
    fc.assert(
      fc.property(actors, fc.nat({ max: 2 ** 45 }), (actorId, createdAt) => {
        expect(decodeTrackingId(encodeTrackingId({ actorId, createdAt }))).toEqual({ actorId, createdAt })
      }),
    )
  })

  it('no text at all makes the reader fail', () => {
    fc.assert(
      fc.property(fc.base64String({ maxLength: 60 }), text => {
        const id = text.replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')
        expect(() => decodeTrackingId(id)).not.toThrow()
      }),
    )
  })
})
