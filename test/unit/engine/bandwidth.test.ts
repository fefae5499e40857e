import { expect, it } from 'vitest'
import { Bandwidth } from '../../../src/engine/bandwidth.ts'
import { VirtualClock } from '../../support/virtual-clock.ts'

const DAY_MS = 24 * 3600 * 1000

it.each([-DAY_MS, DAY_MS])('bytes pass at the same rate when the clock was set by %d ms', async ms => {
  const clock = new VirtualClock()
  const bandwidth = new Bandwidth(1_000, clock)
  const never = new AbortController().signal
  await bandwidth.take(100, never) // the burst
  clock.jump(ms)
  let passed = false
  const taking = bandwidth.take(200, never).then(() => (passed = true))
  clock.advance(199)
  await Promise.resolve()
  expect(passed).toBe(false)
  clock.advance(1)
  await taking
})
