import { mkdtemp, rm } from 'node:fs/promises'
import { DatabaseSync } from 'node:sqlite'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { Database } from '../../../src/ledger/sqlite/database.ts'
import { NEXT_COLLECTION, PURGE_TOKENS } from '../../../src/ledger/sqlite/operations/leftovers.ts'
import { DROPPED, purge } from '../../../src/ledger/sqlite/operations/upkeep.ts'
import { VISIBLE_JOBS } from '../../../src/ledger/sqlite/reads/jobs.ts'
import { SqliteLedger } from '../../../src/ledger/sqlite/sqlite-ledger.ts'
import { brokenIn } from '../../../src/ledger/sqlite/soundness.ts'
import { Work } from '../../../src/ledger/shared/work.ts'
import { VirtualClock } from '../../support/virtual-clock.ts'

let directory: string
let file: string

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'waybill-leftovers-'))
  file = join(directory, 'ledger.db')
})
afterEach(() => rm(directory, { recursive: true }))

/** Undoes what the twelfth schema brought. */
const BACK = `
  DROP INDEX collection_purging; DROP INDEX upload_by_collection; DROP INDEX token_ended; DROP INDEX job_by_submitter;
  ALTER TABLE collection DROP COLUMN purging;
  DELETE FROM counter WHERE name IN ('plain_collection', 'addressable_collection');
  CREATE INDEX job_by_submitter ON job (submitted_by, key);
  PRAGMA user_version = 11`

/** All that matches, from the file itself. */
function read(sql: string): unknown[] {
  const db = new DatabaseSync(file, { readOnly: true })
  try {
    return db.prepare(sql).all()
  } finally {
    db.close()
  }
}

it('a ledger of the eleventh schema has purged what collections had left before, and gives no key again', async () => {
  const clock = new VirtualClock()
  const make = async (ledger: SqliteLedger, id: string): Promise<void> => {
    await ledger.createCollection({ id, name: id, store: 'local', attributes: {}, createdBy: 'alice' })
    await ledger.putEntry({ collection: id, path: 'a', subject: 'alice', kind: 'file', digest: null, size: 0, mediaType: 'text/plain', fields: null })
  }
  const before = await SqliteLedger.open(file, clock)
  for (const id of ['stays', 'gone', 'house/stays', 'house/gone']) await make(before, id)
  for (const id of ['gone', 'house/gone']) {
    await before.removeEntry({ collection: id, path: 'a', subject: 'alice' })
    await before.deleteCollection(id, 'alice')
  }
  await before.close()
  const db = new DatabaseSync(file)
  db.exec(BACK)
  db.close()

  const ledger = await SqliteLedger.open(file, clock)
  while ((await ledger.purgeCollections(clock.now(), 1_000)) > 0);
  expect(read('SELECT key, id FROM collection ORDER BY key')).toEqual([
    { key: -1, id: 'house/stays' },
    { key: 1, id: 'stays' },
  ])
  for (const id of ['gone', 'house/gone']) await make(ledger, id)
  expect(read('SELECT key, id FROM collection ORDER BY key')).toMatchObject([{ key: -3 }, { key: -1 }, { key: 1 }, { key: 3 }])
  expect(read('SELECT collection FROM entry ORDER BY collection')).toEqual([-3, -1, 1, 3].map(collection => ({ collection })))
  expect(read('SELECT count(*) AS n FROM history')).toEqual([{ n: 0 }])
  await ledger.close()
  expect(brokenIn(file, clock.now())).toEqual([])
})

it('what is to be purged, and the jobs of a list, are found by indexes that hold nothing else', async () => {
  await (await SqliteLedger.open(file, new VirtualClock())).close()
  const plan = (sql: string): string =>
    read(`EXPLAIN QUERY PLAN ${sql}`)
      .map(row => String((row as { detail: unknown }).detail))
      .join('; ')
  expect(plan(NEXT_COLLECTION)).toMatch(/^SEARCH collection USING .*INDEX collection_purging/)
  expect(plan(PURGE_TOKENS)).toMatch(/SEARCH token USING .*INDEX token_ended/)
  expect(plan(VISIBLE_JOBS)).toMatch(/SEARCH j USING INDEX job_by_submitter \(submitted_by=\? AND key<\?\)/)
  expect(read(`SELECT sql FROM sqlite_schema WHERE name = 'job_by_submitter'`)).toEqual([{ sql: expect.stringContaining('WHERE purged = 0') as unknown }])
})

it('a purge of many expired jobs looks once for one that was dropped, as that is a look at all that are unfinished', () => {
  const db = Database.openWriter(file)
  db.exec(`WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 40)
    INSERT INTO job (id, number, kind, state, sealed, conflict, verify, dry_run, priority, dialect, retention_ms, submitted_by, created_at, expires_at)
      SELECT randomblob(16), i, 0, 3, 1, 0, 0, 0, 0, 'v1', 1, 'alice', 1, 1 FROM n`)
  const asked = vi.spyOn(db, 'get')
  const tx = { db, now: 2, actor: null, jobs: new Set<string>(), work: new Work(), goesOn: () => false }
  expect(purge(tx, 1_000)).toBe(40)
  expect(asked.mock.calls.filter(([sql]) => sql === DROPPED)).toHaveLength(1)
  db.close()
})
