import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ConfigInput } from '../../src/config.ts'
import { createDatabase } from '../support/postgres-database.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import { parseExposition, valueOf, type Exposition } from './exposition.ts'

const JOB = {
  kind: 'copy',
  items: [
    { source: { collection: 'c', path: 'a' }, destination: { collection: 'd', path: 'b' } },
    { source: { collection: 'c', path: 'missing' }, destination: { collection: 'd', path: 'x' } },
  ],
}

async function scrape(server: TestServer): Promise<Exposition> {
  const answer = await fetch(`${server.url}/metrics`, { headers: { authorization: `Bearer ${await server.token('prometheus', ['metrics'])}` } })
  expect(answer.status).toBe(200)
  expect(answer.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8')
  return parseExposition(await answer.text())
}

/** Two collections, a file of ten bytes, and a job over it and over one that is not there, to its end. */
async function work(server: TestServer): Promise<string> {
  for (const id of ['c', 'd']) expect((await server.call('alice', 'POST', '/v1/collections', { id })).status).toBe(201)
  expect((await server.call('alice', 'PUT', '/v1/collections/c/entries/a', 'ten bytes!')).status).toBe(201)
  const answer = await server.call('alice', 'POST', '/v1/jobs', JOB, { prefer: 'wait=30' })
  return ((await answer.json()) as { id: string }).id
}

const LEDGERS: readonly { readonly name: string; readonly config: () => Promise<ConfigInput> }[] = [
  { name: 'SQLite', config: async () => ({}) },
  { name: 'PostgreSQL', config: async () => ({ database: (await createDatabase()).url }) },
]

describe.each(LEDGERS)('the metrics of a server on $name', ({ config }) => {
  let server: TestServer
  let exported: Exposition
  let job: string
  beforeAll(async () => {
    server = await startTestServer(await config())
    job = await work(server)
    expect(await (await server.call('alice', 'GET', '/v1/collections/d/entries/b')).text()).toBe('ten bytes!')
    await server.call('alice', 'GET', `/v1/jobs/${job}`)
    await server.call('alice', 'GET', '/v1/nowhere')
    exported = await scrape(server)
  })
  afterAll(() => server.close())

  it('count jobs by dialect, kind and outcome, once each', () => {
    expect(valueOf(exported, 'waybill_jobs_submitted_total')).toBe(1)
    expect(valueOf(exported, 'waybill_jobs_submitted_total', { dialect: 'v1', kind: 'copy' })).toBe(1)
    expect(valueOf(exported, 'waybill_jobs_finished_total')).toBe(1)
    expect(valueOf(exported, 'waybill_jobs_finished_total', { dialect: 'v1', kind: 'copy', outcome: 'partial' })).toBe(1)
    expect(valueOf(exported, 'waybill_job_duration_seconds_count', { kind: 'copy' })).toBe(1)
  })

  it('count items by the state they got into', () => {
    const settled = ['done', 'skipped', 'failed', 'evicted', 'cancelled'].map(state => valueOf(exported, 'waybill_items_settled_total', { state }))
    expect(settled).toEqual([1, 0, 1, 0, 0])
  })

  it('count the bytes that went to a store and came from it', () => {
    expect(valueOf(exported, 'waybill_store_bytes_total', { store: 'local', direction: 'written' })).toBe(10)
    expect(valueOf(exported, 'waybill_store_bytes_total', { store: 'local', direction: 'read' })).toBe(10)
  })

  it('count turns and commits', () => {
    expect(valueOf(exported, 'waybill_turn_duration_seconds_count')).toBeGreaterThan(0)
    expect(valueOf(exported, 'waybill_turns_running')).toBe(0)
    expect(valueOf(exported, 'waybill_ledger_commit_duration_seconds_count')).toBeGreaterThan(5)
    expect(valueOf(exported, 'waybill_ledger_operations_total')).toBeGreaterThanOrEqual(valueOf(exported, 'waybill_ledger_commit_duration_seconds_count') ?? 0)
  })

  it('count requests by the pattern of their route, and never name what was asked', () => {
    expect(valueOf(exported, 'waybill_http_request_duration_seconds_count', { dialect: 'v1', method: 'GET', route: '/v1/jobs/:job', status: '2xx' })).toBe(1)
    expect(valueOf(exported, 'waybill_http_request_duration_seconds_count', { method: 'PUT', route: '/v1/collections/:collection/entries/*' })).toBe(1)
    expect(valueOf(exported, 'waybill_http_request_duration_seconds_count', { route: 'unmatched', status: '4xx' })).toBe(1)
    const words = exported.samples.flatMap(({ labels }) => Object.values(labels))
    for (const word of [job, 'alice', 'nowhere', 'missing']) expect(words.filter(one => one.includes(word))).toEqual([])
  })

  it('say what waits in the ledger', () => {
    const states = exported.samples.filter(({ name }) => name === 'waybill_jobs_unfinished').map(({ labels }) => labels['state'])
    expect(states).toEqual(['submitted', 'resolving', 'running', 'paused'])
    expect(valueOf(exported, 'waybill_queue_oldest_waiting_seconds')).toBe(0)
    expect(valueOf(exported, 'waybill_ledger_up')).toBe(1)
  })

  it('count the event streams that are followed', async () => {
    const leaving = new AbortController()
    const token = await server.token('alice')
    const stream = await fetch(`${server.url}/v1/events`, { headers: { authorization: `Bearer ${token}` }, signal: leaving.signal })
    expect(stream.status).toBe(200)
    await expect.poll(async () => valueOf(await scrape(server), 'waybill_event_streams_open')).toBe(1)
    leaving.abort()
    await expect.poll(async () => valueOf(await scrape(server), 'waybill_event_streams_open')).toBe(0)
  })

  it('tell of the process', () => {
    expect(valueOf(exported, 'process_resident_memory_bytes')).toBeGreaterThan(10_000_000)
    expect(valueOf(exported, 'nodejs_eventloop_lag_p99_seconds')).toBeGreaterThanOrEqual(0)
  })
})

describe('who may read the metrics', () => {
  const status = async (server: TestServer, token?: string): Promise<number> => {
    const answer = await fetch(`${server.url}/metrics`, { headers: token === undefined ? {} : { authorization: `Bearer ${token}` } })
    await answer.arrayBuffer()
    return answer.status
  }

  it('by default who has the scope metrics or admin', async () => {
    await using server = await disposable()
    expect(await status(server)).toBe(401)
    expect(await status(server, 'wb_wrong')).toBe(401)
    expect(await status(server, await server.token('alice', ['read', 'write']))).toBe(403)
    expect(await status(server, await server.token('alice', ['metrics']))).toBe(200)
    expect(await status(server, await server.token('alice', ['admin']))).toBe(200)
    // nor may who reads them do anything else
    const other = await fetch(`${server.url}/v1/collections`, { headers: { authorization: `Bearer ${await server.token('alice', ['metrics'])}` } })
    expect(other.status).toBe(403)
  })

  it('with "open" everybody, with "off" nobody', async () => {
    await using open = await disposable({ metrics: 'open' })
    expect(await status(open)).toBe(200)
    await using off = await disposable({ metrics: 'off' })
    expect(await status(off, await off.token('alice', ['admin']))).toBe(404)
  })
})

async function disposable(config: Parameters<typeof startTestServer>[0] = {}): Promise<TestServer & AsyncDisposable> {
  const server = await startTestServer(config)
  return { ...server, [Symbol.asyncDispose]: () => server.close() }
}
