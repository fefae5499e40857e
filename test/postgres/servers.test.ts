import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Http } from '../support/http.ts'
import { createDatabase, type TestDatabase } from '../support/postgres-database.ts'
import { runCli, spawnServer, type ServerProcess } from '../support/server-process.ts'

interface JobBody {
  readonly id: string
  readonly state: string
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

  it('are one: what is put through one is read through the other, a job of one tracked through the other; killed with -9 it is ended by the other', async () => {
    const [one, two] = clients as [Http, Http]
    await one.json('POST', '/v1/collections', { id: 'photos' })
    expect((await one.send('PUT', '/v1/collections/photos/entries/a', 'bytes')).status).toBe(201)
    expect((await two.send('GET', '/v1/collections/photos/entries/a')).body).toBe('bytes')
    const lines = [...Array(ITEMS).keys()].map(n =>
      JSON.stringify({ source: { collection: 'photos', path: 'a' }, destination: { collection: 'photos', path: `to/${n}` } }),
    )
    const sent = await one.send('POST', '/v1/jobs?kind=copy', lines.join('\n'), { 'content-type': 'application/x-ndjson' })
    expect(sent.status, sent.body).toBe(202)
    const { id } = JSON.parse(sent.body) as JobBody
    const track = (): Promise<JobBody> => two.json<JobBody>('GET', `/v1/jobs/${id}`)
    await expect.poll(async () => (await track()).counts['done'], { timeout: 20_000, interval: 20 }).toBeGreaterThan(0)
    await servers[0]?.kill()
    await expect.poll(async () => (await track()).state, { timeout: 40_000, interval: 200 }).toBe('finished')
    expect(await track()).toMatchObject({ outcome: 'succeeded', counts: { total: ITEMS, done: ITEMS } })
    const listed = await two.json<{ items: { version: number }[] }>('GET', '/v1/collections/photos/entries?prefix=to/&limit=1000')
    expect(listed.items.map(({ version }) => version)).toEqual(Array.from({ length: 1000 }, () => 1))
  }, 90_000)
})
