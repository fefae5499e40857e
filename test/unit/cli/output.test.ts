import { describe, expect, it } from 'vitest'
import { count, plural, size, span } from '../../../src/cli/output.ts'

describe('figures for reading', () => {
  it('separates thousands', () => {
    expect(count(1_234_567)).toBe('1,234,567')
    expect([plural(0, 'file'), plural(1, 'file'), plural(2000, 'file')]).toEqual(['0 files', '1 file', '2,000 files'])
  })

  it.each([
    [0, '0 bytes'],
    [999, '999 bytes'],
    [1000, '1.00 kB'],
    [4_096_000, '4.10 MB'],
    [123_400_000_000, '123 GB'],
    [5e18, '5000 PB'],
  ])('%d bytes are %s', (bytes, text) => {
    expect(size(bytes)).toBe(text)
  })

  it.each([
    [350, '0.35 s'],
    [12_340, '12.3 s'],
    [200_000, '3 min 20 s'],
    [7_500_000, '2 h 5 min'],
  ])('%d ms are %s', (ms, text) => {
    expect(span(ms)).toBe(text)
  })
})
