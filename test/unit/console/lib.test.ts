import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { mergePatch } from '../../../console/lib/merge-patch.ts'
import { manifestFormat } from '../../../console/lib/manifest.ts'
import { perSecond, recentRate, withSample, type Sample } from '../../../console/lib/rate.ts'
import { link, parseRoute } from '../../../console/lib/route.ts'
import { seekTo } from '../../../console/lib/seek.ts'
import { withLocalTimes } from '../../../console/lib/times.ts'
import { ScrollMap } from '../../../console/lib/scroll-map.ts'

describe('addresses', () => {
  it('come back as they were given', () => {
    expect(link(['jobs'], { state: 'running', label: '', path: undefined, item: 3 })).toBe('#/jobs?state=running&item=3')
    expect(parseRoute('')).toEqual({ path: [], query: {} })
    expect(parseRoute('#/collections/owner%2Fname?prefix=a%2Fb+c%3F')).toEqual({ path: ['collections', 'owner/name'], query: { prefix: 'a/b c?' } })
    const segment = fc.string({ minLength: 1, unit: 'grapheme' })
    const query = fc.dictionary(fc.stringMatching(/^[a-z]{1,5}$/), segment)
    fc.assert(
      fc.property(fc.array(segment, { minLength: 1 }), query, (path, parameters) => {
        const { path: back, query: found } = parseRoute(link(path, parameters))
        expect([back, { ...found }]).toEqual([path, { ...parameters }])
      }),
    )
  })

  it('that somebody typed are taken as they stand', () => {
    expect(parseRoute('#/jobs/100%')).toEqual({ path: ['jobs', '100%'], query: {} })
  })
})

describe('a place in a list', () => {
  it('is a number from 1 on or a percentage, and never beyond the ends', () => {
    const cases = {
      '1': 0,
      '70,000': 69_999,
      ' 12 000 ': 11_999,
      '50%': 50_000,
      '12.5 %': 12_500,
      '12,5%': 12_500,
      '100%': 99_999,
      '0': 0,
      '999999999': 99_999,
    }
    for (const [text, row] of Object.entries(cases)) expect(seekTo(text, 100_000), text).toBe(row)
    for (const text of ['', 'x', '%', '1x', '-', '1.2.3%']) expect(seekTo(text, 100_000), text).toBeNull()
    expect(seekTo('1', 0)).toBeNull()
  })
})

describe('times in sentences', () => {
  it('are shown by the own clock', () => {
    const at = '2026-11-25T10:11:12.000Z'
    expect(withLocalTimes(`It is tried again by ${at}.`)).toBe(`It is tried again by ${new Date(at).toLocaleTimeString()}.`)
  })
})

describe('the rate', () => {
  const samples = [0, 1000, 2000, 3000, 20_000].map((at): Sample => ({ at, settled: at <= 3000 ? at : 3000 }))

  it('is that of the last ten seconds, or of as many as were watched', () => {
    expect(recentRate([], 0)).toBeNull()
    expect(recentRate(samples.slice(0, 1), 500)).toBeNull()
    expect(recentRate(samples.slice(0, 3), 2000)).toBe(1000)
    // nothing was told since: nothing was settled since
    expect(recentRate(samples.slice(0, 4), 6000)).toBe(500)
    expect(recentRate(samples, 20_000)).toBe(0)
  })

  it('is told second by second', () => {
    expect(perSecond(samples.slice(0, 4), 5000)).toEqual([1000, 1000, 1000, 0, 0])
    const long = Array.from({ length: 300 }, (_, n) => ({ at: n * 1000, settled: n * 10 })).reduce<readonly Sample[]>((all, next) => withSample(all, next), [])
    expect(long.length).toBe(121)
    expect(perSecond(long, 299_000)).toEqual(Array.from({ length: 120 }, () => 10))
  })
})

describe('a scrolled element that stands for a taller one', () => {
  const VIEW = 600

  it('shows every place of it, and is itself no higher than it may be', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 400_000_000 }), fc.double({ min: 0, max: 1, noNaN: true }), (tall, share) => {
        const map = new ScrollMap(tall, VIEW, 1_000_000)
        expect(map.height).toBeLessThanOrEqual(1_000_000)
        const top = share * Math.max(0, tall - VIEW)
        const place = map.at(top)
        expect(Math.abs(ScrollMap.top(place) - top)).toBeLessThanOrEqual(1)
        expect(place.scrollTop).toBeGreaterThanOrEqual(0)
        expect(place.scrollTop).toBeLessThanOrEqual(Math.max(0, map.height - VIEW) + 1)
      }),
    )
  })

  it('moves pixel by pixel for a short way, and in proportion for a long one', () => {
    const map = new ScrollMap(100_000_000, VIEW, 1_000_000)
    let place = map.at(5_000_000)
    for (let turns = 1; turns <= 100; turns++) {
      place = map.scrolled(place, place.scrollTop + 100)
      expect(Math.abs(ScrollMap.top(place) - (5_000_000 + turns * 100))).toBeLessThanOrEqual(turns)
    }
    expect(ScrollMap.top(map.scrolled(place, 1_000_000 - VIEW))).toBe(100_000_000 - VIEW)
    expect(ScrollMap.top(map.scrolled(place, 0))).toBe(0)
    expect(ScrollMap.top(map.scrolled(map.at(0), (1_000_000 - VIEW) / 2))).toBeCloseTo((100_000_000 - VIEW) / 2, -2)
  })

  it('is the element itself where it is not too high', () => {
    const map = new ScrollMap(5000, VIEW, 1_000_000)
    expect(map.height).toBe(5000)
    expect(map.scrolled(map.at(0), 4400)).toEqual({ offset: 0, scrollTop: 4400 })
  })
})

describe('a merge patch', () => {
  it('says what was changed, and null for what is gone', () => {
    expect(mergePatch({ a: 1, b: { c: 1, d: 2 }, e: [1] }, { a: 1, b: { c: 3 }, e: [1, 2], f: 'x' })).toEqual({ b: { c: 3, d: null }, e: [1, 2], f: 'x' })
    expect(mergePatch({ a: { b: 1 } }, { a: 'text' })).toEqual({ a: 'text' })
    expect(mergePatch({ a: { b: [1] } }, { a: { b: [1] } })).toEqual({})
  })
})

describe('a manifest', () => {
  it('has the form that its name or its beginning says', () => {
    expect(['a.csv', 'a.NDJSON', 'a.jsonl', 'a.txt', 'a'].map(name => manifestFormat(name, ' {"source"'))).toEqual([
      'csv',
      'ndjson',
      'ndjson',
      'ndjson',
      'ndjson',
    ])
    expect(manifestFormat('a.txt', 'sourceCollection,sourcePath')).toBe('csv')
  })
})
