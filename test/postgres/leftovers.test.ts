import pg from 'pg'
import { v7 } from 'uuid'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { PURGE_MARKS } from '../../src/ledger/postgres/operations/upkeep.ts'
import { PostgresLedger } from '../../src/ledger/postgres/postgres-ledger.ts'
import { systemClock } from '../../src/system/clock.ts'
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
    const { rows } = await client.query<{ 'QUERY PLAN': string }>(`EXPLAIN ${PURGE_MARKS.replace(':batch', '10')}`)
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
  expect(await ask(database.url, older)).toEqual([{ n: 2 }])
  await ledger.purge(1_000)
  expect(await ask(database.url, older)).toEqual([{ n: 1 }])
})
