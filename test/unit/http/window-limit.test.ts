import { describe, expect, it } from 'vitest'
import { WindowLimiter } from '../../../src/http/window-limit.ts'
import { isWaybillError } from '../../../src/model/errors.ts'
import { VirtualClock } from '../../support/virtual-clock.ts'

function refusal(limiter: WindowLimiter, key: string): number | undefined {
  try {
    limiter.take(key)
    return undefined
  } catch (error) {
    if (isWaybillError(error, 'rate_limited')) return error.facts.retryAfterSeconds
    throw error
  }
}

describe('a limit by windows', () => {
  it('lets so many through in a window, each caller for itself, and tells how they stand', () => {
    const clock = new VirtualClock(1_000_000)
    const limiter = new WindowLimiter(clock, 3, 60_000)
    expect(limiter.standing('a')).toEqual({ limit: 3, remaining: 3, endsAt: 1_060_000 })
    clock.advance(1_000)
    for (const left of [2, 1, 0]) {
      limiter.take('a')
      expect(limiter.standing('a')).toEqual({ limit: 3, remaining: left, endsAt: 1_061_000 })
    }
    clock.advance(10_500)
    expect(refusal(limiter, 'a')).toBe(50)
    expect(limiter.standing('a'), 'a refused request takes nothing').toMatchObject({ remaining: 0, endsAt: 1_061_000 })
    expect(refusal(limiter, 'b')).toBeUndefined()
    clock.advance(49_499)
    expect(refusal(limiter, 'a')).toBe(1)
    clock.advance(1)
    expect(refusal(limiter, 'a')).toBeUndefined()
    expect(limiter.standing('a')).toEqual({ limit: 3, remaining: 2, endsAt: 1_121_000 })
  })

  it('is as long as it is, however the clock is set', () => {
    const clock = new VirtualClock()
    const limiter = new WindowLimiter(clock, 1, 60_000)
    limiter.take('a')
    for (const days of [-2, 4, -2]) {
      clock.jump(days * 24 * 3600 * 1000)
      expect(refusal(limiter, 'a')).toBe(60)
      expect(limiter.standing('a').endsAt).toBe(clock.now() + 60_000)
    }
    clock.advance(60_000)
    expect(refusal(limiter, 'a')).toBeUndefined()
  })

  it('holds for callers by the thousand', () => {
    const clock = new VirtualClock()
    const limiter = new WindowLimiter(clock, 1, 1000)
    for (let n = 0; n < 10_500; n += 1) limiter.take(`early ${n}`)
    expect(refusal(limiter, 'early 0')).toBe(1)
    clock.advance(1000)
    for (let n = 0; n < 10_500; n += 1) limiter.take(`late ${n}`)
    expect(refusal(limiter, 'late 10499')).toBe(1)
    expect(refusal(limiter, 'early 0')).toBeUndefined()
  })
})
