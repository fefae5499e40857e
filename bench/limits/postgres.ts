import pg from 'pg'
import { CHUNK_ITEMS } from '../../src/ledger/shared/intake.ts'
import { Cluster } from '../../test/support/cluster.ts'
import { Http } from '../../test/support/http.ts'
import { POSTGRES } from '../cluster.ts'
import { grouped } from '../figures.ts'
import { createCollections, fillByCopies, timedCopy } from '../jobs.ts'
import { measured, type Measured, type Row, type Scale } from '../measured.ts'

interface Size {
  readonly rounds: number
  readonly items: number
}

const SIZES: Readonly<Record<Scale, Size>> = {
  whole: { rounds: 3, items: 500_000 },
  quick: { rounds: 1, items: 50_000 },
  tiny: { rounds: 1, items: 10_000 },
}

/** Tables like the ledger's, with their indexes, that only the bench writes into; at first they hold what the ledger's do. */
const BARE_TABLES = `CREATE SCHEMA bare;
  CREATE TABLE bare.entry (LIKE waybill.entry INCLUDING ALL); INSERT INTO bare.entry SELECT * FROM waybill.entry;
  CREATE TABLE bare.item (LIKE waybill.item INCLUDING ALL); INSERT INTO bare.item SELECT * FROM waybill.item`
const ENTRIES = 'INSERT INTO bare.entry SELECT * FROM waybill.entry WHERE collection = $1 AND path > $2 AND path <= $3 ORDER BY path'
const ITEMS = 'INSERT INTO bare.item SELECT * FROM waybill.item WHERE job = $1 AND seq BETWEEN $2 AND $3 ORDER BY seq'
const ENDS = `SELECT path FROM (SELECT path, row_number() OVER (ORDER BY path) AS n, count(*) OVER () AS of FROM waybill.entry WHERE collection = $1) AS paths
  WHERE n % ${CHUNK_ITEMS} = 0 OR n = of ORDER BY n`
const FIRST_ITEM = 'SELECT job, min(seq) AS first FROM waybill.item WHERE job = (SELECT max(key) FROM waybill.job) GROUP BY job'

/** Jobs beside PostgreSQL alone, which writes the same rows into tables like the ledger's, over one connection. */
export async function barePostgres(scale: Scale): Promise<Measured> {
  const cluster = await Cluster.start(POSTGRES, process.env['WAYBILL_BENCH_DIR'])
  const client = new pg.Client({ connectionString: cluster.postgres.url })
  try {
    await client.connect()
    const { url } = await cluster.addNode()
    const http = new Http(url, cluster.token)
    try {
      return measured([await inTurn(http, client, SIZES[scale])])
    } finally {
      http.close()
    }
  } finally {
    await client.end()
    await cluster.stop()
  }
}

/** Each round: the job; the rows that it made, written by PostgreSQL alone. */
async function inTurn(http: Http, client: pg.Client, { rounds, items }: Size): Promise<Row> {
  await createCollections(http, 'source')
  await fillByCopies(http, 'source', items)
  await client.query(BARE_TABLES)
  const [ours, bare]: [number[], number[]] = [[], []]
  for (let round = 0; round < rounds; round++) {
    await createCollections(http, `copy-${round}`)
    await client.query('CHECKPOINT')
    ours.push(items / (await timedCopy(http, { collection: 'source', prefix: '' }, { collection: `copy-${round}`, prefix: '' }, items)))
    await client.query('CHECKPOINT')
    bare.push(items / (await bareRows(client, `copy-${round}`, items)))
  }
  const what = `one job over ${grouped(items)} files, one server`
  const peer = { name: 'bare PostgreSQL', values: bare }
  const note = `bare: the same entries and items in listing order, INSERT ... SELECT of ${grouped(CHUNK_ITEMS)} each a transaction, over one connection`
  return { name: 'job_beside_bare_postgres', what, unit: 'items/s', better: 'more', ours, peer, note }
}

/** Seconds that PostgreSQL takes to write the entries of a collection, and the items of the newest job. */
async function bareRows(client: pg.Client, id: string, items: number): Promise<number> {
  const collection = (await client.query<{ key: number }>('SELECT key FROM waybill.collection WHERE id = $1', [id])).rows[0]?.key
  const newest = (await client.query<{ job: string; first: string }>(FIRST_ITEM)).rows[0]
  const ends = (await client.query<{ path: string }>(ENDS, [collection])).rows
  const first = Number(newest?.first)
  let written = 0
  const begin = performance.now()
  for (const [at, { path }] of ends.entries()) {
    const seq = first + at * CHUNK_ITEMS
    await client.query('BEGIN')
    const entries = await client.query(ENTRIES, [collection, ends[at - 1]?.path ?? '', path])
    const rows = await client.query(ITEMS, [newest?.job, seq, seq + CHUNK_ITEMS - 1])
    await client.query('COMMIT')
    written += Number(entries.rowCount) + Number(rows.rowCount)
  }
  const took = (performance.now() - begin) / 1000
  if (written !== 2 * items) throw new Error(`bare PostgreSQL wrote ${written} rows, not ${2 * items}`)
  return took
}
