import { parseArgs } from 'node:util'
import { INVARIANTS } from './tally.ts'
import { torture } from './run.ts'

const USAGE = 'usage: npm run torture -- [--kills N] [--ledger sqlite|postgres] [--seed N] [--points "after commit,before answer"] [--json]'

/**
 * `npm run torture -- --kills 50 --seed 1`: more kills than the tests have. Ends with 1 when an invariant was broken. SIGTERM lets it finish its present ten kills, and tell
 * what it has found.
 */
const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '50' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    ledger: { type: 'string', default: 'sqlite' },
    points: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
})
const [kills, seed] = [Number(values.kills), Number(values.seed)]
if (!Number.isInteger(kills) || kills < 1 || !Number.isInteger(seed) || !isLedger(values.ledger)) {
  console.error(USAGE)
  process.exit(2)
}
const points = values.points?.split(',')
console.error(`${kills} kills, ${values.ledger}, seed ${seed}`)
const stop = new AbortController()
process.once('SIGTERM', () => stop.abort())
const begin = performance.now()
const report = await torture({
  kills,
  seed,
  ledger: values.ledger,
  stop: stop.signal,
  log: line => console.error(line),
  ...(points === undefined ? {} : { points }),
})
const seconds = (performance.now() - begin) / 1000
if (values.json) console.log(JSON.stringify({ seed, seconds, ...report }, null, 2))
else print()
for (const fault of report.faults) console.error(fault)
if (report.faults.length > 0) {
  console.error(`what was found is kept: ${report.directory}`)
  process.exitCode = 1
}

function isLedger(word: string): word is 'sqlite' | 'postgres' {
  return word === 'sqlite' || word === 'postgres'
}

function print(): void {
  const rows = Object.entries(report.killsAt).toSorted(([a], [b]) => (a < b ? -1 : 1))
  for (const [place, n] of rows) console.log(`${place.padEnd(26)} ${String(n).padStart(6)}`)
  for (const rule of INVARIANTS) console.log(`${`${rule} checked on`.padEnd(26)} ${report.checked[rule].toLocaleString('en').padStart(12)}`)
  console.log(
    `${report.kills} kills (${report.killsInWork} with unfinished jobs), ${report.requests} requests (${report.answersLost} without an answer), ` +
      `${report.itemsDone} items, ${report.updated} updated infotons, ${report.errands} errands, ${report.expired} expired jobs, ` +
      `${report.faults.length} faults, ${seconds.toFixed(0)} s, ${(seconds / report.kills).toFixed(2)} s a kill`,
  )
}
