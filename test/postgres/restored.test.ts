import { readFile } from 'node:fs/promises'
import { afterAll, beforeAll, expect, it } from 'vitest'
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

it('the statements for a restored database let events, fencing tokens and entity tags leap, and say when it was restored', async () => {
  await ledger.createCollection({ id: 'c', name: 'c', store: 'local', attributes: {}, createdBy: 'alice' })
  const lock = (): Promise<{ token: number }> =>
    ledger.acquireLock({ collection: 'c', path: String(Math.random()), holder: 'alice', reason: null, ttlMs: 1_000 })
  const submit = async (): Promise<string> =>
    (await ledger.createJob(newJob({ items: [{ source: { collection: 'c', path: 'a' }, destination: { collection: 'c', path: 'b' } }] }))).job.id
  const id = await submit()
  const before = { event: await ledger.lastEvent(), token: (await lock()).token, change: (await ledger.job(id))?.change ?? 0 }
  expect(await ledger.restoredAt()).toBeNull()
  const deployment = await readFile(new URL('../../docs/deployment.md', import.meta.url), 'utf8')
  const statements = /```sql\n(SET search_path = waybill;[^`]*)```/.exec(deployment)?.[1] ?? ''
  await ask(database.url, statements)
  await submit()
  expect(await ledger.lastEvent()).toBeGreaterThan(before.event + 1_000_000)
  expect(await ledger.eventsAfter(before.event + 1_000_000, 10)).not.toEqual([])
  expect((await lock()).token).toBeGreaterThan(before.token + 1_000_000)
  expect((await ledger.job(id))?.change).toBeGreaterThan(before.change + 1_000_000)
  expect(Math.abs(((await ledger.restoredAt()) ?? 0) - Date.now())).toBeLessThan(60_000)
})
