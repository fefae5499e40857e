import { createHash } from 'node:crypto'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'

/** Rows that can be seen. A manifest that was refused leaves the row of a job, a webhook that was removed its own, for the next purge. */
const SEEN: Readonly<Record<string, string>> = { job: 'WHERE sealed = 1', webhook: 'WHERE removed = 0' }

/** Everything that a server keeps, table by table as a count and a hash of its rows, and the names of the files in its store: the audit log, too, which tells of what was done, not of what was tried. */
export function pictureOf(data: string): Readonly<Record<string, string>> {
  const database = new DatabaseSync(join(data, 'ledger.db'), { readOnly: true })
  try {
    const tables = database.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name").all()
    const names = tables.map(({ name }) => String(name))
    return { ...Object.fromEntries(names.map(name => [name, rowsOf(database, name)])), files: filesOf(data) }
  } finally {
    database.close()
  }
}

function rowsOf(database: DatabaseSync, table: string): string {
  const hash = createHash('sha256')
  let count = 0
  for (const row of database.prepare(`SELECT * FROM ${table} ${SEEN[table] ?? ''}`).iterate()) {
    hash.update(JSON.stringify(Object.entries(row), (_key, value: unknown) => (typeof value === 'bigint' ? String(value) : value)))
    count += 1
  }
  return `${count} rows ${hash.digest('hex')}`
}

function filesOf(data: string): string {
  const files = readdirSync(data, { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile() && !entry.name.startsWith('ledger.db'))
    .map(entry => join(entry.parentPath, entry.name))
  return files.sort().join('\n')
}
