import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { v7 } from 'uuid'
import { PostgresLedger } from '../../src/ledger/postgres/postgres-ledger.ts'
import { systemClock } from '../../src/system/clock.ts'
import { item, newJob, refusal } from '../contracts/ledger/world.ts'
import { startCuttingProxy, type CuttingProxy } from '../support/cutting-proxy.ts'
import { ask, createDatabase, type TestDatabase } from '../support/postgres-database.ts'
import { startPostgres, type PostgresServer } from '../support/postgres-server.ts'
import { sha256 } from '../support/sha256.ts'

const n = (count: number): number[] => [...Array(count).keys()]

async function newCollection(ledger: PostgresLedger): Promise<string> {
  const id = `c-${v7()}`
  await ledger.createCollection({ id, name: id, store: 'local', attributes: {}, createdBy: 'alice' })
  return id
}

function put(ledger: PostgresLedger, c: string, path: string): Promise<{ entry: { version: number } }> {
  return ledger.putEntry({ collection: c, path, subject: 'alice', kind: 'file', digest: sha256(path), size: 1, mediaType: 'text/plain', fields: null })
}

async function work(ledger: PostgresLedger, job: string): Promise<void> {
  for (let idle = 0; idle < 20;) {
    const turn = await ledger.takeTurn(job, 'w', 30_000)
    if (turn.do === 'worked' && turn.more) continue
    if ((await ledger.job(job))?.state === 'finished') return
    idle += 1
    await new Promise(resolve => setTimeout(resolve, 50))
  }
}

describe('a commit whose answer is lost', () => {
  let database: TestDatabase
  let proxy: CuttingProxy
  let ledger: PostgresLedger

  beforeAll(async () => {
    database = await createDatabase()
    proxy = await startCuttingProxy(database.url)
    ledger = await PostgresLedger.open(proxy.url, systemClock)
  })
  afterAll(async () => {
    await ledger.close()
    proxy.close()
    await database.drop()
  })

  it.each(['before', 'after'] as const)('is done once: lost %s it took effect', async how => {
    const c = await newCollection(ledger)
    const cut = async <T>(call: () => Promise<T>): Promise<T> => {
      const cuts = proxy.cuts
      proxy.cutNext(how)
      const result = await call()
      expect(proxy.cuts).toBe(cuts + 1)
      return result
    }
    expect((await cut(() => put(ledger, c, 'a'))).entry.version).toBe(1)
    expect((await cut(() => put(ledger, c, 'a'))).entry.version).toBe(2)
    const job = newJob({ items: n(3_000).map(at => item([c, 'a'], [c, `to/${at}`])) })
    expect((await cut(() => ledger.createJob(job))).job.id).toBe(job.id)
    expect(await cut(() => ledger.takeTurn(job.id, 'w', 1_000))).toMatchObject({ do: 'worked', more: true })
    expect((await ledger.job(job.id))?.counts).toMatchObject({ total: 3_000, done: 2_000, pending: 1_000 })
    expect(await cut(() => ledger.takeTurn(job.id, 'w', 1_000))).toMatchObject({ do: 'worked', more: false })
    expect(await ledger.job(job.id)).toMatchObject({ state: 'finished', counts: { done: 3_000 } })
    expect((await ledger.eventsAfter(0, 100, job.id)).map(({ type }) => type)).toEqual(['job.submitted', 'job.resolved', 'job.finished'])
    const [rows] = await ask(database.url, `SELECT count(*)::int AS n, max(version) AS version FROM waybill.entry WHERE path LIKE 'to/%'`)
    expect(rows).toMatchObject({ version: 1 })
    const lock = await cut(() => ledger.acquireLock({ collection: c, path: null, holder: 'bob', reason: null, ttlMs: 60_000 }))
    expect(await ledger.locksOver(c, null)).toEqual([lock])
  })
})

describe('marks of commits', () => {
  it('cannot be asked for when the database stays away: then it is said that nobody knows', async () => {
    const database = await createDatabase()
    const proxy = await startCuttingProxy(database.url)
    const ledger = await PostgresLedger.open(proxy.url, systemClock)
    const c = await newCollection(ledger)
    proxy.cutNext('held')
    const refused = refusal(put(ledger, c, 'a'), 'unavailable')
    await expect.poll(() => proxy.cuts, { interval: 5 }).toBe(1)
    proxy.close()
    await ledger.close() // or it would be asked for half a minute
    expect((await refused).message).toMatch(/look before you try again$/)
    await database.drop()
  })

  it('are removed when nobody can ask for them any more', async () => {
    const database = await createDatabase()
    const ledger = await PostgresLedger.open(database.url, systemClock)
    const c = await newCollection(ledger)
    await ask(database.url, `UPDATE waybill.commit_mark SET at = at - ${11 * 60_000}`)
    await put(ledger, c, 'a')
    expect(await ledger.purge(100)).toBe(1)
    const left = await ask(database.url, `SELECT undone FROM waybill.commit_mark`)
    expect(left, 'that of the put: a purge of nothing else leaves none').toEqual([{ undone: false }])
    expect(await ledger.purge(100)).toBe(0)
    await ledger.close()
    await database.drop()
  })
})

describe('a database that breaks every commit off', () => {
  it('is tried again now and then, not as fast as it can', async () => {
    const database = await createDatabase()
    const proxy = await startCuttingProxy(database.url)
    const ledger = await PostgresLedger.open(proxy.url, systemClock)
    const c = await newCollection(ledger)
    proxy.cutNext('before', Infinity)
    const putting = put(ledger, c, 'a')
    await new Promise(resolve => setTimeout(resolve, 2_000))
    proxy.cutNext('before', 0)
    expect((await putting).entry.version).toBe(1)
    expect(proxy.cuts).toBeGreaterThan(1)
    expect(proxy.cuts).toBeLessThan(12) // each wait is twice the one before
    await ledger.close()
    proxy.close()
    await database.drop()
  }, 30_000)
})

describe('a database that has fallen silent', () => {
  it('holds nobody up who ends', async () => {
    const database = await createDatabase()
    const proxy = await startCuttingProxy(database.url)
    const ledger = await PostgresLedger.open(proxy.url, systemClock)
    ledger.onCommit(() => undefined)
    await put(ledger, await newCollection(ledger), 'a')
    proxy.silence()
    await ledger.close() // or the test takes too long
    proxy.close()
    await database.drop()
  }, 60_000)
})

describe('a database that is restarted in the middle', () => {
  let server: PostgresServer
  let nodes: PostgresLedger[]

  beforeAll(async () => {
    server = await startPostgres([]) // with its flushes: a restart is what they are for
    nodes = await Promise.all(n(2).map(() => PostgresLedger.open(server.url, systemClock)))
  })
  afterAll(async () => {
    await Promise.all(nodes.map(node => node.close()))
    await server.stop()
  })

  it('loses and doubles nothing: calls wait for it', async () => {
    const [one, two] = nodes as [PostgresLedger, PostgresLedger]
    const c = await newCollection(one)
    await put(one, c, 'a')
    const job = newJob({ items: n(30_000).map(at => item([c, 'a'], [c, `to/${at}`])) })
    await one.createJob(job)
    let on = true
    const putting = async (ledger: PostgresLedger): Promise<number[]> => {
      const versions: number[] = []
      while (on) versions.push((await put(ledger, c, 'often')).entry.version)
      return versions
    }
    const puts = [putting(one), putting(two), putting(one)]
    const done = Promise.all([work(one, job.id), work(two, job.id)])
    for (const pause of [300, 500]) {
      await new Promise(resolve => setTimeout(resolve, pause))
      await server.restart()
    }
    await done
    on = false
    const versions = (await Promise.all(puts)).flat().sort((a, b) => a - b)
    expect(versions).toEqual(n(versions.length).map(at => at + 1))
    expect(await two.job(job.id)).toMatchObject({ state: 'finished', outcome: 'succeeded', counts: { done: 30_000 } })
    const [row] = await ask(server.url, `SELECT count(*)::int AS n, max(version) AS version FROM waybill.entry WHERE path LIKE 'to/%'`)
    expect(row).toEqual({ n: 30_000, version: 1 })
    await one.health()
  }, 90_000)

  it('does again what a crash undid before its commit was heard of, though the transaction after it has its number', async () => {
    const proxy = await startCuttingProxy(server.url)
    const ledger = await PostgresLedger.open(proxy.url, systemClock)
    const c = await newCollection(ledger)
    proxy.cutNext('held')
    const putting = put(ledger, c, 'a')
    await expect.poll(() => proxy.cuts, { interval: 5 }).toBe(1)
    await server.crash()
    expect((await putting).entry.version).toBe(1)
    expect(await ledger.entry(c, 'a')).toMatchObject({ version: 1 })
    await ledger.close()
    proxy.close()
  }, 60_000)
})
