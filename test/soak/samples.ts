import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { residentMb } from '../../bench/memory.ts'
import { heldBy } from '../support/held.ts'
import { ask } from '../support/postgres-database.ts'
import type { Limit } from './fit.ts'

/** Where a server under test keeps what is measured. */
export interface Subject {
  readonly pid: number
  readonly data: string
  readonly socket: string
  /** Null: the ledger is the SQLite file in `data`. */
  readonly database: string | null
}

/**
 * Rows that stay by design: of a purged job the id, so that it is 410 for ever; of a deleted collection its name, which old jobs keep naming, and its versions; of a
 * revoked token who had it. They are told, and not limited; nor is the size of the ledger, which is theirs.
 */
const KEPT_TABLES = ['job', 'collection', 'token', 'entry', 'history', 'sqlite_sequence']

/** Figures of one moment, by name, with their unit. */
export type Sample = Readonly<Record<string, number>>

export const UNITS: Readonly<Record<string, string>> = {
  rss: 'MB',
  heap: 'MB',
  external: 'MB',
  handles: 'open',
  fds: 'open',
  rows: 'rows',
  kept: 'rows',
  ledger: 'MB',
  blobs: 'files',
  rate: 'a second',
}

/** What may change by how much from the end of the warm-up on. */
export function limitOf(name: string): Limit | null {
  if (name === 'rss') return { absolute: 40, relative: 0.2 }
  if (name === 'heap' || name === 'external') return { absolute: 6, relative: 0.2 }
  if (name === 'handles' || name === 'fds') return { absolute: 12, relative: 0.25 }
  if (name === 'rows') return { absolute: 300, relative: 0.3 }
  if (name === 'blobs') return { absolute: 8, relative: 0.1 }
  if (name.startsWith('p50')) return { absolute: 20, relative: 0.6 }
  if (name.startsWith('p99')) return { absolute: 150, relative: 1 }
  return null
}

/** Takes all figures of a server but those of its answers, and the rows of each table. */
export async function sample({ pid, data, socket, database }: Subject): Promise<{ readonly figures: Sample; readonly rows: Readonly<Record<string, number>> }> {
  const held = await heldBy(socket)
  const rows = database === null ? sqliteRows(join(data, 'ledger.db')) : await postgresRows(database)
  const inAll = (kept: boolean): number => Object.entries(rows).reduce((sum, [table, n]) => sum + (KEPT_TABLES.includes(table) === kept ? n : 0), 0)
  const size = database === null ? ledgerMb(data) : await postgresMb(database)
  const figures = {
    ...{ rss: residentMb(pid), heap: held.heapUsed / 1e6, external: held.external / 1e6, handles: held.handles },
    ...{ fds: readdirSync(`/proc/${pid}/fd`).length, rows: inAll(false), kept: inAll(true), ledger: size, blobs: filesIn(data) },
  }
  return { figures, rows }
}

function sqliteRows(file: string): Record<string, number> {
  const db = new DatabaseSync(file, { readOnly: true })
  try {
    const tables = db
      .prepare(`SELECT name FROM sqlite_schema WHERE type = 'table'`)
      .all()
      .map(({ name }) => String(name))
    return Object.fromEntries(tables.map(table => [table, Number(db.prepare(`SELECT count(*) AS n FROM "${table}"`).get()?.['n'])]))
  } finally {
    db.close()
  }
}

async function postgresRows(url: string): Promise<Record<string, number>> {
  const tables = (await ask(url, `SELECT tablename AS name FROM pg_tables WHERE schemaname = 'waybill'`)).map(({ name }) => String(name))
  const counts = await ask(url, tables.map(table => `SELECT '${table}' AS name, count(*)::int AS n FROM waybill."${table}"`).join(' UNION ALL '))
  return Object.fromEntries(counts.map(({ name, n }) => [String(name), Number(n)]))
}

function ledgerMb(data: string): number {
  const files = readdirSync(data).filter(name => name.startsWith('ledger.db'))
  return files.reduce((sum, name) => sum + statSync(join(data, name)).size, 0) / 1e6
}

async function postgresMb(url: string): Promise<number> {
  const [row] = await ask(url, 'SELECT pg_database_size(current_database())::float8 AS size')
  return Number(row?.['size']) / 1e6
}

function filesIn(data: string): number {
  return readdirSync(join(data, 'store'), { recursive: true, withFileTypes: true }).filter(entry => entry.isFile()).length
}
