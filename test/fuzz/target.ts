import { connect } from 'node:net'
import { expect } from 'vitest'
import type { TestServer } from '../support/server.ts'

/** No request of these tests takes this long, however slow the machine. In milliseconds. */
const LIMIT_MS = 20_000

/** A request as its bytes: `target` and `headers` go out as they are, so that nothing is mended on the way. */
export interface Shot {
  readonly method: string
  readonly target: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: Uint8Array
}

/** What comes back: the status, the type, and the beginning of the body. */
export interface Hit {
  readonly status: number
  readonly type: string
  readonly text: string
}

/** Sends a request on a connection of its own and reads until the server closes it, or, of a stream of events, until its header has come. */
export function shoot(url: string, { method, target, headers, body }: Shot): Promise<Hit> {
  const { hostname, port, host } = new URL(url)
  const length = body === undefined ? {} : { 'Content-Length': String(body.length) }
  const lines = Object.entries({ Host: host, Connection: 'close', ...length, ...headers }).map(([name, value]) => `${name}: ${value}`)
  return new Promise((resolve, reject) => {
    const socket = connect({ host: hostname, port: Number(port) })
    let answer = ''
    const timer = setTimeout(() => {
      socket.destroy()
      reject(new Error(`no answer in ${LIMIT_MS} ms; so far: ${JSON.stringify(answer.slice(0, 500))}`))
    }, LIMIT_MS)
    const end = (): void => {
      clearTimeout(timer)
      socket.destroy()
      resolve(read(answer))
    }
    socket.setEncoding('utf8')
    socket.on('data', (text: string) => {
      answer += text
      if (/^content-type: text\/event-stream\r$/im.test(answer)) end()
    })
    socket.on('close', end)
    // what it has to say before it hangs up comes first
    socket.on('error', () => undefined)
    // headers carry bytes, not characters
    socket.write(Buffer.from(`${method} ${target} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`, 'latin1'))
    if (body !== undefined) socket.write(body)
  })
}

function read(answer: string): Hit {
  const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(answer)?.[1] ?? 0)
  const split = answer.indexOf('\r\n\r\n')
  return { status, type: /^content-type: (.*)\r$/im.exec(answer)?.[1] ?? '', text: split === -1 ? '' : answer.slice(split + 4, split + 2004) }
}

/** Every request is answered, and never with a fault of ours. 501 is what RFC 9110 has for a method that no route knows; a transfer coding has it, too. */
export function expectAnswered(hit: Hit, shot: Shot): void {
  const told = `${shot.method} ${shot.target.slice(0, 300)} ${JSON.stringify(shot.headers).slice(0, 300)} answered ${hit.status}: ${hit.text.slice(0, 300)}`
  expect(hit.status, told).toBeGreaterThanOrEqual(200)
  expect(hit.status === 501 || hit.status < 500, told).toBe(true)
}

/** The server is as well as it was before: it is ready, and a job still does what it should. */
export async function expectWell(server: TestServer): Promise<void> {
  expect((await fetch(`${server.url}/readyz`)).status).toBe(200)
  const id = `well-${process.hrtime.bigint()}`
  expect((await server.call('well', 'POST', '/v1/collections', { id })).status).toBe(201)
  expect((await server.call('well', 'PUT', `/v1/collections/${id}/entries/a`, 'bytes')).status).toBe(201)
  const copy = { kind: 'copy', items: [{ source: { collection: id, path: 'a' }, destination: { collection: id, path: 'b' } }] }
  const job = await server.call('well', 'POST', '/v1/jobs', copy, { prefer: 'wait=30' })
  expect(await job.json()).toMatchObject({ outcome: 'succeeded', counts: { done: 1 } })
  expect(await (await server.call('well', 'GET', `/v1/collections/${id}/entries/b`)).text()).toBe('bytes')
}
