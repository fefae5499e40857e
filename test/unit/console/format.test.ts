import { describe, expect, it } from 'vitest'
import { duration, percent, plural, relative, shortNumber, size } from '../../../console/lib/format.ts'

describe('numbers of the console', () => {
  it('are short, with two digits that count', () => {
    const told = [0, 7, 0.4, 999, 1234, 9_999, 10_000, 99_949, 99_960, 123_456, 999_999, 1_234_567, 12_000_000_000].map(shortNumber)
    expect(told).toEqual(['0', '7', '0.4', '999', '1,234', '9,999', '10 k', '99.9 k', '100 k', '123 k', '1 M', '1.2 M', '12 G'])
  })

  it('are sizes in decimal units', () => {
    expect([0, 999, 1000, 1536, 5e9, 4.2e12].map(size)).toEqual(['0 B', '999 B', '1 kB', '1.5 kB', '5 GB', '4.2 TB'])
  })

  it('go with their word', () => {
    expect([plural(0, 'item'), plural(1, 'item'), plural(1234, 'item'), plural(2, 'entry', 'entries')]).toEqual([
      '0 items',
      '1 item',
      '1,234 items',
      '2 entries',
    ])
  })

  it('are percentages that are 0 only for nothing and 100 only for all', () => {
    expect([percent(0, 10), percent(1, 100_000), percent(1, 3), percent(99_999, 100_000), percent(5, 5), percent(0, 0)]).toEqual([0, 1, 33, 99, 100, 0])
  })
})

describe('times of the console', () => {
  it('last two units at most', () => {
    expect([0, 40, 999, 12_000, 59_700, 200_000, 3_600_000, 7_500_000, 270_000_000].map(duration)).toEqual([
      '0 ms',
      '40 ms',
      '999 ms',
      '12 s',
      '1 min',
      '3 min 20 s',
      '1 h',
      '2 h 5 min',
      '3 d 3 h',
    ])
  })

  it('are told from now', () => {
    const now = 1_000_000_000
    expect([now, now - 4000, now - 12_000, now - 200_000, now + 7_500_000].map(at => relative(at, now))).toEqual([
      'just now',
      'just now',
      '12 s ago',
      '3 min ago',
      'in 2 h',
    ])
  })
})
