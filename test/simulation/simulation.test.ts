import { describe, expect, it } from 'vitest'
import { simulate } from './simulation.ts'

/** Long enough for kills, takeovers and expiries in each. `npm run simulate -- --steps 10000000` runs as many as you like. */
const STEPS = 8_000
/** One server alone and several: which, the seed says. */
const SEEDS = [1, 2, 3, 4, 5, 6]

describe('simulated servers', () => {
  it.each(SEEDS)('keep every invariant under kills, stalls, lost answers and jumps of the clock (seed %i)', async seed => {
    const { events, looked } = await simulate({ seed, steps: STEPS })
    expect(events.kills).toBeGreaterThan(0)
    expect(events.submitted).toBeGreaterThan(50)
    expect(looked.items).toBeGreaterThan(0)
    expect(looked.versions).toBeGreaterThan(0)
  })

  it('do the same again for the same seed', async () => {
    const once = await simulate({ seed: 7, steps: 2_000 })
    expect(await simulate({ seed: 7, steps: 2_000 })).toEqual(once)
    expect((await simulate({ seed: 8, steps: 2_000 })).trace).not.toBe(once.trace)
  })
})
