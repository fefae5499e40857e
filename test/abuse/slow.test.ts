import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { expectWell } from '../fuzz/target.ts'
import { startTestServer } from '../support/server.ts'
import type { TestServer } from '../support/server.ts'
import { startedServers } from '../support/contract/watch-servers.ts'
import { Line, statusesIn } from './line.ts'

const MIB = 1024 * 1024
const LARGE = 32 * MIB

let server: TestServer
let token: string
const get = (path: string): string => `GET ${path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token}\r\n\r\n`

beforeAll(async () => {
  server = await startTestServer({ headerTimeoutMs: 1000, bodyTimeoutMs: 1000 })
  token = await server.token('alice')
  await server.call('alice', 'POST', '/v1/collections', { id: 'c' })
  expect((await server.call('alice', 'PUT', '/v1/collections/c/entries/large', Buffer.alloc(LARGE, 'x'))).status).toBe(201)
})
afterAll(async () => {
  await expectWell(server)
  await server.close()
})

function http(): {
  maxConnections: number
  timeout: number
  setTimeout(ms: number): unknown
  getConnections(told: (error: Error | null, count: number) => void): unknown
} {
  const app = startedServers().at(-1)
  if (app === undefined) throw new Error('no server was started')
  return app.server
}

async function connections(): Promise<number> {
  return new Promise((resolve, reject) => http().getConnections((error, count) => (error === null ? resolve(count) : reject(error))))
}

describe('a client that is slow', () => {
  it('with its header is given up, however steadily it drips', async () => {
    const lines = await Promise.all(Array.from({ length: 50 }, () => Line.open(server.url)))
    for (const line of lines) line.write('GET /healthz HTTP/1.1\r\nHost: x\r\n')
    const drip = setInterval(() => {
      for (const line of lines) line.write('X: y\r\n')
    }, 100)
    expect((await fetch(`${server.url}/readyz`)).status).toBe(200)
    try {
      for (const line of lines) expect(await line.untilClosed(20_000)).toMatch(/^(?:$|HTTP\/1\.1 408 )/)
    } finally {
      clearInterval(drip)
    }
  })

  it('with its body is given up below the least pace', async () => {
    const line = await Line.open(server.url)
    line.write(`PUT /v1/collections/c/entries/slow HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token}\r\nContent-Length: 1000000\r\n\r\n`)
    const drip = setInterval(() => line.write('x'), 50)
    try {
      expect(await line.untilClosed(20_000)).toMatch(/^(?:$|HTTP\/1\.1 408 )/)
    } finally {
      clearInterval(drip)
    }
    expect((await server.call('alice', 'GET', '/v1/collections/c/metadata/slow')).status).toBe(404)
  })

  it('to the point of silence is cut off, and what it read is closed', async () => {
    // two minutes usually: longer than any silence of the server's own
    expect(http().timeout).toBe(120_000)
    const line = await Line.open(server.url)
    const own = startedServers().at(-1)
    const sockets: { setTimeout(ms: number): unknown }[] = []
    own?.server.once('connection', socket => sockets.push(socket))
    const stuck = await Line.open(server.url)
    stuck.socket.pause()
    stuck.write(get('/v1/collections/c/entries/large'))
    await new Promise(resolve => setTimeout(resolve, 200))
    for (const socket of sockets) socket.setTimeout(300)
    const before = await connections()
    await expect.poll(connections, { timeout: 15_000 }).toBeLessThan(before)
    line.socket.destroy()
    stuck.socket.destroy()
  })
})

describe('many connections', () => {
  it('beyond the bound are closed at once, and those within it are served', async () => {
    expect(http().maxConnections).toBe(10_000)
    await expect.poll(connections, { timeout: 20_000 }).toBeLessThan(10)
    http().maxConnections = 40
    try {
      const lines = await Promise.all(Array.from({ length: 100 }, () => Line.open(server.url)))
      await expect.poll(connections).toBe(40)
      for (const line of lines) line.write('GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n')
      const answers = await Promise.all(lines.map(async line => statusesIn(await line.untilClosed())))
      const served = answers.filter(statuses => statuses[0] === 200).length
      expect(served).toBeGreaterThanOrEqual(10)
      expect(served).toBeLessThanOrEqual(40)
    } finally {
      http().maxConnections = 10_000
    }
  })

  it('that are half open, or broken off at any point, leave nothing behind', async () => {
    const before = await connections()
    const whole = `PUT /v1/collections/c/entries/broken HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token}\r\nContent-Length: 10\r\n\r\n12345`
    for (let end = 0; end <= whole.length; end += 7) {
      const line = await Line.open(server.url)
      line.write(whole.slice(0, end))
      if (end % 2 === 0) line.socket.end()
      else line.socket.destroy()
    }
    await expect.poll(connections, { timeout: 20_000 }).toBeLessThanOrEqual(before)
    expect((await server.call('alice', 'GET', '/v1/collections/c/metadata/broken')).status).toBe(404)
  })

  it('with 300 streams of events of one token hold up nobody, and go when their readers go', async () => {
    const before = await connections()
    const lines = await Promise.all(Array.from({ length: 300 }, () => Line.open(server.url)))
    for (const line of lines) line.write(get('/v1/events'))
    for (const line of lines) await line.until(text => text.includes('text/event-stream'), 25_000)
    await expectWell(server)
    // alice sees no job of others, so her streams tell her nothing of that one
    for (const line of lines) expect(line.text).not.toContain('job.finished')
    for (const line of lines) line.socket.destroy()
    await expect.poll(connections, { timeout: 20_000 }).toBeLessThanOrEqual(before + 1)
  })

  it('with 2,000 requests down one of them are answered in order', async () => {
    const line = await Line.open(server.url)
    line.write(Array.from({ length: 2000 }, (_, n) => `GET /nothing-${n} HTTP/1.1\r\nHost: x\r\n${n === 1999 ? 'Connection: close\r\n' : ''}\r\n`).join(''))
    const text = await line.untilClosed(25_000)
    const answered = [...text.matchAll(/"instance":"\/nothing-(\d+)"/g)].map(match => Number(match[1]))
    expect(answered).toEqual(Array.from({ length: 2000 }, (_, n) => n))
  })
})

describe('a client that asks on while an answer takes long', () => {
  /** The end of what comes once the answer of LARGE bytes has gone out, and one more request was sent after a while; the client takes it after so long, and sends `later` meanwhile. */
  async function behindLarge(later: string, takesAfterMs: number): Promise<string> {
    const line = await Line.open(server.url)
    line.socket.pause()
    line.write(get('/v1/collections/c/entries/large') + get('/v1/collections') + half().slice(0, 20))
    await new Promise(resolve => setTimeout(resolve, 200))
    line.write(later)
    await new Promise(resolve => setTimeout(resolve, takesAfterMs))
    line.socket.resume()
    await line.until(text => statusesIn(text.slice(LARGE)).length === 2)
    // a refusal for a header that has come would come now
    if (!line.socket.readableEnded) await new Promise(resolve => setTimeout(resolve, 1_200))
    line.write(get('/readyz'))
    await line.until(text => line.socket.readableEnded || statusesIn(text.slice(LARGE)).length === 3)
    line.socket.destroy()
    return line.text.slice(LARGE)
  }
  const half = (): string => get('/readyz')

  it('is not given up for a header of which we have not read the rest, only for one that does not come even when it is read', async () => {
    // the time for a header is over before we read on, or (the last) after it
    const ends = await Promise.all([behindLarge(half().slice(20), 2_500), behindLarge('', 2_500), behindLarge('', 600)])
    expect(ends.map(statusesIn)).toEqual([
      [200, 200, 200],
      [200, 408],
      [200, 408],
    ])
  })
})
