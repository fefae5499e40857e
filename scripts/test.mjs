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
const run = spawnSync(node, [join(root, 'node_modules', 'vitest', 'vitest.mjs'), 'run', ...process.argv.slice(2)], { cwd: root, stdio: 'inherit' })
if (run.error) console.error(`vitest could not be started: ${run.error.message}`)
process.exit(run.status ?? 1)
