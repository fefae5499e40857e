import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { residentMb } from '../../bench/memory.ts'
import { heldBy } from '../support/held.ts'
import { ask } from '../support/postgres-database.ts'
import { fit, type Limit, type Series } from './fit.ts'

/** Where a server under test keeps what is measured. */
export interface Subject {
  readonly pid: number
  readonly data: string
  readonly socket: string
  /** Null: the ledger is the SQLite file in `data`. */
  readonly database: string | null
}

/** Tables that are looked at by themselves, and the figure that each is; the rows of all others are added up. */
const FIGURE_OF_TABLE: Readonly<Record<string, string>> = { job: 'jobs', collection: 'collections', entry: 'entries', history: 'versions', token: 'tokens' }

/** Figures of one moment, by name, with their unit. */
export type Sample = Readonly<Record<string, number>>

export const UNITS: Readonly<Record<string, string>> = {
  rss: 'MB',
  heap: 'MB',
  external: 'MB',
  handles: 'open',
  fds: 'open',
  ...Object.fromEntries([...Object.values(FIGURE_OF_TABLE), 'rows'].map(name => [name, 'rows'])),
  ledger: 'MB',
  log: 'MB',
  blobs: 'files',
  rate: 'a second',
}

/** What figures are called where there is room for it. */
export const TITLES: Readonly<Record<string, string>> = {
  rss: 'resident memory',
  heap: 'live heap',
  external: 'external memory',
  handles: 'handles of the event loop',
  fds: 'file descriptors',
  jobs: 'jobs, and ids of purged ones',
  collections: 'collections, also deleted ones',
  entries: 'entries',
  versions: 'older versions',
  tokens: 'tokens, also ended ones',
  rows: 'everything else',
  ledger: 'ledger',
  log: 'log of the ledger',
  blobs: 'blobs',
  rate: 'requests',
}

const LINE: Readonly<Record<string, Omit<Limit, 'by'>>> = {
  rss: { absolute: 40, relative: 0.2 },
  heap: { absolute: 6, relative: 0.2 },
  external: { absolute: 6, relative: 0.2 },
  handles: { absolute: 12, relative: 0.25 },
  fds: { absolute: 12, relative: 0.25 },
  collections: { absolute: 8, relative: 0.3 },
  entries: { absolute: 300, relative: 0.3 },
  versions: { absolute: 300, relative: 0.3 },
  tokens: { absolute: 40, relative: 0.3 },
  rows: { absolute: 300, relative: 0.3 },
  // SQLite lets it grow to some 64 MB, and then begins it anew
  log: { absolute: 80, relative: 0 },
  blobs: { absolute: 8, relative: 0.1 },
}

/** The ledger may grow by what the ids of purged jobs take, some bytes each, and a little: pages that became free are taken again. */
const LEDGER = { sqlite: { absolute: 2, relative: 0.1, jobBytes: 250 }, postgres: { absolute: 6, relative: 0.3, jobBytes: 800 } }

/** What there is the more of, the more is asked in a second: where that rises, on a machine whose other work has ended, so may these. */
const FLOWING: ReadonlySet<string> = new Set(['entries', 'versions', 'tokens', 'rows', 'ledger'])

/** What may change by how much from the end of the warm-up on. `series`: all that was taken. */
export function limitOf({ name }: Series, series: readonly Series[], ledger: 'sqlite' | 'postgres'): Limit | null {
  if (name.startsWith('p50')) return { absolute: 10, relative: 0.5, by: 'thirds' }
  if (name.startsWith('p99')) return { absolute: 100, relative: 1, by: 'thirds' }
  const line = name === 'ledger' ? ofLedger(series, ledger) : LINE[name]
  if (line === undefined) return null
  return { ...line, ...(FLOWING.has(name) ? { more: Math.max(0, rise(series, 'rate')) } : {}), by: 'line' }
}

function ofLedger(series: readonly Series[], ledger: 'sqlite' | 'postgres'): Omit<Limit, 'by'> {
  const { absolute, relative, jobBytes } = LEDGER[ledger]
  const jobs = series.find(({ name }) => name === 'jobs')
  return { absolute: absolute + (jobs === undefined ? 0 : (fit(jobs, null).growth * jobBytes) / 1e6), relative }
}

/** By which part of its mean a figure has risen. */
function rise(series: readonly Series[], name: string): number {
  const found = series.find(other => other.name === name)
  if (found === undefined) return 0
  const { growth, mean } = fit(found, null)
  return growth / mean
}

/** Takes all figures of a server but those of its answers, and the rows of each table. */
export async function sample({ pid, data, socket, database }: Subject): Promise<{ readonly figures: Sample; readonly rows: Readonly<Record<string, number>> }> {
  const held = await heldBy(socket)
  const { rows, ...sizes } = database === null ? sqliteLedger(data) : await postgresLedger(database)
  const figures = {
    ...{ rss: residentMb(pid), heap: held.heapUsed / 1e6, external: held.external / 1e6, handles: held.handles },
    ...{ fds: readdirSync(`/proc/${pid}/fd`).length, ...rowsOf(rows), ...sizes, blobs: filesIn(data) },
  }
  return { figures, rows }
}

function rowsOf(tables: Readonly<Record<string, number>>): Sample {
  const rows: Record<string, number> = Object.fromEntries(Object.values(FIGURE_OF_TABLE).map(name => [name, 0]))
  for (const [table, n] of Object.entries(tables)) {
    const name = FIGURE_OF_TABLE[table] ?? 'rows'
    rows[name] = (rows[name] ?? 0) + n
  }
  return rows
}

interface LedgerSample {
  readonly rows: Record<string, number>
  readonly ledger: number
  readonly log?: number
}

/** The size of the file as of the last commit, whether it is in the log as yet or not; and that of the log. */
function sqliteLedger(data: string): LedgerSample {
  const file = join(data, 'ledger.db')
  const db = new DatabaseSync(file, { readOnly: true })
  const number = (sql: string): number => Number(Object.values(db.prepare(sql).get() ?? {})[0])
  try {
    const tables = db
      .prepare(`SELECT name FROM sqlite_schema WHERE type = 'table'`)
      .all()
      .map(({ name }) => String(name))
    const rows = Object.fromEntries(tables.map(table => [table, number(`SELECT count(*) FROM "${table}"`)]))
    const ledger = (number('PRAGMA page_count') * number('PRAGMA page_size')) / 1e6
    return { rows, ledger, log: statSync(`${file}-wal`).size / 1e6 }
  } finally {
    db.close()
  }
}

const SIZE = `SELECT sum(pg_total_relation_size(c.oid))::float8 AS size FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE n.nspname = 'waybill' AND c.relkind = 'r'`

async function postgresLedger(url: string): Promise<LedgerSample> {
  const tables = (await ask(url, `SELECT tablename AS name FROM pg_tables WHERE schemaname = 'waybill'`)).map(({ name }) => String(name))
  const counts = await ask(url, tables.map(table => `SELECT '${table}' AS name, count(*)::int AS n FROM waybill."${table}"`).join(' UNION ALL '))
  const [row] = await ask(url, SIZE)
  return { rows: Object.fromEntries(counts.map(({ name, n }) => [String(name), Number(n)])), ledger: Number(row?.['size']) / 1e6 }
}

function filesIn(data: string): number {
  return readdirSync(join(data, 'store'), { recursive: true, withFileTypes: true }).filter(entry => entry.isFile()).length
}
