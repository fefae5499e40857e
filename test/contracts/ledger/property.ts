import fc from 'fast-check'
import { describe, it } from 'vitest'
import { RandomRun } from './random-jobs.ts'
import { operations } from './random-operations.ts'
import type { World } from './world.ts'

/** Random jobs under random operations: whatever is done in whatever order, the ledger shows what the simple model in memory shows. */
export function randomJobsContract(world: World): void {
  describe('random jobs', () => {
    it('come out as the model says, at every step', async () => {
      await fc.assert(
        fc.asyncProperty(operations, async all => {
          const run = new RandomRun(world)
          await run.begin()
          for (const operation of all) {
            await run.do(operation)
            await run.compare()
          }
        }),
        { numRuns: RUNS },
      )
    })
  })
}

/** Each run makes some 25 durable writes, so that this many take a few seconds. Whoever changes the ledger lets more run: RANDOM_RUNS=2000. */
const RUNS = Number(process.env['RANDOM_RUNS'] ?? 40)
