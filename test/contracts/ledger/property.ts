import { beforeAll, describe, it } from 'vitest'
import { usual } from '../commands/operations.ts'
import { assertRandom, fixtures, randomRuns, randomTimeoutMs, replay, type WithLedger } from '../commands/run.ts'
import { DAY_MS, type World } from './world.ts'

/** Some 25 durable writes each, so that this many take a few seconds. Whoever changes the ledger lets more run: RANDOM_RUNS=2000. */
const RUNS = randomRuns(36)
const TIMEOUT_MS = randomTimeoutMs(RUNS)

/** Random jobs under random operations: whatever is done in whatever order, the ledger shows what the simple model in memory shows. */
export function randomJobsContract(world: World): void {
  const withLedger: WithLedger = use => use(world)

  describe('random jobs', () => {
    // fixtures purge in small batches, and would find there what other tests have left
    beforeAll(async () => {
      world.clock.advance(365 * DAY_MS)
      while ((await world.ledger.purge(10_000)) > 0);
    })

    it.each(fixtures('without crashes'))('come out as the model says: %s', { timeout: TIMEOUT_MS }, (_name, fixture) => replay(fixture, withLedger))

    it('come out as the model says, at every step', { timeout: TIMEOUT_MS }, () => assertRandom(usual, RUNS, withLedger))
  })
}
