// `npm run fuzz`: the tests of test/fuzz with new cases, round after round, until the time is over or one fails.
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { CommandLine } from '../support/command-line.ts'

const USAGE = `usage: npm run fuzz -- [option ...]
Hostile requests and documents, new ones in each round, until the time is over or one is answered wrongly. A round is ended, whatever the time.
  --minutes N    after how long no further round is begun (5)
  --seed N       the seed of the first round; that of one that failed brings its cases back (by chance)
  --times N      how many times as many cases as npm test has (10)
  --only NAME    documents or routes (both)
Exit codes: 0 all were answered rightly, 1 one was not, 2 it was not understood.`

const line = new CommandLine(USAGE, {
  minutes: { type: 'string', default: '5' },
  seed: { type: 'string', default: String(Date.now() % 2 ** 31) },
  times: { type: 'string', default: '10' },
  only: { type: 'string', default: '' },
})
const { values } = line.read()
const times = line.number('times', values.times)
const minutes = line.number('minutes', values.minutes, { least: 0, whole: false })
if (!['', 'documents', 'routes'].includes(values.only)) line.refuse(`--only is documents or routes, not "${values.only}"`)
const root = fileURLToPath(new URL('../..', import.meta.url))
const vitest = fileURLToPath(new URL('../../node_modules/vitest/vitest.mjs', import.meta.url))
const until = Date.now() + minutes * 60_000
let seed = line.number('seed', values.seed, { least: 0 })
let status: number
do {
  console.log(`round with --seed ${seed} --times ${times}`)
  const env = { ...process.env, FUZZ_SEED: String(seed), FUZZ_TIMES: String(times) }
  status = spawnSync(process.execPath, [vitest, 'run', `test/fuzz/${values.only}`], { cwd: root, env, stdio: 'inherit' }).status ?? 1
  seed = (seed + 1) % 2 ** 31
} while (status === 0 && Date.now() < until)
process.exitCode = status
