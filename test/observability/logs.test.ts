import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createDatabase } from '../support/postgres-database.ts'
import { runCli, spawnServer, type ServerProcess } from '../support/server-process.ts'

/** Whatever must never be in a log. */
const SECRETS = {
  database: 'password-of-the-database',
  signing: 'signing-key-of-32-characters-or-more',
  storeId: 'AKIDOFTHESTORE',
  store: 'secret-access-key-of-the-store',
  wrongToken: 'wb_a-token-that-nobody-has',
  wrongSignature: 'signature-that-is-wrong',
}

/** `far` does not answer: what goes there fails, is tried again, and is logged. */
const STORES = {
  local: { kind: 'local' },
  far: { kind: 's3', bucket: 'b', endpoint: 'http://127.0.0.1:9', accessKeyIdVariable: 'FAR_ID', secretAccessKeyVariable: 'FAR_KEY' },
}

type Line = Readonly<Record<string, unknown>>

let directory = ''
let server: ServerProcess
let token = ''
let log = ''
const lines = (): Line[] =>
  log
    .split('\n')
    .filter(line => line.startsWith('{'))
    .map(line => JSON.parse(line) as Line)

async function start(level: string): Promise<void> {
  directory = await mkdtemp(join(tmpdir(), 'waybill-logs-'))
  const database = new URL((await createDatabase()).url)
  database.password = SECRETS.database
  log = ''
  token = await runCli('token', 'create', '--database', database.href, '--subject', 'alice', '--scopes', 'read,write,apollo_read,apollo_write')
  server = await spawnServer(directory, {
    env: {
      WAYBILL_LOG_LEVEL: level,
      WAYBILL_DATABASE: database.href,
      WAYBILL_SIGNING_KEY: SECRETS.signing,
      WAYBILL_STORES: JSON.stringify(STORES),
      FAR_ID: SECRETS.storeId,
      FAR_KEY: SECRETS.store,
    },
    onSpawn: child => child.stderr?.on('data', (chunk: Buffer) => (log += chunk.toString())),
  })
}

async function send(method: string, path: string, headers: Readonly<Record<string, string>>, body?: unknown): Promise<{ status: number; text: string }> {
  const json = typeof body === 'object'
  const answer = await fetch(server.url + path, {
    method,
    headers: { ...(json ? { 'content-type': 'application/json' } : {}), ...headers },
    ...(body === undefined ? {} : { body: json ? JSON.stringify(body) : (body as string) }),
  })
  return { status: answer.status, text: await answer.text() }
}

/** Requests of every dialect, each with its own way of sending a secret; some are refused. Returns the job's id. */
async function visitAll(): Promise<string> {
  const bearer = { authorization: `Bearer ${token}` }
  for (const wish of [{ id: 'c' }, { id: 'remote', store: 'far' }]) expect((await send('POST', '/v1/collections', bearer, wish)).status).toBe(201)
  expect((await send('PUT', '/v1/collections/c/entries/a', bearer, 'bytes')).status).toBe(201)
  const job = { kind: 'copy', items: [{ source: { collection: 'c', path: 'a' }, destination: { collection: 'c', path: 'b' } }] }
  const submitted = await send('POST', '/v1/jobs', { ...bearer, prefer: 'wait=20', 'x-request-id': 'request-of-the-test' }, job)
  const { id } = JSON.parse(submitted.text) as { id: string }
  expect((await send('GET', `/v1/jobs/${id}?token=${SECRETS.wrongToken}`, bearer)).status).toBe(400)
  expect((await send('GET', '/v1/jobs', { authorization: `Bearer ${SECRETS.wrongToken}` })).status).toBe(401)
  expect((await send('PUT', '/v1/collections/remote/entries/a', bearer, 'bytes')).status).toBe(503)

  expect((await send('GET', `/apollo/files/track/${id}`, { ...bearer, ercollectionid: 'c', 'content-type': 'application/json' })).status).toBe(200)
  const sbg = { 'x-sbg-auth-token': token }
  expect((await send('GET', '/v2/user', sbg)).status).toBe(200)
  expect((await send('GET', '/v2/user', { 'x-sbg-auth-token': SECRETS.wrongToken })).status).toBe(401)
  const rdf = '<http://example.org/x> <http://example.org/p> "v" .'
  expect((await send('POST', '/_in?format=ntriples', { 'x-cm-well-token': token }, rdf)).status).toBeLessThan(500)
  expect((await send('GET', `/example.org/x?format=json&token=${token}`, {})).status).toBeLessThan(500)

  const made = await send('POST', '/v2/files', sbg, { name: 'folder', project: 'alice/none', type: 'folder' })
  expect(made.status).toBeGreaterThanOrEqual(400)
  expect((await send('GET', `/download/e30?expires=99999999999&signature=${SECRETS.wrongSignature}`, {})).status).toBe(403)
  return id
}

describe('the log at level debug', () => {
  let job = ''
  beforeAll(async () => {
    await start('debug')
    job = await visitAll()
    await server.stop()
  }, 90_000)
  afterAll(() => rm(directory, { recursive: true, force: true }))

  it('has nothing that is secret, in whatever way it came', () => {
    expect(lines().length).toBeGreaterThan(15)
    for (const [what, secret] of Object.entries({ ...SECRETS, token })) {
      expect(log.includes(secret), `${what} is in the log`).toBe(false)
    }
  })

  it('has one line for each request, by the pattern of its route', () => {
    const requests = lines().filter(({ msg }) => msg === 'request')
    const submit = requests.filter(({ reqId }) => reqId === 'request-of-the-test')
    expect(submit).toMatchObject([{ level: 30, method: 'POST', dialect: 'v1', route: '/v1/jobs', subject: 'alice', job, durationMs: expect.any(Number) }])
    expect(requests.filter(({ route }) => route === '/v1/jobs/:job')).toMatchObject([{ status: 400, job }])
    expect(requests.filter(({ status }) => status === 401)).toMatchObject([
      { dialect: 'v1', subject: null },
      { dialect: 'sevenbridges', subject: null },
    ])
    expect(requests.filter(({ status }) => status === 503)).toMatchObject([{ level: 40, route: '/v1/collections/:collection/entries/*' }])
    expect(new Set(requests.map(({ dialect }) => dialect))).toEqual(new Set(['v1', 'apollo', 'sevenbridges', 'cmwell', 'server']))
  })

  it('tells of a job when it is submitted and when it has finished', () => {
    const ofJob = lines().filter(line => line['job'] === job)
    expect(ofJob.filter(({ msg }) => msg === 'job submitted')).toMatchObject([
      { kind: 'copy', dialect: 'v1', subject: 'alice', items: 1, reqId: 'request-of-the-test' },
    ])
    expect(ofJob.filter(({ msg }) => msg === 'job finished')).toMatchObject([{ outcome: 'succeeded', counts: { total: 1, done: 1 } }])
  })

  it('tells of requests to a store that are sent again', () => {
    expect(lines().filter(({ msg }) => msg === 'a request to a store is sent again').length).toBeGreaterThan(0)
    expect(lines().filter(({ msg, code }) => msg === 'a store has refused or failed' && code === 'unavailable')).toMatchObject([{ store: 'far' }])
  })
})

describe('the log at its usual level', () => {
  beforeAll(async () => {
    await start('warn')
    await visitAll()
    await server.stop()
  }, 90_000)
  afterAll(() => rm(directory, { recursive: true, force: true }))

  it('has a line of a request only where the server failed', () => {
    expect(lines().filter(({ msg }) => msg === 'request')).toMatchObject([{ status: 503 }])
    expect(lines().filter(({ level }) => (level as number) < 40)).toEqual([])
  })
})
