import { copyFileSync, existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { it } from 'vitest'
import { SqliteLedger } from '../../src/ledger/sqlite/sqlite-ledger.ts'
import { RandomRun, type Reopen } from './ledger/random-jobs.ts'
import { disturbedOperations, type ItemWish, type Operation } from './ledger/random-operations.ts'
import { World } from './ledger/world.ts'

/** Some 25 durable writes each, and some openings. Whoever changes the ledger lets more run: RANDOM_RUNS=2000. */
const RUNS = Number(process.env['RANDOM_RUNS'] ?? 8)

const COPY: ItemWish = { source: 0, destination: 4, sourceIf: 'no', destinationIf: 'no' }
const SUBMIT = { op: 'submit', kind: 'copy', conflict: 'version', dryRun: false, batches: [[COPY], [COPY]] } satisfies Operation
/** A lease that a crash takes, one that outlives a clock that is set back, and a purge that is broken off. */
const EVERYTHING: Operation[] = [
  SUBMIT,
  { op: 'lease', job: 0 },
  { op: 'crash' },
  { op: 'apply', lease: 0, rotten: null },
  { op: 'lease', job: 0 },
  { op: 'set', ms: -7_200_000 },
  { op: 'work' },
  { op: 'restart' },
  { op: 'work' },
  { ...SUBMIT, batches: [[COPY]] },
  { op: 'age', batch: 1, crashes: true },
  { op: 'work' },
  { op: 'set', ms: -7_200_000 },
  { op: 'age', batch: 1_000, crashes: false },
]

it('random jobs come out as the model says on a ledger that crashes, starts anew, and whose clock is set', { timeout: 600_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(disturbedOperations, all => runThrough(all)),
    { numRuns: RUNS, examples: [[EVERYTHING]] },
  )
})

async function runThrough(all: readonly Operation[]): Promise<void> {
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
    const run = new RandomRun(world, reopen)
    await run.begin()
    for (const operation of all) {
      await run.do(operation)
      await run.compare()
    }
  } finally {
    await world.close()
    await rm(directory, { recursive: true })
  }
}

function copyLedger(from: string, to: string): void {
  copyFileSync(from, to)
  if (existsSync(`${from}-wal`)) copyFileSync(`${from}-wal`, `${to}-wal`)
}
