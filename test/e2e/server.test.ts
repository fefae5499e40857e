import { mkdtemp, rm } from 'node:fs/promises'
import { request, type ClientRequest, type IncomingMessage } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { loadConfig } from '../../src/config.ts'
import { startServer } from '../../src/main.ts'
import { Http } from '../support/http.ts'
import { createToken, spawnServer, type ServerProcess } from '../support/server-process.ts'
import { startTestServer } from '../support/server.ts'
import { waybill } from './command.ts'

interface JobBody {
  readonly id: string
  readonly state: string
  readonly outcome: string | null
  readonly counts: Readonly<Record<string, number>>
}

let root = ''
const open: (ServerProcess | Http)[] = []

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'waybill-server-'))
})
afterEach(async () => {
  for (const one of open.splice(0)) await ('pid' in one ? one.kill() : one.close())
})
afterAll(() => rm(root, { recursive: true }))

let directories = 0
function newData(): string {
  return join(root, `data${++directories}`)
}

async function spawn(data: string): Promise<ServerProcess> {
  const server = await spawnServer(data)
  open.push(server)
  return server
}

/** A server with a collection of one file, and a client with a token for it. */
async function stage(data = newData()): Promise<{ data: string; server: ServerProcess; http: Http; token: string }> {
  const server = await spawn(data)
  const token = await createToken(data, 'alice', ['read', 'write'])
  const http = client(server, token)
  await http.json('POST', '/v1/collections', { id: 'photos' })
  expect((await http.send('PUT', '/v1/collections/photos/entries/a', 'bytes')).status).toBe(201)
  return { data, server, http, token }
}

function client(server: ServerProcess, token: string): Http {
  const http = new Http(server.url, token, 8)
  open.push(http)
  return http
}

/** Submits copies of the one file by manifest. */
async function copies(http: Http, n: number, query = ''): Promise<JobBody> {
  const line = (index: number): string =>
    JSON.stringify({ source: { collection: 'photos', path: 'a' }, destination: { collection: 'photos', path: `copy/${index}` } })
  const manifest = Array.from({ length: n }, (_, index) => line(index)).join('\n')
  const answer = await http.send('POST', `/v1/jobs?kind=copy${query}`, manifest, { 'content-type': 'application/x-ndjson' })
  expect(answer.status, answer.body).toBe(202)
  return JSON.parse(answer.body) as JobBody
}

/** A request whose end is in the test's hand. */
function begin(
  server: ServerProcess,
  token: string,
  method: string,
  path: string,
  headers: Record<string, string> = {},
): { outgoing: ClientRequest; answer: Promise<{ status: number; body: string }> } {
  const outgoing = request(server.url + path, { method, headers: { authorization: `Bearer ${token}`, ...headers } })
  const answer = new Promise<{ status: number; body: string }>((resolve, reject) => {
    outgoing.on('error', reject)
    outgoing.on('response', (incoming: IncomingMessage) => {
      let body = ''
      incoming.setEncoding('utf8').on('data', (chunk: string) => (body += chunk))
      incoming.on('error', reject)
      incoming.on('end', () => resolve({ status: incoming.statusCode ?? 0, body }))
    })
  })
  return { outgoing, answer }
}

describe('SIGTERM', () => {
  it('drains: an upload in flight goes through, streams and waiting requests end, then the process does', async () => {
    const { data, server, http, token } = await stage()
    const job = await http.json<JobBody>('POST', '/v1/jobs', { kind: 'delete', items: [{ source: { collection: 'photos', path: 'missing' } }] })
    await http.json('GET', `/v1/jobs/${job.id}`, undefined, { prefer: 'wait=20' })
    const held = await copies(http, 20_000)
    await http.send('POST', `/v1/jobs/${held.id}/pause`)

    const upload = begin(server, token, 'PUT', '/v1/collections/photos/entries/late', { 'content-length': '10' })
    upload.outgoing.write('half ')
    const events = begin(server, token, 'GET', '/v1/events')
    events.outgoing.end()
    const waiting = begin(server, token, 'GET', `/v1/jobs/${held.id}`, { prefer: 'wait=60' })
    waiting.outgoing.end()
    await new Promise(resolve => events.outgoing.once('response', resolve))
    await http.json('GET', '/v1/whoami')

    const stopped = server.stop()
    expect((await events.answer).status).toBe(200)
    expect((await waiting.answer).status).toBe(200)
    upload.outgoing.end('more.')
    expect((await upload.answer).status).toBe(201)
    expect(await stopped).toBe(0)

    const again = client(await spawn(data), token)
    expect((await again.send('GET', '/v1/collections/photos/entries/late')).body).toBe('half more.')
  })

  it('in the middle of a job leaves it to the next start, which goes on by itself', async () => {
    const n = 60_000
    const { data, server, http, token } = await stage()
    const job = await copies(http, n)
    expect(await server.stop()).toBe(0)
    const next = client(await spawn(data), token)
    let seen: JobBody
    do seen = await next.json<JobBody>('GET', `/v1/jobs/${job.id}`, undefined, { prefer: 'wait=20' })
    while (seen.state !== 'finished')
    expect(seen).toMatchObject({ outcome: 'succeeded', counts: { total: n, done: n, running: 0, pending: 0 } })
    for (const index of [0, 1_999, 2_000, n - 1]) {
      expect(await next.json('GET', `/v1/collections/photos/versions/copy/${index}`)).toMatchObject({ items: [{ version: 1 }] })
    }
  })
})

describe('a data directory', () => {
  it('belongs to one server: a second one is refused in a clear sentence, and the first goes on', async () => {
    const { data, server, http } = await stage()
    const second = await waybill(['serve', '--data', data, '--port', '0'])
    expect(second.code).toBe(2)
    expect(second.out).toBe('')
    expect(second.err).toContain(`he data directory ${data} is in use by another server`)
    expect(second.err.trim().split('\n')).toHaveLength(1)
    expect((await http.send('GET', '/readyz')).status).toBe(200)
    await server.kill()
    const next = await spawn(data) // a server that was killed holds nothing
    expect((await fetch(`${next.url}/healthz`)).status).toBe(200)
  })

  it('is free again after a server that could not start: its port was taken', async () => {
    const { server, data } = await stage()
    const port = new URL(server.url).port
    const other = newData()
    const refused = await waybill(['serve', '--data', other, '--port', port])
    expect(refused).toMatchObject({ code: 2, out: '' })
    expect(refused.err).toContain(`ort ${port} on 127.0.0.1 is taken`)
    await spawn(other)
    await expect(startServer(loadConfig({ flags: { data, port } }))).rejects.toThrow('is in use by another server')
  })

  it('is let go of, with everything in it, by a server that fails to start within a process', async () => {
    const running = await startTestServer()
    const data = newData()
    const port = new URL(running.url).port
    for (let attempt = 0; attempt < 3; attempt++) {
      await expect(startServer(loadConfig({ flags: { data, port } }))).rejects.toMatchObject({ code: 'EADDRINUSE' })
    }
    const second = await startServer(loadConfig({ flags: { data, port: 0 } }))
    await second.close()
    await running.close()
  })
})

describe('administration', () => {
  it('goes through while the server works at full speed', async () => {
    const { data, http } = await stage()
    const jobs = await Promise.all([copies(http, 100_000, '&label=a'), copies(http, 100_000, '&label=b')])
    const results = []
    for (const words of [
      ['token', 'create', '--data', data, '--subject', 'bob', '--scopes', 'read'],
      ['collection', 'create', '--data', data, 'while-busy', '--owner', 'bob'],
      ['grant', '--data', data, 'photos', 'bob', 'readonly'],
    ]) {
      results.push(await waybill(words))
    }
    expect(results.map(({ code, err }) => [code, code === 0 ? '' : err])).toEqual(results.map(() => [0, '']))
    const bob = new Http(http.url, results[0]?.out.trim() ?? '', 1)
    open.push(bob)
    expect((await bob.send('GET', '/v1/collections/photos')).status).toBe(200)
    for (const { id } of jobs) await http.send('POST', `/v1/jobs/${id}/cancel`)
  })
})
