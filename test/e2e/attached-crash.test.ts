import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createToken, runCli, spawnServer, type ServerProcess } from '../support/server-process.ts'

const FILES = 1_500
/** Bytes of each: enough that a run takes a while. */
const BYTES = 20_000
const KILLS = 6
const MOST_MS = 240_000

let root: string
let data: string
let server: ServerProcess
let token: string
const args = (): string[] => ['--config', join(root, 'waybill.json')]

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'waybill-attached-crash-'))
  data = join(root, 'data')
  for (const name of ['from', 'to']) await mkdir(join(root, name))
  const stores = { local: { kind: 'local' }, from: { kind: 'attached', directory: join(root, 'from') }, to: { kind: 'attached', directory: join(root, 'to') } }
  await writeFile(join(root, 'waybill.json'), JSON.stringify({ stores }))
  for (const name of ['from', 'to']) await runCli('collection', 'create', name, '--data', data, '--owner', 'alice', '--attach', name, ...args())
  await runCli('collection', 'create', 'managed', '--data', data, '--owner', 'alice')
  token = await createToken(data, 'alice', ['read', 'write'])
  for (let n = 0; n < FILES; n++) await writeFile(join(root, 'from', `${n}`), bytesOf(n))
  // outside files in the way of some
  for (let n = 0; n < FILES; n += 100) await writeFile(join(root, 'to', `${n}`), 'theirs')
  server = await spawnServer(data, { args: args() })
}, MOST_MS)
afterAll(async () => {
  await server.stop()
  await rm(root, { recursive: true, force: true })
})

function bytesOf(n: number): Buffer {
  return Buffer.alloc(BYTES, `${n} `)
}

async function call<T>(method: string, path: string, body?: object): Promise<T> {
  const sent = body === undefined ? {} : { body: JSON.stringify(body) }
  const answer = await fetch(server.url + path, { method, headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' }, ...sent })
  return (await answer.json()) as T
}

interface JobReply {
  readonly id: string
  readonly state: string
  readonly outcome: string | null
  readonly counts: { readonly total: number; readonly done: number; readonly skipped: number }
}
interface EntriesReply {
  readonly items: readonly { readonly path: string; readonly version: number; readonly modifiedBy: string }[]
  readonly nextCursor: string | null
}

async function entries(collection: string): Promise<EntriesReply['items']> {
  const all: EntriesReply['items'][number][] = []
  for (let cursor: string | null = ''; cursor !== null;) {
    const page: EntriesReply = await call('GET', `/v1/collections/${collection}/entries?limit=1000${cursor === '' ? '' : `&cursor=${cursor}`}`)
    all.push(...page.items)
    cursor = page.nextCursor
  }
  return all
}

/** Kills the server again and again, at whatever it is, until the job is at its end. */
async function throughKills(id: string): Promise<JobReply> {
  let kills = 0
  for (;;) {
    await new Promise(resolve => setTimeout(resolve, kills < KILLS ? 150 + kills * 130 : 500))
    const job = await call<JobReply>('GET', `/v1/jobs/${id}`)
    if (job.state === 'finished') return job
    if (kills === KILLS) continue
    kills += 1
    await server.kill()
    server = await spawnServer(data, { args: args() })
  }
}

describe('a server that is killed while it copies', () => {
  it(
    'from one directory to another has each file there once, whole, and none of others replaced that was to stay',
    async () => {
      const select = [{ source: { collection: 'from', prefix: '' }, destination: { collection: 'to', prefix: '' } }]
      const { id } = await call<JobReply>('POST', '/v1/jobs', { kind: 'copy', conflict: 'skip', select })
      expect(await throughKills(id)).toMatchObject({ outcome: 'succeeded', counts: { total: FILES, done: FILES - FILES / 100, skipped: FILES / 100 } })
      for (let n = 0; n < FILES; n++) {
        const bytes = await readFile(join(root, 'to', `${n}`))
        expect(bytes.equals(n % 100 === 0 ? Buffer.from('theirs') : bytesOf(n)), `file ${n}`).toBe(true)
      }
      const found = await entries('to')
      expect(found).toHaveLength(FILES)
      expect(found.filter(({ version }) => version !== 1)).toEqual([])
      expect(found.filter(({ modifiedBy }) => modifiedBy !== 'alice')).toHaveLength(FILES / 100)
      expect((await readdir(join(root, 'to'))).length).toBe(FILES + 1)
      expect(await readdir(join(root, 'to', '.waybill'))).toEqual([])
    },
    MOST_MS,
  )

  it(
    'into a managed collection has every file there once',
    async () => {
      const select = [{ source: { collection: 'from', prefix: '' }, destination: { collection: 'managed', prefix: 'in/' } }]
      const { id } = await call<JobReply>('POST', '/v1/jobs', { kind: 'copy', select })
      expect(await throughKills(id)).toMatchObject({ outcome: 'succeeded', counts: { total: FILES, done: FILES } })
      const found = await entries('managed')
      expect(found).toHaveLength(FILES)
      expect(found.filter(({ version }) => version !== 1)).toEqual([])
    },
    MOST_MS,
  )
})
