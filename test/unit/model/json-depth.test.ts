import { describe, expect, it } from 'vitest'
import { jsonDepthFault, jsonValuesFault } from '../../../src/model/json-depth.ts'

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

describe('the values in JSON text', () => {
  const fault = (text: string): string | null => jsonValuesFault(Buffer.from(text))

  it('are at most a million', () => {
    for (const element of ['1', '[]', '{}', '{"a":1}', '"x"']) {
      const list = (length: number): string => `[${`${element},`.repeat(length - 1)}${element}]`
      expect(fault(list(400_000)), element).toBeNull()
      expect(fault(list(1_000_001)), element).toBe('holds more than 1000000 values; send less at once')
    }
  })

  it('are not what stands in texts', () => {
    const commas = ','.repeat(1_500_000)
    for (const text of ['{"a":"?"}', '{"?":1}', '["\\"?"]', '["\\\\","?"]']) expect(fault(text.replace('?', commas)), text).toBeNull()
    expect(fault(`["\\",[${commas}`)).toBeNull()
    expect(fault(`["\\\\",[${commas}`)).not.toBeNull()
  })
})
