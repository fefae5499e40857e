import fc from 'fast-check'
import { toldNumber } from '../support/told.ts'

/**
 * How much is tried, and from which seed. `npm test` always tries the same few cases; `npm run fuzz -- --minutes 10 --seed 7` (test/fuzz/main.ts) goes on
 * with new ones. A case that fails is told with its seed and path, shrunk.
 */
export const SEED = toldNumber('FUZZ_SEED', 1, 0)
const TIMES = toldNumber('FUZZ_TIMES', 1)
/** How long one test may take, in milliseconds. */
export const PATIENCE_MS = 60_000 * TIMES

/** Asserts the property for `runs` cases, or as many times as that as are wished. */
export async function fuzz<T>(runs: number, cases: fc.Arbitrary<T>, holds: (one: T) => Promise<void>): Promise<void> {
  await fc.assert(fc.asyncProperty(cases, holds), { seed: SEED, numRuns: runs * TIMES })
}
