import { createHash } from 'node:crypto'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'

/** What is written because somebody called, whether or not the call was refused. */
const TELLS_OF_CALLS = { tables: /^audit/, columns: /^last_used/ }

/** Everything that a server keeps, table by table as a count and a hash of its rows, and the names of the files in its store. */
export function pictureOf(data: string): Readonly<Record<string, string>> {
  const database = new DatabaseSync(join(data, 'ledger.db'), { readOnly: true })
  try {
    const tables = database.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name").all()
    const names = tables.map(({ name }) => String(name)).filter(name => !TELLS_OF_CALLS.tables.test(name))
    return { ...Object.fromEntries(names.map(name => [name, rowsOf(database, name)])), files: filesOf(data) }
  } finally {
    database.close()
  }
}

function rowsOf(database: DatabaseSync, table: string): string {
  const hash = createHash('sha256')
  let count = 0
  // a manifest that was refused leaves the row of a job that nobody can see until the next purge
  const seen = table === 'job' ? 'WHERE sealed = 1' : ''
  for (const row of database.prepare(`SELECT * FROM ${table} ${seen}`).iterate()) {
    const kept = Object.entries(row).filter(([column]) => !TELLS_OF_CALLS.columns.test(column))
    hash.update(JSON.stringify(kept, (_key, value: unknown) => (typeof value === 'bigint' ? String(value) : value)))
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
