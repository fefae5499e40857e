import { randomBytes } from 'node:crypto'
import pg from 'pg'
import { inject } from 'vitest'

/** A new, empty database in the server of the test run. */
export interface TestDatabase {
  readonly url: string
  /** Removes it, and whoever is still connected. */
  drop(): Promise<void>
}

/** With `template`, the URL of another one that nobody uses just now, it is a copy of that. */
export async function createDatabase(server = inject('postgresUrl'), template?: string): Promise<TestDatabase> {
  const name = `waybill_${randomBytes(6).toString('hex')}`
  await ask(server, `CREATE DATABASE ${name}${template === undefined ? '' : ` TEMPLATE ${new URL(template).pathname.slice(1)}`}`)
  const url = new URL(server)
  url.pathname = `/${name}`
  return { url: url.href, drop: () => ask(server, `DROP DATABASE ${name} WITH (FORCE)`).then(() => undefined) }
}

/** Runs one statement on a database, beside whatever else happens to it. */
export async function ask(url: string, sql: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows
  } finally {
    await client.end()
  }
}
