import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { faultOf } from '../../../src/ledger/postgres/connection/faults.ts'
import { CATALOGUE, isWaybillError } from '../../../src/model/errors.ts'
import { ledgerFaults } from '../../cluster/ledger-faults.ts'
import { startPostgres, type PostgresServer } from '../../support/postgres-server.ts'
import { Random } from '../../support/random.ts'
import { Dice } from '../dice.ts'
import { seedsOf } from '../seeds.ts'
import { checkAll } from '../storm-checks.ts'
import { Storm } from '../storm.ts'
import { Deeds } from './deeds.ts'
import { Hooks } from './hooks.ts'
import { LEDGER_FAULTS, type LedgerFault } from './kinds.ts'
import { deadlocksIn, Totals } from './totals.ts'
import { makeTemplate, openPostgresStage } from './stage.ts'
import { Weather } from './weather.ts'

/** Each seed has a database that fails in some ways, all of them in the course of a few. `LEDGER_FAULT_SEEDS=1-200` tries others. */
const SEEDS = seedsOf('LEDGER_FAULT_SEEDS', 3)
/** What happens to the lines of a ledger with what happens to its server. */
const KINDS_EACH = 4

function kindsOf(seed: number, random: Random): LedgerFault[] {
  const turn = Array.from({ length: KINDS_EACH }, (_, n) => LEDGER_FAULTS[(KINDS_EACH * seed + n) % LEDGER_FAULTS.length] as LedgerFault)
  return [...new Set([...turn, random.pick(LEDGER_FAULTS), random.pick(LEDGER_FAULTS)])]
}

describe('two nodes on a PostgreSQL that fails', () => {
  let server: PostgresServer
  let template: string
  const totals = new Totals()

  beforeAll(async () => {
    server = await startPostgres(['-c', 'fsync=off', '-c', 'deadlock_timeout=20ms'])
    template = await makeTemplate(server)
  })
  afterAll(async () => {
    await server.stop()
    if (process.env['LEDGER_FAULT_SEEDS'] !== undefined) console.log(totals.toString())
  })

  it.each(SEEDS)('lose and double nothing, and say truly what was done (seed %i)', { timeout: 240_000 }, async seed => {
    const random = new Random(seed)
    const dice = new Dice(random, kindsOf(seed, random), random.pick([0.01, 0.02, 0.03]))
    const stage = await openPostgresStage({ server, template }, dice, random)
    const storm = await Storm.over(stage, random)
    const hooks = await Hooks.hook(storm, random)
    const weather = new Weather({ server, database: stage.database, line: stage.line, dice, random })
    try {
      const deeds = new Deeds(storm, random)
      await storm.run({ begin: () => weather.begin() }, () => deeds.run())
      await weather.end()
      expect(await checkAll(storm, new Set()), 'items that failed').toBe(0)
      await deeds.check()
      await hooks.check(stage.database)
      expect(dice.happened.size, 'kinds of faults that have happened').toBeGreaterThan(0)
      expect(await ledgerFaults(stage.database)).toEqual([])
      // background work complains of what is to be tried again, and of nothing else
      expect(stage.houses.flatMap(({ errors }) => errors).filter(error => !isPassing(error))).toEqual([])
      totals.add(storm, dice, await deadlocksIn(stage.database))
    } finally {
      await weather.end()
      await stage.close()
      await hooks.close()
    }
  })
})

function isPassing(error: unknown): boolean {
  if (isWaybillError(error)) return CATALOGUE[error.code].retryable && error.code !== 'internal'
  return faultOf(error) !== 'other' // the queue's, which are of its driver
}
