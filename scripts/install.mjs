// Runs on whatever Node the machine has (20 or newer): nothing here may need more.
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const ROOT = dirname(dirname(fileURLToPath(import.meta.url)))
/** The Node that the product runs on, from the development package `node`. */
export const NODE = join(ROOT, 'node_modules', '.bin', 'node')

/** True when node_modules holds every package of the lockfile in its version; optional ones may be missing. */
export function installed() {
  const here = join(ROOT, 'node_modules', '.package-lock.json')
  if (!existsSync(here) || !existsSync(NODE)) return false
  const wanted = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')).packages
  const present = JSON.parse(readFileSync(here, 'utf8')).packages
  return Object.entries(wanted).every(([path, entry]) => path === '' || entry.optional || entry.devOptional || present[path]?.version === entry.version)
}

/** Runs `npm ci` unless everything is there. Exits with npm's code and output when it fails. */
export function ensureInstalled() {
  if (installed()) return
  console.error('installing packages (npm ci)')
  const run = spawnSync('npm', ['ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error'], { cwd: ROOT, encoding: 'utf8' })
  if (run.status === 0) return
  console.error(`${run.stdout ?? ''}${run.stderr ?? ''}npm ci failed: ${run.error?.message ?? `exit code ${run.status}`}`)
  process.exit(run.status ?? 1)
}
