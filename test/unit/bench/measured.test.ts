import { describe, expect, it } from 'vitest'
import { figuresOf, ratiosOf, type Row, spread, verdictOf } from '../../../bench/measured.ts'

function row(better: Row['better'], ours: readonly number[], theirs: readonly number[], goal?: number): Row {
  return { name: 'speed', what: 'something', unit: 's', better, ours, peer: { name: 'cp', values: theirs }, ...(goal === undefined ? {} : { goal }) }
}

describe('a row', () => {
  it('has ratios above 1 where ours is better, whichever way that lies', () => {
    expect(ratiosOf(row('less', [1, 2], [4, 3]))).toEqual([4, 1.5])
    expect(ratiosOf(row('more', [1, 2], [4, 1]))).toEqual([0.25, 2])
    expect(() => ratiosOf(row('more', [1, 2], [4]))).toThrow('cannot be paired')
  })

  it('is judged by the median of its ratios', () => {
    expect(verdictOf(row('less', [1, 1, 9], [2, 2, 2]))).toBe('ahead')
    expect(verdictOf(row('less', [1], [0.96]))).toBe('even')
    expect(verdictOf(row('more', [1], [2]))).toBe('behind')
    expect(verdictOf(row('more', [7], [10], 0.6))).toBe('met')
    expect(verdictOf(row('more', [5], [10], 0.6))).toBe('missed')
    expect(verdictOf({ name: 'alone', what: 'something', unit: 's', better: 'less', ours: [1] })).toBe('no peer')
  })

  it('against nothing at all is beyond measure, and as a figure null', () => {
    const all = row('more', [100], [0])
    expect(verdictOf(all)).toBe('ahead')
    expect(spread(ratiosOf(all))).toBe('beyond measure')
    expect(figuresOf([all])).toEqual({ speed: 100, speed_peer: 0, speed_ratio: null })
    expect(ratiosOf(row('more', [0], [0]))).toEqual([1])
  })
})
