import { parseArgs } from 'node:util'
import { crashes } from './harness.ts'

/** `npm run crash -- --kills 50 --seed 1`: the crash test with more kills. Ends with 1 when an invariant was broken. */
const { values } = parseArgs({ options: { kills: { type: 'string', default: '50' }, seed: { type: 'string', default: String(Date.now() % 1_000_000) } } })
const [kills, seed] = [Number(values.kills), Number(values.seed)]
if (!Number.isInteger(kills) || kills < 1 || !Number.isInteger(seed)) {
  console.error('usage: npm run crash -- [--kills N] [--seed N]')
  process.exit(2)
}
console.log(`${kills} kills, seed ${seed}`)
const begin = performance.now()
const report = await crashes({ kills, seed, log: line => console.log(line) })
for (const fault of report.faults) console.error(fault)
console.log(
  `${report.kills} kills (${report.killsInWork} with unfinished jobs), ${report.requests} requests (${report.answersLost} without an answer), ` +
    `${report.itemsDone} items and ${report.updated} updated infotons checked, ${report.faults.length} faults, ${((performance.now() - begin) / 1000).toFixed(0)} s`,
)
if (report.faults.length > 0) {
  console.error(`the data directory is kept: ${report.directory}`)
  process.exitCode = 1
}
