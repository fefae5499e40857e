import { describe, expect, it } from 'vitest'
import { jsonDepthFault } from '../../../src/model/json-depth.ts'

/** So many arrays or objects within each other. */
function nested(levels: number, open = '[', close = ']'): unknown {
  return JSON.parse(open.repeat(levels) + (open === '[' ? '' : '0') + close.repeat(levels))
}

describe('the depth of JSON', () => {
  it('is at most 64 levels', () => {
    const good: unknown[] = [undefined, null, 1, 'a', [], {}, nested(64), nested(64, '{"a":', '}'), Array.from({ length: 1000 }, () => nested(63))]
    for (const value of good) expect(jsonDepthFault(value)).toBeNull()
    for (const levels of [65, 100_000]) {
      expect(jsonDepthFault(nested(levels))).toBe('is nested more than 64 levels deep')
      expect(jsonDepthFault(nested(levels, '{"a":', '}'))).toBe('is nested more than 64 levels deep')
    }
    expect(jsonDepthFault([1, { a: [nested(62)] }])).toBe('is nested more than 64 levels deep')
  })
})
