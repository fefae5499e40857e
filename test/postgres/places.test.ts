import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Http } from '../support/http.ts'
import { createDatabase, type TestDatabase } from '../support/postgres-database.ts'
import { runCli, spawnServer, type ServerProcess } from '../support/server-process.ts'

interface EntriesBody {
  readonly items: readonly { readonly version: number; readonly modifiedBy: string }[]
  readonly nextCursor: string | null
}
interface JobBody {
  readonly id: string
  readonly outcome: string | null
  readonly counts: Readonly<Record<string, number>>
}

const FILES = 3_000
const MOST_MS = 120_000
const DONE = { outcome: 'succeeded', counts: { total: FILES, done: FILES, failed: 0, pending: 0, running: 0 } }

describe('servers on one PostgreSQL with an attached directory', () => {
  let database: TestDatabase
  let directory: string
  let photos: string
  let servers: ServerProcess[]
  let clients: Http[]

  beforeAll(async () => {
    database = await createDatabase()
    directory = await mkdtemp(join(tmpdir(), 'waybill-places-'))
    photos = join(directory, 'photos')
    await mkdir(join(photos, 'in'), { recursive: true })
    for (let n = 0; n < FILES; n++) await writeFile(join(photos, 'in', `${n}.txt`), `photo ${n}`)
    const config = join(directory, 'config.json')
    await writeFile(config, JSON.stringify({ stores: { local: { kind: 'local' }, photos: { kind: 'attached', directory: photos } } }))
    const args = ['--database', database.url, '--config', config]
    servers = await Promise.all([1, 2].map(() => spawnServer(join(directory, 'data'), { args })))
    const token = await runCli('token', 'create', '--database', database.url, '--subject', 'alice', '--scopes', 'read,write,admin')
    clients = servers.map(({ url }) => new Http(url, token, 8))
    await clients[0]?.json('POST', '/v1/collections', { id: 'photos', store: 'photos' })
    await clients[0]?.json('POST', '/v1/collections', { id: 'archive' })
  }, MOST_MS)
  afterAll(async () => {
    for (const client of clients) client.close()
    for (const server of servers) await server.stop()
    await database.drop()
    await rm(directory, { recursive: true, force: true })
  })

  const submit = (client: Http, from: string, fromPrefix: string, to: string, toPrefix: string): Promise<JobBody> => {
    const select = [{ source: { collection: from, prefix: fromPrefix }, destination: { collection: to, prefix: toPrefix } }]
    return client.json<JobBody>('POST', '/v1/jobs', { kind: 'copy', select })
  }
  const ended = async (client: Http, id: string): Promise<JobBody> => {
    const track = (): Promise<JobBody> => client.json<JobBody>('GET', `/v1/jobs/${id}`)
    await expect.poll(async () => (await track()).outcome, { timeout: MOST_MS, interval: 100 }).not.toBeNull()
    return track()
  }
  const copy = async (client: Http, ...wish: [from: string, fromPrefix: string, to: string, toPrefix: string]): Promise<JobBody> =>
    ended(client, (await submit(client, ...wish)).id)

  /** Each file is there, once, and no look takes one for another program's. */
  async function expectWritten(client: Http, folder: string): Promise<void> {
    expect(await readdir(join(photos, folder))).toHaveLength(FILES)
    expect(await readFile(join(photos, folder, '17.txt'), 'utf8')).toBe('photo 17')
    const writers = new Set<string>()
    for (let cursor: string | null = ''; cursor !== null;) {
      const page: EntriesBody = await client.json(
        'GET',
        `/v1/collections/photos/entries?prefix=${folder}/&limit=1000${cursor === '' ? '' : `&cursor=${cursor}`}`,
      )
      for (const { version, modifiedBy } of page.items) writers.add(`version ${version} by ${modifiedBy}`)
      cursor = page.nextCursor
    }
    expect([...writers]).toEqual(['version 1 by alice'])
  }

  it(
    'import, export, and copy within it, each file once, and all that they say of themselves is well',
    async () => {
      const [one, two] = clients as [Http, Http]
      expect(await copy(one, 'photos', 'in/', 'archive', 'in/')).toMatchObject(DONE)
      const both = await Promise.all([copy(one, 'archive', 'in/', 'photos', 'out/'), copy(two, 'photos', 'in/', 'photos', 'again/')])
      expect(both).toMatchObject([DONE, DONE])
      for (const folder of ['out', 'again']) await expectWritten(two, folder)
      expect(await readdir(join(photos, '.waybill'))).toEqual([])
      for (const server of servers) expect(server.output()).not.toMatch(/"level":"?(50|error)/)
    },
    MOST_MS,
  )

  it(
    'go on with what one of them was killed at, and write no file twice',
    async () => {
      const [one, two] = clients as [Http, Http]
      const { id } = await submit(two, 'archive', 'in/', 'photos', 'killed/')
      const written = (): Promise<number> =>
        readdir(join(photos, 'killed')).then(
          names => names.length,
          () => 0,
        )
      await expect.poll(written, { timeout: MOST_MS, interval: 1 }).toBeGreaterThan(0)
      await servers[1]?.kill()
      expect(await ended(one, id)).toMatchObject(DONE)
      await expectWritten(one, 'killed')
    },
    MOST_MS,
  )
})
