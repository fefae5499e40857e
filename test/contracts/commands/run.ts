import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { commandOf } from './all.ts'
import { Model } from './model.ts'
import type { Operation } from './operations.ts'
import { Real, type Reopen } from './real.ts'
import type { World } from '../ledger/world.ts'
import { toldNumber } from '../../support/told.ts'

/** Gives a ledger for one run; `reopen` where it can crash. */
export type WithLedger = (use: (world: World, reopen?: Reopen) => Promise<void>) => Promise<void>

/** A list of operations that once showed a fault, or that show much at once. */
export interface Fixture {
  /** One sentence: what it caught. */
  readonly caught: string
  readonly operations: readonly Operation[]
}

const FIXTURES = join(import.meta.dirname, '..', 'fixtures')
/** A shrunk list is wanted while somebody waits for it: on PostgreSQL each try takes half a second. */
const SHRINK_MS = 240_000
/** A run takes some tenths of a second, and seconds on a machine that is busy many times over. */
const RUN_MS = 10_000

/** How many lists of random commands are tried: what RANDOM_RUNS says, or the usual. */
export function randomRuns(usual: number): number {
  return toldNumber('RANDOM_RUNS', usual)
}

/** How long a test of so many lists may take, the shrinking included. */
export function randomTimeoutMs(runs: number): number {
  return SHRINK_MS + 300_000 + runs * RUN_MS
}

/** The ledger and the model differ, or the ledger failed. The trail is what was done, as it can be repeated. */
class Differs extends Error {
  readonly trail: readonly Operation[]

  constructor(trail: readonly Operation[], cause: unknown) {
    super(cause instanceof Error ? cause.message : String(cause), { cause })
    this.trail = trail
  }
}

/** Every fixture by the name of its file; those with crashes in them, or the others. */
export function fixtures(which: 'with crashes' | 'without crashes'): [string, Fixture][] {
  const all = readdirSync(FIXTURES).map((name): [string, Fixture] => [name, JSON.parse(readFileSync(join(FIXTURES, name), 'utf8')) as Fixture])
  return all.filter(([, { operations }]) => operations.some(crashes) === (which === 'with crashes'))
}

function crashes(operation: Operation): boolean {
  return operation.op === 'crash' || operation.op === 'restart' || (operation.op === 'age' && operation.crashes)
}

/** Does a fixture's operations, each of which must have what it needs: a list that no longer does what it says is an error. */
export function replay({ operations }: Fixture, withLedger: WithLedger): Promise<void> {
  const commands = operations.map(commandOf)
  return run(withLedger, async (model, real) => {
    for (const command of commands) {
      if (!command.check(model)) throw new Error(`"${command}" finds nothing that it could be done to`)
      await command.run(model, real)
    }
  })
}

/**
 * Does random operations, `numRuns` lists of up to 40. What fails is shrunk, and printed as lines, as the JSON of a fixture, and as the setting RANDOM_REPLAY
 * that gives it again at once.
 */
export async function assertRandom(operations: fc.Arbitrary<Operation>, numRuns: number, withLedger: WithLedger): Promise<void> {
  const { replayPath, ...again } = JSON.parse(process.env['RANDOM_REPLAY'] ?? '{}') as { seed?: number; path?: string; replayPath?: string }
  const lists = fc.commands<Model, Real, false>([operations.map(commandOf)], {
    maxCommands: 40,
    size: 'max',
    ...(replayPath === undefined ? {} : { replayPath }),
  })
  let runs = 0
  let failedAt = Infinity
  const property = fc.asyncProperty(lists, async commands => {
    if (performance.now() > failedAt + SHRINK_MS) return
    runs += 1
    try {
      await run(withLedger, (model, real) => fc.asyncModelRun(() => ({ model, real }), commands))
    } catch (error) {
      failedAt = Math.min(failedAt, performance.now())
      throw error
    }
  })
  const outcome = await fc.check(property, { numRuns, ...again })
  if (outcome.failed) throw new Error(reportOf(outcome, runs), { cause: outcome.errorInstance })
}

async function run(withLedger: WithLedger, work: (model: Model, real: Real) => Promise<void>): Promise<void> {
  await withLedger(async (world, reopen) => {
    const model = new Model(world.clock)
    const real = await Real.begin(world, model, reopen)
    await work(model, real).catch((error: unknown) => {
      throw new Differs(real.trail, error)
    })
  })
}

function reportOf(outcome: fc.RunDetails<[Iterable<fc.AsyncCommand<Model, Real>>]>, runs: number): string {
  const { seed, counterexamplePath: path, counterexample, errorInstance } = outcome
  const replayPath = /replayPath="([^"]*)"/.exec(fc.stringify(counterexample))?.[1]
  const trail = errorInstance instanceof Differs ? errorInstance.trail : []
  const fixture = ['{', '  "caught": "…",', '  "operations": [', trail.map(one => `    ${JSON.stringify(one)}`).join(',\n'), '  ]', '}']
  return [
    `Run ${outcome.numRuns} of random commands failed, and was shrunk to ${trail.length} (${runs - outcome.numRuns} more runs):`,
    ...trail.map((operation, n) => `${n + 1}. ${commandOf(operation)}`),
    '',
    'For test/contracts/fixtures, with a sentence on what it caught:',
    ...fixture,
    '',
    `To run it again: RANDOM_REPLAY='${JSON.stringify({ seed, path, replayPath })}' npm test -- this file`,
    '',
    errorInstance instanceof Error ? errorInstance.message : String(errorInstance),
  ].join('\n')
}
