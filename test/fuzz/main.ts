// `npm run fuzz -- [--minutes N] [--seed S] [--only documents]`: the tests of test/fuzz with new cases, round after round, until the time is over or one fails.
// The seed of each round is printed before it: with `--seed` of a round that failed, the same cases come again.
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '5' },
    seed: { type: 'string' },
    times: { type: 'string', default: '10' },
    only: { type: 'string', default: '' },
  },
})
const root = fileURLToPath(new URL('../..', import.meta.url))
const vitest = fileURLToPath(new URL('../../node_modules/vitest/vitest.mjs', import.meta.url))
const until = Date.now() + Number(values.minutes) * 60_000
let seed = Number(values.seed ?? Date.now() % 2 ** 31)
let status: number
do {
  console.log(`round with --seed ${seed} --times ${values.times}`)
  const env = { ...process.env, FUZZ_SEED: String(seed), FUZZ_TIMES: values.times }
  status = spawnSync(process.execPath, [vitest, 'run', `test/fuzz/${values.only}`], { cwd: root, env, stdio: 'inherit' }).status ?? 1
  seed = (seed + 1) % 2 ** 31
} while (status === 0 && Date.now() < until)
process.exitCode = status
