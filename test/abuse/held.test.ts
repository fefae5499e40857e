import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { Http } from '../support/http.ts'
import { createToken, spawnServer, type ServerProcess } from '../support/server-process.ts'
import { heldBy, heldEnvironment } from '../support/held.ts'
import { Line } from './line.ts'

// A server in its own process: what this one keeps to compare answers with the OpenAPI document is not the server's.

const MIB = 1024 * 1024
const ENTRIES = 50

let directory: string
let server: ServerProcess
let http: Http
const held = async (): Promise<number> => {
  // what a socket has asked for, and what a first collection gives back, come within a turn or two of the event loop
  await pause(500)
  const { heapUsed, external } = await heldBy(join(directory, 'figures'))
  return (heapUsed + external) / MIB
}
const get = (path: string): string => `GET ${path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${http.token}\r\n\r\n`

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'waybill-held-'))
  const data = join(directory, 'data')
  const token = await createToken(data, 'alice', ['read', 'write', 'admin'])
  server = await spawnServer(data, { env: heldEnvironment(join(directory, 'figures')) })
  http = new Http(server.url, token)
  await http.json('POST', '/v1/collections', { id: 'c' })
})
afterAll(async () => {
  http.close()
  expect(await server.stop()).toBe(0)
  await rm(directory, { recursive: true })
})

it('a client that is slow to read costs a bounded buffer, not the file', async () => {
  expect((await http.send('PUT', '/v1/collections/c/entries/large', Buffer.alloc(32 * MIB, 'x'))).status).toBe(201)
  const before = await held()
  const lines = await Promise.all(Array.from({ length: 20 }, () => Line.open(server.url)))
  for (const line of lines) {
    line.socket.pause()
    line.write(get('/v1/collections/c/entries/large'))
  }
  // 640 MiB were asked for
  expect((await held()) - before).toBeLessThan(30)
  for (const line of lines) line.socket.destroy()
})

it('a client that asks many times over and reads nothing is worked for once', async () => {
  for (let n = 0; n < ENTRIES; n += 1) {
    expect((await http.send('PUT', `/v1/collections/c/entries/list/${n}`, 'x')).status).toBe(201)
    const patch = await http.send('PATCH', `/v1/collections/c/metadata/list/${n}`, JSON.stringify({ fields: { text: 'x'.repeat(20_000) } }), {
      'content-type': 'application/merge-patch+json',
    })
    expect(patch.status, patch.body).toBe(200)
  }
  const list = '/v1/collections/c/entries?prefix=list/'
  expect((await http.send('GET', list)).bytes.length).toBeGreaterThan(MIB * 0.9)
  const before = await held()
  const line = await Line.open(server.url)
  line.socket.pause()
  line.write(get(list).repeat(500))
  expect((await held()) - before).toBeLessThan(30)
  line.socket.destroy()
  expect((await http.send('GET', '/readyz')).status).toBe(200)
})

it('a client that goes on asking while it is not answered is not read any further', async () => {
  const before = await held()
  const line = await Line.open(server.url)
  line.socket.pause()
  // the first answer does not fit into the buffers of the connection
  line.write(get('/v1/collections/c/entries/large'))
  line.write('GET /readyz HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(300_000))
  expect((await held()) - before).toBeLessThan(30)
  line.socket.destroy()
  expect((await http.send('GET', '/readyz')).status).toBe(200)
})
