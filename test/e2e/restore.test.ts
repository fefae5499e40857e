import { cp, mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { WaybillClient, type ClientError, type JobInfo } from '../../src/client/index.ts'
import { gathered } from '../support/gathered.ts'
import { createToken, spawnServer, type ServerProcess } from '../support/server-process.ts'
import { sha256 } from '../support/sha256.ts'
import { waybill } from './command.ts'

/** Seconds of work: a backup falls into the middle of it. */
const ITEMS = 80_000
const FILES = 20

let root = ''
let data = ''
let token = ''
let server: ServerProcess
let client: WaybillClient
const started: ServerProcess[] = []

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'waybill-restore-'))
  data = join(root, 'data')
  await start()
  token = await createToken(data, 'alice', ['read', 'write'])
  client = new WaybillClient({ url: server.url, token })
  await client.collections.create({ id: 'papers' })
  for (let n = 0; n < FILES; n++) await client.upload('papers', `in/${n}`, `text ${n}`)
})
afterAll(async () => {
  for (const one of started) await one.kill()
  await rm(root, { recursive: true })
})

async function start(): Promise<void> {
  server = await spawnServer(data)
  started.push(server)
  client = new WaybillClient({ url: server.url, token })
}

function restore(...words: readonly string[]): ReturnType<typeof waybill> {
  return waybill(['restore', '--data', data, ...words])
}

const copy = (path: string, to: string): object => ({ source: { collection: 'papers', path }, destination: { collection: 'papers', path: to } })

/** Submits small jobs one after the other until told to stop. Returns those that were acknowledged. */
function keepSubmitting(): { readonly acknowledged: readonly string[]; stop(): Promise<void> } {
  const acknowledged: string[] = []
  let going = true
  const submitted = (async () => {
    for (let n = 0; going; n++) acknowledged.push((await client.submit({ kind: 'copy', items: [copy(`in/${n % FILES}`, `small/${n}`)] as never })).id)
  })()
  return {
    acknowledged,
    stop: async () => {
      going = false
      await submitted
    },
  }
}

async function raw(path: string, headers: Readonly<Record<string, string>> = {}, method = 'GET', body?: string): Promise<Response> {
  return fetch(server.url + path, {
    method,
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', ...headers },
    ...(body === undefined ? {} : { body }),
  })
}

async function lockToken(path: string): Promise<number> {
  const answer = await raw(`/v1/collections/papers/locks/${path}`, {}, 'PUT', '{"ttlSeconds": 60}')
  expect(answer.status).toBeLessThan(300)
  return ((await answer.json()) as { token: number }).token
}

async function newestEvent(id: string): Promise<number> {
  const text = await (await raw(`/v1/jobs/${id}/events`)).text()
  return Math.max(...[...text.matchAll(/^id: ?(\d+)$/gm)].map(found => Number(found[1])))
}

describe('restore', () => {
  it('brings back every job that was acknowledged before a backup under load; none of the numbers of before is given out again', async () => {
    const small = keepSubmitting()
    const big = await client.submit({
      kind: 'copy',
      label: 'big',
      items: Array.from({ length: ITEMS }, (_, n) => copy(`in/${n % FILES}`, `out/${n}`)) as never,
    })
    await expect.poll(async () => (await client.job(big.id)).counts.done, { interval: 10, timeout: 20_000 }).toBeGreaterThan(0)
    const before = [...small.acknowledged]
    const file = join(root, 'ledger.db')
    expect(await waybill(['backup', '--data', data, file])).toMatchObject({ code: 0 })
    const unfinished = unfinishedIn(file)
    expect(unfinished, 'the backup fell into the middle of the work').toContain('big')
    await small.stop()
    const finished = await client.wait(big.id)
    expect(finished).toMatchObject({ outcome: 'succeeded' })

    // what came after the backup, and what clients saw of it
    const later = await client.submit({ kind: 'copy', items: [copy('in/0', 'later')] as never })
    await client.wait(later.id)
    const seen = { event: await newestEvent(later.id), lock: await lockToken('in/0'), tag: (await raw(`/v1/jobs/${big.id}`)).headers.get('etag') ?? '' }

    expect(await restore('--force', file), 'a server runs').toMatchObject({ code: 4, err: expect.stringContaining('is in use by another server') })
    await server.kill()
    expect(await restore(file), 'a ledger is there').toMatchObject({ code: 3, err: expect.stringContaining('with --force it is kept beside') })
    const run = await restore('--force', file)
    expect(run).toMatchObject({ code: 0, out: expect.stringMatching(/^The ledger in .* is the backup of 20.*Z\.\nIt has 1 collection, /) })
    expect(run.out).toContain(`All ${FILES} contents of files in the store "local" (${join(data, 'store')}) are there.`)
    const left = (await readdir(data)).filter(name => name.startsWith('ledger.db'))
    expect(left).toEqual(['ledger.db', expect.stringMatching(/^ledger\.db\.before-[0-9T-]+Z$/)])
    expect((await stat(join(data, 'ledger.db'))).mode & 0o777).toBe(0o600)

    await start()
    for (const id of [...before, big.id]) expect(await client.wait(id), id).toMatchObject({ state: 'finished', outcome: 'succeeded' })
    expect((await client.job(big.id)).counts).toMatchObject({ total: ITEMS, done: ITEMS })
    expect(await refusal(client.job(later.id))).toMatchObject({ status: 404 })
    const entries = await gathered(client.entries.list('papers', { prefix: 'out/', limit: 1000 }))
    expect(entries.length).toBe(ITEMS)
    expect(entries.every(({ version, path, digest }) => version === 1 && digest === sha256(`text ${Number(path.slice(4)) % FILES}`))).toBe(true)
    expect(sha256(Buffer.from(await (await client.download('papers', 'out/7')).arrayBuffer()))).toBe(sha256('text 7'))

    const next: JobInfo = await client.submit({ kind: 'copy', items: [copy('in/1', 'next')] as never })
    await client.wait(next.id)
    const text = await (await raw(`/v1/jobs/${next.id}/events`, { 'last-event-id': String(seen.event) })).text()
    expect(text, 'who had read on after the backup misses nothing').toContain('job.finished')
    expect(await lockToken('in/0')).toBeGreaterThan(seen.lock)
    expect((await raw(`/v1/jobs/${big.id}`, { 'if-none-match': seen.tag })).status, 'an entity tag of before stands for nothing else').toBe(200)
    await server.stop()
  }, 180_000)

  it('goes back to the ledger of before, which was kept whole', async () => {
    const kept = join(data, (await readdir(data)).find(name => name.includes('.before-')) ?? '')
    expect(await restore('--force', kept)).toMatchObject({ code: 0 })
    await start()
    const jobs = await gathered(client.jobs.list({ limit: 1000 }))
    expect(jobs.map(({ label }) => label)).toContain('big')
    expect(await (await client.download('papers', 'later')).text()).toBe('text 0')
    await server.stop()
  }, 60_000)

  it('says which files have lost their bytes, and where', async () => {
    const file = join(root, 'lost.db')
    expect(await waybill(['backup', '--data', data, file])).toMatchObject({ code: 0 })
    const fresh = join(root, 'fresh')
    await mkdir(fresh)
    await cp(join(data, 'store'), join(fresh, 'store'), { recursive: true })
    for (const text of ['text 3', 'text 4']) await rm(join(fresh, 'store', 'blobs', sha256(text).slice(0, 2), sha256(text).slice(2)))
    const run = await waybill(['restore', '--data', fresh, '--json', file])
    expect(run.code).toBe(1)
    expect(JSON.parse(run.out)).toMatchObject({
      collections: 1,
      kept: null,
      unchecked: [],
      stores: [{ store: 'local', where: join(fresh, 'store'), blobs: FILES, missing: 2, places: expect.arrayContaining([expect.stringMatching(/^papers:/)]) }],
    })
    const none = await waybill(['restore', '--data', fresh, '--force', '--check-blobs', 'none', '--json', file])
    expect(none).toMatchObject({ code: 0 })
    expect(JSON.parse(none.out)).toMatchObject({ stores: [], unchecked: ['local'] })
    const told = await waybill(['restore', '--data', fresh, '--force', file])
    expect(told.out).toContain('2 of ')
    expect(told.err).toContain('Bring them from a copy of the store before a server starts: files without their bytes cannot be read.\n')
  })

  it('takes nothing but whole backups of a ledger that it knows, and leaves everything as it is otherwise', async () => {
    const target = join(root, 'target')
    const good = join(root, 'lost.db')
    const variant = async (name: string, change: (db: DatabaseSync) => void): Promise<string> => {
      const path = join(root, name)
      await cp(good, path)
      const db = new DatabaseSync(path)
      change(db)
      db.close()
      return path
    }
    const text = join(root, 'text')
    await writeFile(text, 'no database at all, but long enough to have a header of a hundred bytes: '.repeat(4))
    const newer = await variant('newer.db', db => db.exec('PRAGMA user_version = 999'))
    const other = await variant('other.db', db => db.exec('PRAGMA foreign_keys = OFF; DROP TABLE event'))
    const orphaned = await variant('orphaned.db', db =>
      db.exec(`PRAGMA foreign_keys = OFF; INSERT INTO chunk SELECT * FROM chunk LIMIT 0; DELETE FROM collection`),
    )
    const armed = await variant('armed.db', db => db.exec(`CREATE TRIGGER t AFTER INSERT ON token BEGIN UPDATE token SET scopes = 'admin'; END`))
    const torn = join(root, 'torn.db')
    await cp(good, torn)
    await writeFile(torn, Buffer.alloc(64 * 1024, 7), { flag: 'r+' })
    const cases: [string, number, RegExp][] = [
      [text, 2, /is damaged, or no backup of a ledger/],
      [torn, 2, /is damaged, or no backup of a ledger/],
      [other, 2, /is no backup of a ledger/],
      [orphaned, 2, /is damaged: a row of .* belongs to none of collection/],
      [armed, 2, /was changed: it holds the trigger "t", which no ledger has/],
      [newer, 4, /The schema of .* is number 999, this version knows/],
      [root, 2, /is a directory; name the file/],
      [join(root, 'nothing'), 2, /There is no file or directory/],
    ]
    for (const [file, code, sentence] of cases) {
      expect(await waybill(['restore', '--data', target, file]), file).toMatchObject({ code, err: expect.stringMatching(sentence) })
    }
    expect((await readdir(target)).filter(name => name.startsWith('ledger'))).toEqual([])
  }, 60_000)

  it('takes no ledger that is in use, neither as the backup nor to be set aside; of a damaged one the log is set aside, too', async () => {
    const good = join(root, 'lost.db')
    const target = join(root, 'in-use')
    expect(await waybill(['restore', '--data', target, '--check-blobs', 'none', good])).toMatchObject({ code: 0 })
    const ledger = join(target, 'ledger.db')
    expect(await waybill(['restore', '--data', target, '--force', ledger])).toMatchObject({
      code: 2,
      err: expect.stringContaining('is the ledger of this data directory itself'),
    })
    const open = new DatabaseSync(ledger)
    open.exec(`PRAGMA journal_mode = WAL; UPDATE counter SET value = value + 1`)
    expect(await waybill(['restore', '--data', join(root, 'copied'), ledger])).toMatchObject({
      code: 2,
      err: expect.stringContaining('is in the log beside it'),
    })
    expect(await waybill(['restore', '--data', target, '--force', good])).toMatchObject({
      code: 4,
      err: expect.stringContaining('Another process has the ledger'),
    })
    open.close()
    await writeFile(ledger, 'damaged')
    await writeFile(`${ledger}-wal`, 'its log')
    expect(await waybill(['restore', '--data', target, '--force', '--check-blobs', 'none', good])).toMatchObject({ code: 0 })
    const names = (await readdir(target)).filter(name => name.startsWith('ledger.db')).sort()
    expect(names).toEqual(['ledger.db', expect.stringMatching(/Z$/), expect.stringMatching(/Z-wal$/)])
  }, 60_000)
})

/** Labels of the jobs that a backup has unfinished. */
function unfinishedIn(file: string): unknown[] {
  const db = new DatabaseSync(file, { readOnly: true })
  const labels = db
    .prepare('SELECT label FROM job WHERE state < 3 AND sealed = 1')
    .all()
    .map(row => row['label'])
  db.close()
  return labels
}

async function refusal(promise: Promise<unknown>): Promise<ClientError> {
  return promise.then(
    () => Promise.reject(new Error('it was not refused')),
    (error: unknown) => error as ClientError,
  )
}
