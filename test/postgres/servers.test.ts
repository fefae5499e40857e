import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Http } from '../support/http.ts'
import { createDatabase, type TestDatabase } from '../support/postgres-database.ts'
import { runCli, spawnServer, type ServerProcess } from '../support/server-process.ts'

interface JobBody {
  readonly id: string
  readonly state: string
  readonly paused: boolean
  readonly outcome: string | null
  readonly counts: Readonly<Record<string, number>>
}

const ITEMS = 60_000

describe('servers on one PostgreSQL', () => {
  let database: TestDatabase
  let directory: string
  let servers: ServerProcess[]
  let clients: Http[]

  beforeAll(async () => {
    database = await createDatabase()
    directory = await mkdtemp(join(tmpdir(), 'waybill-servers-'))
    const args = ['--database', database.url]
    servers = await Promise.all([spawnServer(directory, { args }), spawnServer(directory, { env: { WAYBILL_DATABASE: database.url } })])
    const token = await runCli('token', 'create', ...args, '--subject', 'alice', '--scopes', 'read,write')
    clients = servers.map(({ url }) => new Http(url, token, 8))
  })
  afterAll(async () => {
    for (const client of clients) client.close()
    for (const server of servers) await server.stop()
    await database.drop()
    await rm(directory, { recursive: true, force: true })
  })

  /** A big job: some seconds of work for both servers. */
  const submit = async (client: Http, to: string): Promise<string> => {
    const lines = [...Array(ITEMS).keys()].map(n =>
      JSON.stringify({ source: { collection: 'photos', path: 'a' }, destination: { collection: 'photos', path: `${to}/${n}` } }),
    )
    const sent = await client.send('POST', '/v1/jobs?kind=copy', lines.join('\n'), { 'content-type': 'application/x-ndjson' })
    expect(sent.status, sent.body).toBe(202)
    return (JSON.parse(sent.body) as JobBody).id
  }
  const track = (client: Http, id: string): Promise<JobBody> => client.json<JobBody>('GET', `/v1/jobs/${id}`)

  it('steer jobs of each other: one that pauses through one stands on both, and is cancelled through the other', async () => {
    const [one, two] = clients as [Http, Http]
    await one.json('POST', '/v1/collections', { id: 'photos' })
    expect((await one.send('PUT', '/v1/collections/photos/entries/a', 'bytes')).status).toBe(201)
    const id = await submit(one, 'steered')
    expect(await two.json<JobBody>('POST', `/v1/jobs/${id}/pause`)).toMatchObject({ paused: true })
    const done = async (): Promise<number> => (await track(one, id)).counts['done'] ?? 0
    // chunks that were being worked on still end; then nothing moves
    const moved = async (): Promise<number> => {
      const before = await done()
      await setTimeout(1_000)
      return (await done()) - before
    }
    await expect.poll(moved, { timeout: 20_000, interval: 0 }).toBe(0)
    expect(await track(two, id)).toMatchObject({ paused: true, outcome: null })
    expect(await one.json<JobBody>('POST', `/v1/jobs/${id}/cancel`)).toMatchObject({ id })
    await expect.poll(async () => (await track(two, id)).state, { timeout: 40_000, interval: 100 }).toBe('finished')
    const ended = await track(one, id)
    expect(ended).toMatchObject({ outcome: 'cancelled', counts: { total: ITEMS, pending: 0, running: 0 } })
    expect((ended.counts['done'] ?? 0) + (ended.counts['cancelled'] ?? 0)).toBe(ITEMS)
    expect(await track(two, id)).toEqual(ended)
  }, 90_000)

  it('refuse one that has another directory for its files', async () => {
    const elsewhere = join(directory, 'elsewhere')
    await expect(spawnServer(elsewhere, { args: ['--database', database.url] })).rejects.toThrow(
      /elsewhere.store is not the directory that the other servers on this database have for the store "local"/,
    )
  })

  it('are one: what is put through one is read through the other, a job of one tracked through the other; killed with -9 it is ended by the other', async () => {
    const [one, two] = clients as [Http, Http]
    expect((await two.send('GET', '/v1/collections/photos/entries/a')).body).toBe('bytes')
    const id = await submit(one, 'to')
    await expect.poll(async () => (await track(two, id)).counts['done'], { timeout: 20_000, interval: 20 }).toBeGreaterThan(0)
    await servers[0]?.kill()
    await expect.poll(async () => (await track(two, id)).state, { timeout: 40_000, interval: 200 }).toBe('finished')
    expect(await track(two, id)).toMatchObject({ outcome: 'succeeded', counts: { total: ITEMS, done: ITEMS } })
    const listed = await two.json<{ items: { version: number }[] }>('GET', '/v1/collections/photos/entries?prefix=to/&limit=1000')
    expect(listed.items.map(({ version }) => version)).toEqual(Array.from({ length: 1000 }, () => 1))
  }, 90_000)
})
