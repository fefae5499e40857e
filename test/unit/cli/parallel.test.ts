import { setImmediate } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { inParallel } from '../../../src/cli/parallel.ts'

describe('work in parallel', () => {
  it('does everything, never more at once than allowed', async () => {
    const seen: number[] = []
    let [now, most] = [0, 0]
    await inParallel([...Array(20).keys()], 4, async one => {
      most = Math.max(most, ++now)
      await setImmediate()
      seen.push(one)
      now--
    })
    expect(seen.toSorted((a, b) => a - b)).toEqual([...Array(20).keys()])
    expect(most).toBe(4)
  })

  it('stops taking more after an error, closes the source and throws it', async () => {
    let taken = 0
    let closed = false
    async function* source(): AsyncGenerator<number> {
      try {
        for (;;) yield await Promise.resolve(taken++)
      } finally {
        closed = true
      }
    }
    const work = async (one: number): Promise<void> => {
      await Promise.resolve()
      if (one === 5) throw new Error('five')
    }
    await expect(inParallel(source(), 2, work)).rejects.toThrow('five')
    expect(taken).toBeLessThan(10)
    expect(closed).toBe(true)
  })
})
