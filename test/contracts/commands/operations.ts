import fc from 'fast-check'
import { DAY_MS, HOUR_MS } from '../ledger/world.ts'
import { CONFLICTS, JOB_KINDS } from '../../../src/model/job.ts'

/** Two collections with four names each: items often touch each other's paths, but not always. */
export const COLLECTIONS = ['A', 'B'] as const
export const PLACES = COLLECTIONS.flatMap(collection => ['a', 'b', 'c', 'd'].map(path => `${collection}/${path}`))

/** Numbers choose among what is there at the time. */
const which = fc.nat({ max: 3 })
const place = fc.constantFrom(...PLACES)

const wishes = fc.record({
  source: place,
  destination: place,
  sourceIf: fc.constantFrom('no', 'no', 'no', 'no', 'no', 'present', 'other', 'version'),
  destinationIf: fc.constantFrom('no', 'no', 'no', 'no', 'no', 'present', 'other', 'absent'),
})
/** An item of a job, and what is to hold of its ends: that they are as they are now, as they never were, of this version, or not there. */
export type ItemWish = typeof wishes extends fc.Arbitrary<infer T> ? T : never

/** What callers and workers do. */
export const usual = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      op: fc.constant('submit' as const),
      kind: fc.constantFrom(...JOB_KINDS, 'copy' as const, 'move' as const),
      conflict: fc.constantFrom(...CONFLICTS),
      dryRun: fc.integer({ min: 0, max: 5 }).map(n => n === 5),
      keptMs: fc.constantFrom(30 * DAY_MS, HOUR_MS),
      batches: fc.array(fc.array(wishes, { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 3 }),
    }),
  },
  { weight: 5, arbitrary: fc.record({ op: fc.constant('work' as const) }) },
  { weight: 4, arbitrary: fc.record({ op: fc.constant('lease' as const), job: which }) },
  { weight: 4, arbitrary: fc.record({ op: fc.constant('apply' as const), lease: which, rotten: fc.constantFrom(null, null, null, 'x', 'y') }) },
  { weight: 2, arbitrary: fc.record({ op: fc.constantFrom('release' as const, 'renew' as const), lease: which }) },
  { weight: 1, arbitrary: fc.record({ op: fc.constant('expire' as const) }) },
  { weight: 1, arbitrary: fc.record({ op: fc.constantFrom('cancel' as const, 'pause' as const), job: which }) },
  { weight: 2, arbitrary: fc.record({ op: fc.constant('resume' as const), job: which }) },
  {
    weight: 3,
    arbitrary: fc.record({
      op: fc.constant('retry' as const),
      job: which,
      states: fc.uniqueArray(fc.constantFrom('failed' as const, 'evicted' as const, 'skipped' as const, 'cancelled' as const), { minLength: 1 }),
    }),
  },
  { weight: 4, arbitrary: fc.record({ op: fc.constant('put' as const), place, text: fc.constantFrom('x', 'y', 'zz') }) },
  { weight: 2, arbitrary: fc.record({ op: fc.constant('remove' as const), place }) },
  { weight: 1, arbitrary: fc.record({ op: fc.constantFrom('lock' as const, 'unlock' as const), place, whole: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ op: fc.constantFrom('lose' as const, 'regain' as const), collection: fc.constantFrom(...COLLECTIONS) }) },
)

/** What befalls the whole ledger: it is closed or killed and opened again, its clock is set (also beyond what some jobs are kept), some of it is purged, or so much time passes that whatever is finished is purged. */
const disturbance = fc.oneof(
  { weight: 3, arbitrary: fc.record({ op: fc.constantFrom('crash' as const, 'restart' as const) }) },
  { weight: 3, arbitrary: fc.record({ op: fc.constant('set' as const), ms: fc.constantFrom(-2 * HOUR_MS, -600_000, -1, 60_000, 2 * HOUR_MS) }) },
  { weight: 2, arbitrary: fc.record({ op: fc.constant('purge' as const), batch: fc.constantFrom(1, 3, 1_000) }) },
  { weight: 1, arbitrary: fc.record({ op: fc.constant('age' as const), batch: fc.constantFrom(1, 3, 1_000), crashes: fc.boolean() }) },
)
/** The usual, and what befalls the ledger among it. */
export const disturbed = fc.oneof({ weight: 5, arbitrary: usual }, { weight: 1, arbitrary: disturbance })

/** One step of a run, as it is written in a fixture. */
export type Operation = typeof disturbed extends fc.Arbitrary<infer T> ? T : never
export type OperationOf<Op extends Operation['op']> = Operation & { readonly op: Op }
