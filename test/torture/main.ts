import { CommandLine } from '../support/command-line.ts'
import { INVARIANTS } from './tally.ts'
import { torture } from './run.ts'
import { POINTS } from './targets.ts'

const USAGE = `usage: npm run torture -- [option ...]
Kills working servers and checks after each kill what the README promises. A kill takes some two seconds, with PostgreSQL or on a busy machine more.
  --kills N           how many (50)
  --ledger NAME       sqlite, or postgres: two servers on one (sqlite)
  --seed N            what is asked, and where servers are to die (by chance)
  --points A,B        where servers die, beside any moment; all of:
                      ${POINTS.slice(0, 7).join(', ')},
                      ${POINTS.slice(7).join(', ')}
  --json              the report as JSON
SIGTERM ends it after the ten kills at hand. Exit codes: 0 all held, 1 something did not, 2 it was not understood.`

const line = new CommandLine(USAGE, {
  kills: { type: 'string', default: '50' },
  seed: { type: 'string', default: String(Date.now() % 1_000_000) },
  ledger: { type: 'string', default: 'sqlite' },
  points: { type: 'string' },
  json: { type: 'boolean', default: false },
})
const { values } = line.read()
const ledger =
  values.ledger === 'sqlite' || values.ledger === 'postgres' ? values.ledger : line.refuse(`--ledger is sqlite or postgres, not "${values.ledger}"`)
const [kills, seed] = [line.number('kills', values.kills), line.number('seed', values.seed, { least: 0 })]
const points = values.points?.split(',').map(point => point.trim())
const unknown = points?.find(point => !POINTS.includes(point))
if (unknown !== undefined) line.refuse(`--points has no "${unknown}"`)
console.error(`${kills} kills, ${ledger}, seed ${seed}`)
const stop = new AbortController()
process.once('SIGTERM', () => stop.abort())
const begin = performance.now()
const report = await torture({
  kills,
  seed,
  ledger,
  stop: stop.signal,
  log: told => console.error(told),
  ...(points === undefined ? {} : { points }),
})
const seconds = (performance.now() - begin) / 1000
if (values.json) console.log(JSON.stringify({ seed, seconds, ...report }, null, 2))
else print()
for (const fault of report.faults) console.error(fault)
if (report.faults.length > 0) {
  console.error(`what was found is kept: ${report.directory ?? ''}`)
  process.exitCode = 1
}

function print(): void {
  const rows = Object.entries(report.killsAt).toSorted(([a], [b]) => (a < b ? -1 : 1))
  for (const [place, n] of rows) console.log(`${place.padEnd(26)} ${String(n).padStart(6)}`)
  for (const rule of INVARIANTS) console.log(`${`checks of ${rule}`.padEnd(26)} ${report.checked[rule].toLocaleString('en').padStart(12)}`)
  console.log(
    `${report.kills} kills (${report.killsInWork} with unfinished jobs), ${report.requests} requests (${report.answersLost} without an answer), ` +
      `${report.itemsDone} items, ${report.updated} updated infotons, ${report.errands} errands, ${report.expired} expired jobs, ` +
      `${report.faults.length} faults, ${seconds.toFixed(0)} s, ${(seconds / report.kills).toFixed(2)} s a kill`,
  )
}
