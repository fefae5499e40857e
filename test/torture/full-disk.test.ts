import { randomBytes } from 'node:crypto'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { brokenIn } from '../../src/ledger/sqlite/soundness.ts'
import { Http, type Answer } from '../support/http.ts'
import { createToken, spawnServer, type ServerProcess } from '../support/server-process.ts'
import { mountSmallDisk, type SmallDisk } from '../support/small-disk.ts'
import { Desk, entryPath, type JobSeen } from './errands/desk.ts'
import { Tally } from './tally.ts'

const LEDGER_MB = 96
const STORE_MB = 8
const FILE_BYTES = 200_000
const LITTLE = 2_000_000
/** So many tries fill any of these disks. */
const MOST = 3_000

describe('a server whose disk is full', () => {
  let ledgerDisk: SmallDisk
  let storeDisk: SmallDisk
  let server: ServerProcess
  let token: string
  let http: Http
  let desk: Desk
  let sent: { path: string; bytes: Buffer }[]
  let jobs: string[]

  beforeEach(async () => {
    ledgerDisk = mountSmallDisk(LEDGER_MB)
    storeDisk = mountSmallDisk(STORE_MB)
    sent = []
    jobs = []
    token = await createToken(ledgerDisk.directory, 'full', ['read', 'write'])
    await start()
    await http.json('POST', '/v1/collections', { id: 'c' })
    await desk.put('c', 'file', Buffer.from('a file'))
  }, 60_000)
  afterEach(async () => {
    http.close()
    await server.stop()
    for (const disk of [ledgerDisk, storeDisk]) disk.remove()
    expect(desk.faults).toEqual([])
  })

  async function start(): Promise<void> {
    const stores = { local: { kind: 'local', directory: storeDisk.directory } }
    server = await spawnServer(ledgerDisk.directory, { env: { WAYBILL_STORES: JSON.stringify(stores) } })
    http = new Http(server.url, token)
    desk = new Desk(http, new Tally())
  }

  /** Asks until it is refused. */
  async function untilRefused(ask: (n: number) => Promise<Answer | null>): Promise<Answer> {
    for (let n = 0; n < MOST; n++) {
      const refusal = await ask(n)
      if (refusal !== null) return refusal
    }
    throw new Error('nothing was refused: the disk was not filled')
  }

  async function upload(n: number): Promise<Answer | null> {
    const [path, bytes] = [`upload-${sent.length}-${n}`, randomBytes(FILE_BYTES)]
    const answer = await http.send('PUT', entryPath('c', path), bytes)
    if (answer.status === 201) sent.push({ path, bytes })
    return answer.status === 201 ? null : answer
  }

  async function submit(n: number): Promise<Answer | null> {
    const items = Array.from({ length: 500 }, (_, at) => ({
      source: { collection: 'c', path: 'file' },
      destination: { collection: 'c', path: `copies/${n}/a-path-that-takes-some-room-in-the-ledger-${at}` },
    }))
    const answer = await http.send('POST', '/v1/jobs', JSON.stringify({ kind: 'copy', items }), { 'content-type': 'application/json' })
    if (answer.status === 202) jobs.push((JSON.parse(answer.body) as JobSeen).id)
    return answer.status === 202 ? null : answer
  }

  /** What was acknowledged is there, and everything goes on: nobody has started anything anew. */
  async function expectWhole(): Promise<void> {
    for (const { path, bytes } of sent) await desk.expectFile('c', path, bytes, 1)
    for (const id of jobs) await desk.expectDone(id, 500)
    expect(brokenIn(join(ledgerDisk.directory, 'ledger.db'), Date.now())).toEqual([])
    expect(await readdir(join(storeDisk.directory, 'tmp'))).toEqual([])
  }

  it('refuses bytes while the store has no room, and takes them when it has', async () => {
    storeDisk.fill(LITTLE)
    const refusal = await untilRefused(upload)
    expect([refusal.status, refusal.body]).toEqual([507, expect.stringMatching(/the store \\"local\\" has no space left \(ENOSPC\); free some and try again/)])
    expect((await http.send('GET', '/readyz')).status).toBe(200)
    await desk.expectFile('c', 'file', Buffer.from('a file'), 1)
    expect(await submit(0)).toBeNull() // no bytes move
    storeDisk.free()
    expect(await upload(MOST)).toBeNull()
    await expectWhole()
  }, 60_000)

  it('refuses what it cannot write down while the ledger has no room, and goes on when it has', async () => {
    ledgerDisk.fill(LITTLE)
    const refusal = await untilRefused(submit)
    expect([refusal.status, refusal.body]).toEqual([
      507,
      expect.stringContaining('the disk of the ledger is full: nothing was changed; make room and try again'),
    ])
    await desk.expectFile('c', 'file', Buffer.from('a file'), 1)
    for (const id of jobs) await desk.ask('GET', `/v1/jobs/${id}`, [200])
    ledgerDisk.free()
    expect(await submit(MOST)).toBeNull()
    await expectWhole()
  }, 120_000)

  it('loses nothing when it is killed while both are full, and says what is wrong when it cannot start', async () => {
    storeDisk.fill(LITTLE)
    ledgerDisk.fill(LITTLE)
    await untilRefused(upload)
    await untilRefused(submit)
    await server.kill()
    http.close()
    ledgerDisk.fill(0)
    await start().catch((error: unknown) => expect(String(error)).toMatch(/the disk of the ledger is full|no space left/))
    ledgerDisk.free()
    storeDisk.free()
    await server.kill()
    http.close()
    await start()
    await expectWhole()
    expect(await upload(MOST)).toBeNull()
  }, 120_000)
})
