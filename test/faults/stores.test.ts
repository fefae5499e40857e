import { describe, expect, it } from 'vitest'
import { isWaybillError } from '../../src/model/errors.ts'
import { ALICE } from '../unit/engine/house.ts'
import { Random } from '../support/random.ts'
import { Injector, KINDS, type FaultKind } from './injector.ts'
import { openFaultyStage } from './faulty-stage.ts'
import { seedsOf } from './seeds.ts'
import { checkAll, reasonsOf } from './storm-checks.ts'
import { Storm } from './storm.ts'

/** Each seed has stores that fail in some ways, all of them in the course of a few. `FAULT_SEEDS=1-500` tries others. */
const SEEDS = seedsOf('FAULT_SEEDS', 5)

describe('jobs and uploads over stores that fail', () => {
  it.each(SEEDS)('end, say truly how, and lose and halve nothing (seed %i)', { timeout: 60_000 }, async seed => {
    const random = new Random(seed)
    const kinds = new Set([KINDS[(2 * seed) % KINDS.length] as FaultKind, KINDS[(2 * seed + 1) % KINDS.length] as FaultKind, random.pick(KINDS)])
    const faults = new Injector(random, [...kinds], random.pick([0.02, 0.05, 0.12]))
    const stage = await openFaultyStage(faults)
    try {
      const storm = await Storm.over(stage, random)
      await storm.run(faults)
      faults.end()
      const failed = await checkAll(storm, reasonsOf(faults))
      for (const { id } of storm.jobs) await storm.house.engine.jobs.retry(ALICE, id, ['failed'])
      await storm.passUntil(storm.finished())
      expect(await checkAll(storm, reasonsOf(faults)), `of ${failed} items that had failed`).toBe(0)
      // background work complains of what was injected, and of nothing else
      expect(storm.house.errors.filter(error => !isInjected(error))).toEqual([])
    } finally {
      faults.end()
      await stage.close()
    }
  })
})

/** True for what was injected, also deeper among the causes. */
function isInjected(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  return /injected|EIO/.test(error.message) || isWaybillError(error, 'stale_lease') || isInjected(error.cause)
}
