import pg from 'pg'
import { v7 } from 'uuid'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { PURGE_MARKS } from '../../src/ledger/postgres/connection/transactions.ts'
import { PostgresLedger } from '../../src/ledger/postgres/postgres-ledger.ts'
import { systemClock } from '../../src/system/clock.ts'
import { newJob } from '../contracts/ledger/world.ts'
import { ask, createDatabase, type TestDatabase } from '../support/postgres-database.ts'

let database: TestDatabase
let ledger: PostgresLedger

beforeAll(async () => {
  database = await createDatabase()
  ledger = await PostgresLedger.open(database.url, systemClock)
})
afterAll(async () => {
  await ledger.close()
  await database.drop()
})

/** True once a transaction waits for another. */
async function someoneWaits(): Promise<boolean> {
  return (await ask(database.url, `SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`)).length > 0
}

it('a part that a slow transaction brings, begun before its collection was deleted, goes with its upload', async () => {
  await ledger.createCollection({ id: 'c', name: 'c', store: 'local', attributes: {}, createdBy: 'alice' })
  const upload = { path: 'a', size: 1, partSize: 1, mediaType: 'text/plain', fields: {}, conditions: {}, startedBy: 'alice', ttlMs: 60_000 }
  await ledger.createUpload({ ...upload, id: v7(), collection: 'c' })
  const slow = new pg.Client({ connectionString: database.url })
  await slow.connect()
  try {
    await slow.query('BEGIN')
    await slow.query('SELECT key FROM waybill.upload FOR NO KEY UPDATE')
    await slow.query(`INSERT INTO waybill.upload_part (upload, number, size, digest) SELECT key, 1, 1, '\\x00' FROM waybill.upload`)
    await ledger.deleteCollection('c', 'alice')
    const purged = ledger.purgeCollections(systemClock.now(), 1_000)
    while (!(await someoneWaits()));
    await slow.query('COMMIT')
    expect(await purged, 'the part, the upload, and the collection').toBe(3)
    expect(await ask(database.url, 'SELECT * FROM waybill.upload_part')).toEqual([])
  } finally {
    await slow.end()
  }
})

it('marks of commits that are old are found by an index, however many are young', async () => {
  const client = new pg.Client({ connectionString: database.url })
  await client.connect()
  try {
    await client.query('SET search_path = waybill; SET enable_seqscan = off; SET enable_bitmapscan = off')
    const { rows } = await client.query<{ 'QUERY PLAN': string }>(`EXPLAIN ${PURGE_MARKS.replace('$1', '10')}`)
    const plan = rows.map(row => row['QUERY PLAN']).join('\n')
    expect(plan).toContain('Index Cond: (at < ')
    expect(plan).not.toContain('Filter')
  } finally {
    await client.end()
  }
})

it('marks that are old go, and no others', async () => {
  const minutesAgo = (minutes: number): string => `(extract(epoch FROM clock_timestamp() - interval '${minutes} minutes') * 1000)::bigint`
  await ask(
    database.url,
    `INSERT INTO waybill.commit_mark (at, id) SELECT at, gen_random_uuid() FROM (VALUES (${minutesAgo(11)}), (${minutesAgo(9)})) AS old (at)`,
  )
  const older = `SELECT count(*)::integer AS n FROM waybill.commit_mark WHERE at < ${minutesAgo(8)}`
  const all = 'SELECT count(*)::integer AS n FROM waybill.commit_mark'
  const [before] = (await ask(database.url, all)) as { n: number }[]
  expect(await ask(database.url, older)).toEqual([{ n: 2 }])
  expect(await ledger.purge(1_000)).toBe(1)
  expect(await ask(database.url, older)).toEqual([{ n: 1 }])
  expect(await ask(database.url, all), 'their purge leaves none').toEqual([{ n: (before?.n ?? 0) - 1 }])
})

it('two servers that purge jobs which name the same deleted collections never wait for each other in a circle', async () => {
  const collections = ['d1', 'd2']
  for (const id of collections) await ledger.createCollection({ id, name: id, store: 'local', attributes: {}, createdBy: 'alice' })
  // in the order of their expiry, each names one: whoever forgot them job by job would take the second one first
  for (const id of ['d2', 'd1']) {
    const items = [{ source: { collection: id, path: 'none' } }]
    const { job } = await ledger.createJob(newJob({ kind: 'delete', retentionMs: 1, items }))
    while ((await ledger.takeTurn(job.id, 'w', 10_000)).do !== 'nothing');
  }
  for (const id of collections) await ledger.deleteCollection(id, 'alice')
  const other = new pg.Client({ connectionString: database.url })
  await other.connect()
  try {
    await other.query('BEGIN')
    const lock = (id: string): Promise<unknown> => other.query('SELECT 1 FROM waybill.collection WHERE id = $1 FOR NO KEY UPDATE NOWAIT', [id])
    await lock('d1')
    const purged = ledger.purge(1_000)
    while (!(await someoneWaits()));
    await lock('d2') // refused where the purge has it already, while it waits for the first one
    await other.query('COMMIT')
    expect(await purged).toBeGreaterThan(0)
  } finally {
    await other.end()
  }
  expect(await ask(database.url, `SELECT key FROM waybill.collection WHERE id IN ('d1', 'd2') AND purging = 1`)).toHaveLength(2)
})
