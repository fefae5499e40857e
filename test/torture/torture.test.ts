import { expect, test } from 'vitest'
import { torture } from './run.ts'
import { INVARIANTS } from './tally.ts'

const KILLS = 20
const FEW_KILLS = 3

test(`all invariants hold after each of ${KILLS} kills of a working server`, { timeout: 900_000 }, async () => {
  const report = await torture({ kills: KILLS, seed: 20 })
  expect(report.faults, `what was found is kept: ${report.directory}`).toEqual([])
  expect(report.kills).toBeGreaterThanOrEqual(KILLS)
  // a run whose kills all met an idle server would prove nothing
  expect(report.killsInWork).toBeGreaterThan(0)
  expect(report.updated).toBeGreaterThan(0)
  expect(report.answersLost).toBeGreaterThan(0)
  expect(report.expired).toBeGreaterThan(0)
  expect(INVARIANTS.filter(rule => report.checked[rule] === 0)).toEqual([])
  expect(Object.keys(report.killsAt).length).toBeGreaterThan(5)
})

test(`they hold with PostgreSQL, too, where ${FEW_KILLS} servers of two are killed and the database goes down`, { timeout: 900_000 }, async () => {
  const report = await torture({ kills: FEW_KILLS, seed: 3, ledger: 'postgres' })
  expect(report.faults, `what was found is kept: ${report.directory}`).toEqual([])
  expect(report.kills).toBeGreaterThanOrEqual(FEW_KILLS)
  expect(report.itemsDone).toBeGreaterThan(0)
})
