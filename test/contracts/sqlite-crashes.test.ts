import { copyFileSync, existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'vitest'
import { SqliteLedger } from '../../src/ledger/sqlite/sqlite-ledger.ts'
import { disturbed } from './commands/operations.ts'
import type { Reopen } from './commands/real.ts'
import { assertRandom, fixtures, randomRuns, randomTimeoutMs, replay, type WithLedger } from './commands/run.ts'
import { World } from './ledger/world.ts'

/** Some 25 durable writes each, and some openings. Whoever changes the ledger lets more run: RANDOM_RUNS=2000. */
const RUNS = randomRuns(7)
const TIMEOUT_MS = randomTimeoutMs(RUNS)

describe('random jobs on a ledger that crashes, starts anew, and whose clock is set', () => {
  it.each(fixtures('with crashes'))('come out as the model says: %s', { timeout: TIMEOUT_MS }, (_name, fixture) => replay(fixture, withLedger))

  it('come out as the model says, at every step', { timeout: TIMEOUT_MS }, () => assertRandom(disturbed, RUNS, withLedger))
})

const withLedger: WithLedger = async use => {
  const directory = await mkdtemp(join(tmpdir(), 'waybill-crashes-'))
  const world = new World()
  let lives = 0
  const fileOf = (life: number): string => join(directory, `ledger-${life}.db`)
  let ledger = await SqliteLedger.open(fileOf(0), world.clock)
  const reopen: Reopen = async how => {
    const before = ledger
    // killed: what is on the disk just then, the log included, is what the next process finds
    if (how === 'crash') copyLedger(fileOf(lives), fileOf(++lives))
    await before.close()
    ledger = await SqliteLedger.open(fileOf(lives), world.clock)
  }
  await world.open(() =>
    Promise.resolve({
      get ledger() {
        return ledger
      },
      another: () => SqliteLedger.open(fileOf(lives), world.clock),
      close: () => ledger.close(),
    }),
  )
  try {
    await use(world, reopen)
  } finally {
    await world.close()
    await rm(directory, { recursive: true })
  }
}

function copyLedger(from: string, to: string): void {
  copyFileSync(from, to)
  if (existsSync(`${from}-wal`)) copyFileSync(`${from}-wal`, `${to}-wal`)
}
