import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { v7 } from 'uuid'
import { PostgresLedger } from '../../src/ledger/postgres/postgres-ledger.ts'
import type { CommitNotice } from '../../src/ports/ledger.ts'
import { systemClock } from '../../src/system/clock.ts'
import { item, newJob } from '../contracts/ledger/world.ts'
import { ask, createDatabase, type TestDatabase } from '../support/postgres-database.ts'
import { sha256 } from '../support/sha256.ts'

const NODES = 4

describe('several nodes on one PostgreSQL', () => {
  let database: TestDatabase
  let nodes: PostgresLedger[]
  const node = (n: number): PostgresLedger => nodes[n % NODES] as PostgresLedger

  beforeAll(async () => {
    database = await createDatabase()
    // all at once, on an empty database: one makes the tables, the others wait for it
    nodes = await Promise.all(Array.from({ length: NODES }, () => PostgresLedger.open(database.url, systemClock)))
  })
  afterAll(async () => {
    await Promise.all(nodes.map(one => one.close()))
    await database.drop()
  })

  async function collection(id = `c-${v7()}`): Promise<string> {
    await node(0).createCollection({ id, name: id, store: 'local', attributes: {}, createdBy: 'alice' })
    return id
  }

  const put = (n: number, c: string, path: string): Promise<unknown> =>
    node(n).putEntry({ collection: c, path, subject: 'alice', kind: 'file', digest: sha256(String(n)), size: 1, mediaType: 'text/plain', fields: null })

  const n = (count: number): number[] => [...Array(count).keys()]

  async function work(ledger: PostgresLedger, job: string): Promise<void> {
    for (let tries = 0; tries < 3;) {
      const turn = await ledger.takeTurn(job, 'w', 30_000)
      if (turn.do === 'worked') for (const follower of turn.followers) await work(ledger, follower)
      if (turn.do !== 'worked' || !turn.more) tries += 1
    }
  }

  it('know of each other: of one that closes no longer, of one that died until it is forgotten', async () => {
    const guests = await Promise.all(n(2).map(() => PostgresLedger.open(database.url, systemClock)))
    const [staying, leaving] = guests as [PostgresLedger, PostgresLedger]
    const about = (host: string, startedAt: number): Parameters<PostgresLedger['announce']>[0] => ({ host, pid: 1, version: '1', startedAt })
    await Promise.all([staying.announce(about('staying', 1)), leaving.announce(about('leaving', 2))])
    const seen = async (): Promise<string[]> => (await staying.nodes()).map(({ host, self }) => (self ? `${host}, I` : host))
    expect(await seen()).toEqual(['staying, I', 'leaving'])
    expect(Math.abs(((await leaving.nodes())[0]?.lastSeenAt ?? 0) - Date.now())).toBeLessThan(60_000)
    await leaving.close()
    expect(await seen()).toEqual(['staying, I'])
    await ask(
      database.url,
      `INSERT INTO waybill.node (id, host, pid, version, started_at, seen_at)
      VALUES (gen_random_uuid(), 'silent', 1, '1', 3, now() - interval '5 minutes'), (gen_random_uuid(), 'forgotten', 1, '1', 4, now() - interval '1 year')`,
    )
    expect(await seen()).toEqual(['staying, I', 'silent', 'forgotten'])
    await staying.purge(100)
    // what came up a moment ago forgets nobody: all nodes may just be coming back
    const [young] = await ask(database.url, `SELECT pg_postmaster_start_time() > now() - interval '10 minutes' AS young`)
    expect(await seen()).toEqual(young?.['young'] === true ? ['staying, I', 'silent', 'forgotten'] : ['staying, I', 'silent'])
    await ask(database.url, `DELETE FROM waybill.node WHERE host IN ('silent', 'forgotten')`)
    await staying.close()
  })

  it('write one new path at once: a version each, none lost', async () => {
    for (const c of [await collection(), await collection(`alice/${v7()}`)]) {
      await Promise.all(n(40).map(at => put(at, c, 'a/new')))
      const { items } = await node(0).versions(c, 'a/new', { limit: 100 })
      expect(items.map(({ version }) => version)).toEqual(n(40).map(at => 40 - at))
      expect(new Set(items.map(({ entityId }) => entityId)).size).toBe(1)
    }
  })

  it('make the folders of an addressable collection once', async () => {
    const c = await collection(`bob/${v7()}`)
    await Promise.all(n(60).map(at => put(at, c, `x/y/${at % 3}/${at}`)))
    const { items } = await node(1).entries(c, { kind: 'folder' }, { limit: 100 })
    expect(items.map(({ path, version }) => `${path} ${version}`)).toEqual(['x 1', 'x/y 1', 'x/y/0 1', 'x/y/1 1', 'x/y/2 1'])
  })

  it('work on one job together, beside others that write to the same paths: everything once', async () => {
    const c = await collection()
    for (const at of n(4)) await put(at, c, `from/${at}`)
    const wish = (round: number): Parameters<typeof newJob>[0] => ({
      items: n(6_000).map(at => item([c, `from/${at % 4}`], [c, `to/${(at * 7 + round) % 6_000}`])),
    })
    const jobs = [newJob(wish(0)), newJob(wish(1)), newJob(wish(2))]
    await Promise.all(jobs.map((job, at) => node(at).createJob(job)))
    const puts = n(50).map(at => put(at, c, `to/${at * 100}`))
    await Promise.all([...puts, ...jobs.flatMap(job => nodes.map(one => work(one, job.id)))])
    for (const job of jobs) {
      expect(await node(3).job(job.id)).toMatchObject({ state: 'finished', outcome: 'succeeded', counts: { done: 6_000, pending: 0, running: 0 } })
    }
    const rows = await ask(
      database.url,
      `SELECT (SELECT count(*) FROM waybill.history h JOIN waybill.collection k ON k.key = h.collection WHERE k.id = '${c}' AND path LIKE 'to/%')::int AS superseded,
        (SELECT sum(version) FROM waybill.entry e JOIN waybill.collection k ON k.key = e.collection WHERE k.id = '${c}' AND path LIKE 'to/%')::int AS versions`,
    )
    expect(rows[0]).toEqual({ superseded: 12_050, versions: 18_050 })
  })

  it('keep the order of ordered jobs, whoever takes them and works on them', async () => {
    const c = await collection()
    const jobs: string[] = []
    const submit = async (at: number): Promise<void> => {
      const job = newJob({ kind: 'update', ordered: true, items: [{ source: { collection: c, path: 'x' }, change: { add: { by: [`${at}`] } } }] })
      await node(at).createJob(job)
      jobs.push(job.id)
    }
    for (let at = 0; at < 40; at += 4) await Promise.all(n(4).map(k => submit(at + k)))
    await Promise.all(nodes.map(async one => Promise.all(jobs.map(job => work(one, job)))))
    const rows = await ask(
      database.url,
      `SELECT array_agg(id ORDER BY ordered)::text[] AS line, array_agg(id ORDER BY finished_at, ordered)::text[] AS ended, min(state) AS state FROM waybill.job WHERE ordered <> 0`,
    )
    expect(rows[0]?.['state']).toBe(3)
    expect(rows[0]?.['ended']).toEqual(rows[0]?.['line'])
    // four of each round were acknowledged in some order; rounds follow one another
    const by = (await node(0).entry(c, 'x'))?.fields['by'] as string[]
    expect(by.map(at => Math.floor(Number(at) / 4))).toEqual(n(40).map(at => Math.floor(at / 4)))
  })

  it('take one submission under one key once', async () => {
    const c = await collection()
    const wishes = n(12).map(() => newJob({ key: 'the key', items: [item([c, 'a'], [c, 'b'])] }))
    const made = await Promise.all(wishes.map((job, at) => node(at).createJob(job)))
    expect(new Set(made.map(({ job }) => job.id)).size).toBe(1)
    expect(made.filter(({ replayed }) => !replayed)).toHaveLength(1)
  })

  it('give jobs that come under one number numbers of their own', async () => {
    const c = await collection()
    const wishes = n(8).map(() => ({ ...newJob({ items: [item([c, 'a'], [c, 'b'])] }), number: 77_000_000 }))
    const made = await Promise.all(wishes.map((job, at) => node(at).createJob(job)))
    expect(new Set(made.map(({ job }) => job.number)).size).toBe(8)
    for (const { job } of made) expect((await node(1).job(job.number))?.id).toBe(job.id)
  })

  it('hear of what another commits, with the jobs it changed', async () => {
    const c = await collection()
    const heard: CommitNotice[] = []
    const stops = [node(1).onCommit(notice => heard.push(notice)), node(0).onCommit(() => undefined)]
    const job = newJob({ items: [item([c, 'a'], [c, 'b'])] })
    await expect
      .poll(async () => {
        await node(0).createJob({ ...newJob({ items: [] }), id: v7() })
        return heard.length
      })
      .toBeGreaterThan(0)
    await node(0).createJob(job)
    await expect.poll(() => heard.flatMap(({ jobs }) => jobs)).toContain(job.id)
    for (const stop of stops) stop()
  })

  it('read no event that one with a lower number may still precede', async () => {
    const c = await collection()
    const slow = new (await import('pg')).default.Client({ connectionString: database.url })
    await slow.connect()
    await slow.query(`SET search_path = waybill; BEGIN; CREATE TEMP TABLE begun ()`)
    const before = await node(0).lastEvent()
    const { rows } = await slow.query<{ last_event: string }>(
      `SELECT last_event FROM end_transaction((SELECT ARRAY[min(key)] FROM job), ARRAY[0::smallint], ARRAY['{}'], 0)`,
    )
    const job = newJob({ items: [item([c, 'a'], [c, 'b'])] })
    await node(0).createJob(job)
    expect(await node(1).eventsAfter(before, 10), 'its number is higher').toEqual([])
    expect(await node(1).lastEvent()).toBe(before)
    await slow.query('COMMIT')
    await slow.end()
    const events = await node(1).eventsAfter(before, 10)
    expect(events.map(({ id }) => id)).toEqual([Number(rows[0]?.last_event), Number(rows[0]?.last_event) + 1])
    expect(events[1]?.job).toBe(job.id)
  })

  it('share a secret that nobody gave them', async () => {
    const secrets = await Promise.all(nodes.map(one => one.sharedSecret('a key', 32)))
    expect(new Set(secrets.map(secret => Buffer.from(secret).toString('hex'))).size).toBe(1)
    expect(secrets[0]).toHaveLength(32)
  })
})
