import fc from 'fast-check'

/**
 * How much is tried, and from which seed. `npm test` always tries the same few cases; `npm run fuzz -- --minutes 10 --seed 7` (test/fuzz/main.ts) goes on
 * with new ones. A case that fails is told with its seed and path, shrunk.
 */
export const SEED = Number(process.env['FUZZ_SEED'] ?? 1)
const TIMES = Number(process.env['FUZZ_TIMES'] ?? 1)
/** How long one test may take, in milliseconds. */
export const PATIENCE_MS = 60_000 * Math.max(1, TIMES)

/** Asserts the property for `runs` cases, or as many times as that as are wished. */
export async function fuzz<T>(runs: number, cases: fc.Arbitrary<T>, holds: (one: T) => Promise<void>): Promise<void> {
  await fc.assert(fc.asyncProperty(cases, holds), { seed: SEED, numRuns: Math.ceil(runs * TIMES) })
}
