import { renameSync, writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { brokenIn } from '../../src/ledger/sqlite/soundness.ts'
import { Http } from '../support/http.ts'
import { createToken, spawnServer, type ServerProcess } from '../support/server-process.ts'
import { Desk, type EntrySeen, type ItemSeen, type JobSeen } from './errands/desk.ts'
import { Tally } from './tally.ts'

const HOUR_MS = 3600 * 1000
const DAY_MS = 24 * HOUR_MS
const PRELOAD = new URL('preload/clock.ts', import.meta.url).href
/** What a jump needs to be seen by every thread. */
const SEEN_MS = 30
const SB_REQUESTS = 5

describe('a server whose clock is set', () => {
  let root: string
  let data: string
  let server: ServerProcess
  let token: string
  let http: Http
  let desk: Desk

  async function set(offset: number): Promise<void> {
    writeFileSync(join(root, 'new'), String(offset))
    renameSync(join(root, 'new'), join(root, 'clock'))
    await pause(SEEN_MS)
  }

  async function start(): Promise<void> {
    const env = {
      TORTURE_CLOCK: join(root, 'clock'),
      NODE_OPTIONS: `--import ${PRELOAD}`,
      WAYBILL_SEVENBRIDGES_REQUESTS: String(SB_REQUESTS),
      WAYBILL_RETENTION_MS: JSON.stringify({ v1: 10 * DAY_MS }),
    }
    server = await spawnServer(data, { env })
    http = new Http(server.url, token)
    desk = new Desk(http, new Tally())
  }

  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'waybill-clock-'))
    data = join(root, 'data')
    await set(0)
    token = await createToken(data, 'clock', ['read', 'write'])
    await start()
    await http.json('POST', '/v1/collections', { id: 'c' })
    await desk.put('c', 'file', Buffer.from('a file'))
  }, 60_000)
  afterEach(async () => {
    await server.stop()
    http.close()
    expect(desk.faults).toEqual([])
    await rm(root, { recursive: true, force: true })
  })

  function copy(to: string, n = 1): object {
    const items = Array.from({ length: n }, (_, at) => ({ source: { collection: 'c', path: 'file' }, destination: { collection: 'c', path: `${to}/${at}` } }))
    return { kind: 'copy', items }
  }

  /** A job that does not end: it is paused before it has begun. */
  async function paused(): Promise<string> {
    for (;;) {
      const { id } = await http.json<JobSeen>('POST', '/v1/jobs', { ...copy('paused', 10_000), priority: 1 })
      const { status } = await http.send('POST', `/v1/jobs/${id}/pause`)
      if (status === 202) return id
    }
  }

  it('waits for no longer than it was asked to', async () => {
    const id = await paused()
    await set(2 * DAY_MS)
    const began = performance.now()
    const waiting = http.send('GET', `/v1/jobs/${id}`, undefined, { prefer: 'wait=3' })
    await pause(500)
    await set(-2 * DAY_MS)
    expect((await waiting).status).toBe(200)
    expect(performance.now() - began).toBeGreaterThan(2_500)
  }, 60_000)

  it('holds nobody up for as long as it was set back', async () => {
    await set(5 * DAY_MS)
    const ask = (): ReturnType<Http['send']> => http.send('GET', '/v2/projects')
    for (let n = 0; n < SB_REQUESTS; n++) expect((await ask()).status).toBe(200)
    await set(0)
    const refused = await ask()
    expect(refused.status).toBe(429)
    expect(Number(refused.headers['retry-after'])).toBeLessThanOrEqual(300)
  })

  it('ends the stream of a token that was revoked', async () => {
    const other = await createToken(data, 'clock', ['read'])
    const id = await paused()
    const stream = await fetch(`${server.url}/v1/jobs/${id}/events`, { headers: { authorization: `Bearer ${other}` } })
    const ended = stream.text()
    await set(-DAY_MS)
    const { items } = await http.json<{ items: { id: string }[] }>('GET', '/v1/jobs')
    expect(items.map(job => job.id)).toContain(id)
    await revoke(other)
    await pause(1_100) // for so long a look at a token counts
    await http.json('POST', `/v1/jobs/${id}/resume`)
    await ended
  })

  async function revoke(other: string): Promise<void> {
    const { hashToken } = await import('../../src/access/tokens.ts')
    const { openAdministration } = await import('../../src/administration.ts')
    const opened = await openAdministration({ data }, { create: false })
    const record = await opened.ledger.token(hashToken(other))
    await opened.ledger.revokeToken((record as { id: string }).id)
    await opened.close()
  }

  it('keeps a job that has expired expired', async () => {
    const { id } = await http.json<JobSeen>('POST', '/v1/jobs', copy('kept'))
    await desk.expectDone(id, 1)
    await set(9 * DAY_MS)
    await desk.ask('GET', `/v1/jobs/${id}`, [200])
    await set(11 * DAY_MS)
    await desk.ask('GET', `/v1/jobs/${id}`, [410])
    await pause(6_000) // the purge comes every five seconds
    await set(0)
    await desk.ask('GET', `/v1/jobs/${id}`, [410])
    await desk.ask('GET', `/v1/jobs/${id}/items`, [410])
    await desk.expectFile('c', 'kept/0', Buffer.from('a file'), 1)
  }, 30_000)

  it('remembers a key for a day', async () => {
    const submit = async (): Promise<string> => (await http.json<JobSeen>('POST', '/v1/jobs', copy('key'), { 'idempotency-key': 'k' })).id
    const first = await submit()
    for (const hours of [-30 * 24, -1, 12, 23]) {
      await set(hours * HOUR_MS)
      expect(await submit(), `after ${hours} hours`).toBe(first)
    }
    await set(25 * HOUR_MS)
    expect(await submit()).not.toBe(first)
  })

  it('numbers jobs and versions on, also when it starts anew in the past', async () => {
    let last = 0
    const revisions = new Set<string>()
    let version = 1
    for (const days of [3, -40, 1, -1]) {
      await set(days * DAY_MS)
      await server.kill()
      http.close()
      await start()
      for (let n = 0; n < 3; n++) {
        const { id, number } = await http.json<JobSeen & { number: string }>('POST', '/v1/jobs', copy('numbered'))
        expect(Number(number), `${days} days`).toBeGreaterThan(last)
        last = Number(number)
        await desk.expectDone(id, 1)
        const entry: EntrySeen & { revision?: string } = await desk.entry('c', 'numbered/0')
        expect(entry.version).toBe(version++)
        revisions.add(String(entry.revision))
      }
    }
    expect(revisions.size).toBe(version - 1)
    const listed = await http.json<{ items: { number: string }[] }>('GET', '/v1/jobs')
    expect(listed.items.map(({ number }) => number)).toEqual(listed.items.map(({ number }) => number).toSorted((a, b) => Number(b) - Number(a)))
  }, 60_000)

  it('does what is under leases once, however often it is set', async () => {
    for (let n = 0; n < 40; n++) await desk.put('c', `from/${n}`, Buffer.alloc(200_000, `${n} `))
    const items = Array.from({ length: 8_000 }, (_, n) => ({
      source: { collection: 'c', path: `from/${n % 40}` },
      destination: { collection: 'c', path: `to/${n}` },
    }))
    const { id } = await http.json<JobSeen>('POST', '/v1/jobs', { kind: 'copy', verify: 'digest', items })
    let jumps = 0
    for (;;) {
      const job = await http.json<JobSeen>('GET', `/v1/jobs/${id}`)
      if (job.state === 'finished') break
      await set(jumps++ % 2 === 0 ? HOUR_MS : -HOUR_MS)
    }
    expect(jumps).toBeGreaterThan(0)
    await set(0)
    const { items: ended } = await desk.finished(id)
    expect(ended.filter(({ state, destination }: ItemSeen) => state !== 'done' || destination.version !== 1)).toEqual([])
    expect(brokenIn(join(data, 'ledger.db'), Date.now())).toEqual([])
  }, 60_000)
})
