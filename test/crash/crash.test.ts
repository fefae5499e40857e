import { expect, test } from 'vitest'
import { crashes } from './harness.ts'

const KILLS = 10

test(`I1 to I6 hold after each of ${KILLS} kills of a working server`, { timeout: 300_000 }, async () => {
  const report = await crashes({ kills: KILLS, seed: 20 })
  expect(report.faults, `the data directory is kept: ${report.directory}`).toEqual([])
  expect(report.kills).toBeGreaterThanOrEqual(KILLS)
  // a run whose kills all met an idle server would prove nothing
  expect(report.killsInWork).toBeGreaterThan(0)
  expect(report.updated).toBeGreaterThan(0)
  expect(report.answersLost).toBeGreaterThan(0)
})
