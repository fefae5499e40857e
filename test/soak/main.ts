import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { CommandLine } from '../support/command-line.ts'
import { heldEnvironment } from '../support/held.ts'
import { Http } from '../support/http.ts'
import { ask } from '../support/postgres-database.ts'
import { startPostgres } from '../support/postgres-server.ts'
import { Random } from '../support/random.ts'
import { startReceiver } from '../support/receiver.ts'
import { runCli, spawnServer } from '../support/server-process.ts'
import { fit, type Series } from './fit.ts'
import { Load } from './load.ts'
import { plot, short } from './plot.ts'
import { limitOf, sample, UNITS } from './samples.ts'

const USAGE = `usage: npm run soak -- [option ...]
Steady traffic on a real server: memory, rows, sizes and latencies may not grow. On a machine with other work, or within the first minutes, they may
do so without a fault.
  --minutes N    for how long, at least 1 (3)
  --database     the ledger on a PostgreSQL of its own, instead of SQLite
  --plot FILE    its figures as an SVG
  --seed N       what is asked (1)
  --json         the last line is one JSON object of all figures
Exit codes: 0 all flat, 1 something grew, 2 it was not understood.`

const line = new CommandLine(USAGE, {
  minutes: { type: 'string', default: '3' },
  database: { type: 'boolean', default: false },
  plot: { type: 'string' },
  json: { type: 'boolean', default: false },
  seed: { type: 'string', default: '1' },
})
const { values } = line.read()
const minutes = line.number('minutes', values.minutes, { whole: false })
const seed = line.number('seed', values.seed, { least: 0 })
const TRAFFIC = `${minutes} ${minutes === 1 ? 'minute' : 'minutes'} of steady traffic, ledger on ${values.database ? 'PostgreSQL' : 'SQLite'}`
if (values.plot !== undefined) await line.refuseUnwritable('plot', values.plot)
const SAMPLE_MS = 10_000
/** Jobs, records, uploads, tokens and deleted collections are kept for some seconds, so that what comes goes. */
const KEPT_MS = 10_000
const ENV = {
  WAYBILL_REQUESTS_PER_MINUTE: '100000000',
  WAYBILL_SEVENBRIDGES_REQUESTS: '100000000',
  WAYBILL_RETENTION_MS: JSON.stringify({ v1: KEPT_MS, apollo: KEPT_MS, sevenbridges: KEPT_MS, cmwell: KEPT_MS }),
  WAYBILL_AUDIT_RETENTION_MS: '15000',
  WAYBILL_DELETED_RETENTION_MS: String(KEPT_MS),
  WAYBILL_UPLOAD_LIFE_MS: '30000',
  WAYBILL_WEBHOOK_HTTP: 'true',
  WAYBILL_WEBHOOK_ALLOW: '["127.0.0.1"]',
}

/** What else goes after weeks goes after seconds here: so the rooms of dead rows are given back every few seconds, too, instead of every minute. */
const HURRIED = [`ALTER SYSTEM SET autovacuum_naptime = '5s'`, 'ALTER SYSTEM SET autovacuum_vacuum_cost_delay = 0', 'SELECT pg_reload_conf()']

const directory = await mkdtemp(join(tmpdir(), 'waybill-soak-'))
const begun = new AsyncDisposableStack()
begun.defer(() => rm(directory, { recursive: true, force: true }))
process.exitCode = await run().finally(() => begun.disposeAsync())

async function run(): Promise<number> {
  console.error(`${TRAFFIC}, seed ${seed}; nothing more is printed until the end`)
  const [data, socket] = [join(directory, 'data'), join(directory, 'figures')]
  const postgres = values.database ? await startPostgres() : null
  if (postgres !== null) begun.defer(() => postgres.stop())
  if (postgres !== null) for (const statement of HURRIED) await ask(postgres.url, statement)
  const at = postgres === null ? ['--data', data] : ['--database', postgres.url]
  const token = await runCli('token', 'create', ...at, '--subject', 'operator', '--scopes', 'read,write,admin,apollo_read,apollo_write')
  const env = { ...ENV, ...heldEnvironment(socket) }
  const server = await spawnServer(data, { env, args: postgres === null ? [] : ['--database', postgres.url] })
  begun.defer(async () => void (await server.stop()))
  const receiver = await startReceiver()
  begun.defer(() => receiver.close())
  const stop = new AbortController()
  const http = new Http(server.url, token)
  const load = new Load({ http, random: new Random(seed), receiver: receiver.url, stop: stop.signal })
  const running = load.run()
  const series = await watch(running, load, { pid: server.pid, data, socket, database: postgres?.url ?? null })
  stop.abort()
  await running
  http.close()
  return report(series, { requests: load.meter.requests, hooks: receiver.received.length })
}

/** Takes figures until the time is over, or the load has failed. */
async function watch(running: Promise<void>, load: Load, subject: Parameters<typeof sample>[0]): Promise<Series[]> {
  const taken = new Map<string, { t: number; value: number }[]>()
  let rows: Readonly<Record<string, number>> = {}
  const start = performance.now()
  for (let before = 0; performance.now() - start < minutes * 60_000;) {
    await Promise.race([pause(SAMPLE_MS), running])
    const found = await sample(subject)
    rows = found.rows
    const t = performance.now() - start
    const rate = ((load.meter.requests - before) / SAMPLE_MS) * 1000
    before = load.meter.requests
    for (const [name, value] of Object.entries({ ...found.figures, rate, ...load.meter.take() })) taken.set(name, [...(taken.get(name) ?? []), { t, value }])
  }
  console.log(`rows at the end: ${JSON.stringify(rows)}`)
  return Array.from(taken, ([name, points]) => ({ name, unit: UNITS[name] ?? 'ms', points }))
}

async function report(all: readonly Series[], counts: { readonly requests: number; readonly hooks: number }): Promise<number> {
  const kind = values.database ? 'postgres' : 'sqlite'
  const charts = all.map(series => ({ series, fit: fit(series, limitOf(series, all, kind)) }))
  for (const { series, fit: line } of charts) {
    const may = line.allowed === null ? 'not limited' : `may ${short(line.allowed)}: ${line.passed ? 'passed' : 'FAILED'}`
    console.log(
      `${series.name.padEnd(14)} ${short(line.mean).padStart(8)} ${series.unit.padEnd(9)} ${short(line.perHour).padStart(8)} an hour; grew by ${short(line.growth)}, ${may}`,
    )
  }
  const failed = charts.filter(({ fit: { passed } }) => !passed).map(({ series }) => series.name)
  console.log(`${counts.requests} requests, ${counts.hooks} events received; ${failed.length === 0 ? 'all flat' : `not flat: ${failed.join(', ')}`}`)
  if (failed.length > 0)
    console.log('on a machine with other work, or within the first minutes, latencies, rows and sizes rise without a fault: try again, longer and alone')
  if (values.plot !== undefined) await writeFile(values.plot, plot(`${TRAFFIC}: ${counts.requests} requests`, charts))
  if (values.json) console.log(JSON.stringify({ ...counts, failed, figures: Object.fromEntries(charts.map(({ series, fit: line }) => [series.name, line])) }))
  return failed.length === 0 ? 0 : 1
}
