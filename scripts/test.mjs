// `npm test`: installs what is missing, then runs every test on the product's own Node. Arguments go to vitest (a path, `-t name`).
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { ensureInstalled, NODE, ROOT } from './install.mjs'

ensureInstalled()
const vitest = join(ROOT, 'node_modules', 'vitest', 'vitest.mjs')
const run = spawnSync(NODE, [vitest, 'run', ...process.argv.slice(2)], { cwd: ROOT, stdio: 'inherit' })
if (run.error) console.error(`vitest could not be started: ${run.error.message}`)
process.exit(run.status ?? 1)
