import { once } from 'node:events'
import { createServer, request as forward, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'

/** What goes wrong with a request. */
export type Fault =
  /** The proxy answers; the server never hears of it. */
  | { readonly kind: 'answer'; readonly status: number; readonly headers?: Readonly<Record<string, string>>; readonly body?: string }
  /** The connection is reset after so many bytes of the request's body; the server never hears of it. */
  | { readonly kind: 'reset'; readonly afterBytes: number }
  /** The server does what it was asked, and the connection is reset instead of the answer. */
  | { readonly kind: 'lose answer' }
  /** The answer breaks off after so many bytes of its body. */
  | { readonly kind: 'cut answer'; readonly afterBytes: number }
  /** The answer's headers say something else. */
  | { readonly kind: 'alter answer'; readonly headers: Readonly<Record<string, string>> }
  /** The request waits before the server hears of it. */
  | { readonly kind: 'hold'; readonly until: Promise<unknown> }

interface Rule {
  readonly matches: RegExp
  readonly fault: Fault
  left: number
}

/** Between a store and its real server: passes everything on, except where it was told to do harm. */
export interface FaultProxy {
  readonly url: string
  /** `GET /bucket/key?uploads` of every request so far, in the order of their arrival. */
  readonly requests: readonly string[]
  /** Most requests of the kind that were under way at once. */
  mostAtOnce(matches: RegExp): number
  /** The next `times` requests that match (as in `requests`) suffer this. */
  fail(matches: RegExp, fault: Fault, times?: number): void
  /** Forgets requests and faults. */
  reset(): void
  stop(): Promise<void>
}

export async function startFaultProxy(target: string): Promise<FaultProxy> {
  const requests: string[] = []
  const running: string[] = []
  const overlaps: string[][] = []
  let rules: Rule[] = []
  const server = createServer((request, response) => {
    const name = `${request.method} ${request.url}`
    requests.push(name)
    running.push(name)
    overlaps.push([...running])
    response.once('close', () => running.splice(running.indexOf(name), 1))
    const rule = rules.find(({ matches, left }) => left > 0 && matches.test(name))
    if (rule !== undefined) rule.left -= 1
    suffer(target, request, response, rule?.fault).catch((error: unknown) => response.destroy(error instanceof Error ? error : undefined))
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    mostAtOnce: matches => Math.max(0, ...overlaps.map(names => names.filter(name => matches.test(name)).length)),
    fail: (matches, fault, times = 1) => rules.push({ matches, fault, left: times }),
    reset: () => {
      requests.length = 0
      overlaps.length = 0
      rules = []
    },
    stop: async () => {
      server.closeAllConnections()
      await once(server.close(), 'close')
    },
  }
}

async function suffer(target: string, request: IncomingMessage, response: ServerResponse, fault: Fault | undefined): Promise<void> {
  if (fault?.kind === 'reset') {
    let seen = 0
    for await (const chunk of request) {
      seen += (chunk as Buffer).byteLength
      if (seen >= fault.afterBytes) break
    }
    request.socket.resetAndDestroy()
    return
  }
  const body = await buffer(request)
  if (fault?.kind === 'answer') {
    response.writeHead(fault.status, fault.headers).end(fault.body)
    return
  }
  if (fault?.kind === 'hold') await fault.until
  const answer = await ask(target, request, body)
  const bytes = await buffer(answer)
  if (fault?.kind === 'lose answer') {
    request.socket.resetAndDestroy()
    return
  }
  const altered = fault?.kind === 'alter answer' ? fault.headers : {}
  response.writeHead(answer.statusCode ?? 500, { ...answer.headers, ...altered })
  if (fault?.kind === 'cut answer') {
    response.write(bytes.subarray(0, fault.afterBytes), () => request.socket.resetAndDestroy())
    return
  }
  response.end(bytes)
}

/** The same request to the server. Its `Host` stays, for signatures cover it. */
async function ask(target: string, request: IncomingMessage, body: Buffer): Promise<IncomingMessage> {
  const { method = 'GET', headers } = request
  const sent = forward(new URL(request.url ?? '/', target), { method, headers, agent: false })
  sent.end(body)
  const [answer] = (await once(sent, 'response')) as [IncomingMessage]
  return answer
}
