import { copyFileSync, existsSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'

/**
 * Copies the ledger of a dead server, its write-ahead log included, and opens the copy: exactly what was committed when it died.
 * The original is left as the crash left it, so that the next server does its own recovery.
 */
export function copyLedger(data: string, target: string): DatabaseSync {
  const name = readdirSync(data).find(file => /\.(db|sqlite3?)$/.test(file))
  if (name === undefined) throw new Error(`no ledger in ${data}`)
  for (const old of [target, `${target}-wal`, `${target}-shm`]) rmSync(old, { force: true })
  copyFileSync(join(data, name), target)
  if (existsSync(join(data, `${name}-wal`))) copyFileSync(join(data, `${name}-wal`), `${target}-wal`)
  return new DatabaseSync(target)
}
