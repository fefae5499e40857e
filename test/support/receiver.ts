import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { WebhookEvent } from '../../src/client/index.ts'

/** A request that a receiver got. */
export interface Received {
  readonly path: string
  readonly headers: IncomingHttpHeaders
  readonly body: string
  readonly event: WebhookEvent
}

/** A receiver of webhooks on a free port of this machine. */
export interface Receiver {
  readonly url: string
  readonly port: number
  readonly received: readonly Received[]
  /** Waits until this holds of what was received. */
  until(holds: (received: readonly Received[]) => boolean): Promise<void>
  close(): Promise<void>
}

/** Starts one; `answer` says what it answers, 204 unless told. */
export async function startReceiver(
  answer: (request: Received, response: ServerResponse) => void = (_, response) => respond(response, 204),
): Promise<Receiver> {
  const received: Received[] = []
  let changed = Promise.withResolvers<void>()
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const body = Buffer.concat(chunks).toString()
      const one = { path: request.url ?? '', headers: request.headers, body, event: JSON.parse(body) as WebhookEvent }
      received.push(one)
      answer(one, response)
      changed.resolve()
      changed = Promise.withResolvers()
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}/`,
    port,
    received,
    until: async holds => {
      while (!holds(received)) await changed.promise
    },
    close: async () => {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

export function respond(response: ServerResponse, status: number, headers: Readonly<Record<string, string>> = {}): void {
  response.writeHead(status, headers).end()
}

/** The types of what was taken, of one job where it is named. */
export function typesOf(received: readonly Received[], job?: string): string[] {
  return received.filter(({ event }) => job === undefined || event.data.job === job).map(({ event }) => event.data.type)
}
