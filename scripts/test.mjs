// `npm test`: installs what is missing, then runs every test on the product's own Node. Arguments go to vitest (a path, `-t name`).
// Runs on whatever Node the machine has (20 or newer): nothing here may need more.
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const node = join(root, 'node_modules', '.bin', 'node')

// The launcher is the one place that knows how to install. Should the command line itself be broken, the tests are to say so.
spawnSync('sh', [join(root, 'waybill'), '--version'], { stdio: ['ignore', 'ignore', 'inherit'] })
if (!existsSync(node)) {
  console.error('The packages are not installed, so nothing can be tested.')
  process.exit(1)
}
// Each ledger that a test opens has threads of its own, whose modules would be stripped of their types and compiled anew: a quarter of all the work.
const env = { ...process.env, NODE_COMPILE_CACHE: join(root, 'node_modules', '.cache', 'compiled') }
const run = spawnSync(node, [join(root, 'node_modules', 'vitest', 'vitest.mjs'), 'run', ...process.argv.slice(2)], { cwd: root, stdio: 'inherit', env })
if (run.error) console.error(`vitest could not be started: ${run.error.message}`)
process.exit(run.status ?? 1)
