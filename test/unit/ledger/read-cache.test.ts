import { mkdtemp, rm } from 'node:fs/promises'
import { DatabaseSync } from 'node:sqlite'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, it } from 'vitest'
import { Database } from '../../../src/ledger/sqlite/database.ts'
import { ReadCache } from '../../../src/ledger/sqlite/reads/cache.ts'
import { SqliteLedger } from '../../../src/ledger/sqlite/sqlite-ledger.ts'
import { systemClock } from '../../../src/system/clock.ts'
import { newJob } from '../../contracts/ledger/world.ts'

it('a job that is read after its events is not older than they are, in one turn of the event loop, too', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'waybill-cache-'))
  const file = join(directory, 'ledger.db')
  const ledger = await SqliteLedger.open(file, systemClock)
  const other = new DatabaseSync(file)
  try {
    await ledger.createCollection({ id: 'c', name: 'c', store: 'local', attributes: {}, createdBy: 'alice' })
    const { job } = await ledger.createJob(newJob({ items: [{ source: { collection: 'c', path: 'a' }, destination: { collection: 'c', path: 'b' } }] }))
    // no step from here on waits for anything, so all of them are in one turn
    expect((await ledger.job(job.id))?.change).toBe(job.change)
    other.exec(`UPDATE job SET change = change + 1; INSERT INTO event (job, type, at, data) SELECT key, 1, 0, '{}' FROM job`)
    expect((await ledger.eventsAfter(0, 10, job.id)).map(({ type }) => type)).toEqual(['job.submitted', 'job.resolved'])
    expect((await ledger.job(job.id))?.change).toBe(job.change + 1)
  } finally {
    other.close()
    await ledger.close()
    await rm(directory, { recursive: true })
  }
})

it("what a reader was answered is nobody else's, whatever they are called", async () => {
  const directory = await mkdtemp(join(tmpdir(), 'waybill-cache-'))
  const ledger = await SqliteLedger.open(join(directory, 'ledger.db'), systemClock)
  try {
    await ledger.createCollection({ id: 'c', name: 'c', store: 'local', attributes: {}, createdBy: 'alice' })
    const { job } = await ledger.createJob(newJob({ items: [{ source: { collection: 'c', path: 'a' }, destination: { collection: 'c', path: 'b' } }] }))
    expect(await ledger.job(`${job.number} Alice`, 'Cooper')).toBeNull()
    expect((await ledger.job(String(job.number), 'Alice Cooper'))?.id).toBe(job.id)
  } finally {
    await ledger.close()
    await rm(directory, { recursive: true })
  }
})

it('of rows that are asked for once few stay in memory', async () => {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  const db = Database.openWriter(':memory:')
  const cache = new ReadCache(db)
  const rows = Array.from({ length: 1_000 }, (_, n) => new WeakRef(cache.get(`job ${n}`, () => ({ n }))))
  await setImmediate()
  collect()
  const alive = rows.filter(row => row.deref() !== undefined).length
  expect(alive).toBeGreaterThan(0)
  expect(alive).toBeLessThanOrEqual(64)
  db.close()
})
