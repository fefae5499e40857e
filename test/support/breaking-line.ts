import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

/** What happens to a connection: `cut` ends it, `mute` keeps it open and lets no more through, once so many bytes went that way; null: nothing. */
export type Break = { readonly how: 'cut' | 'mute'; readonly of: 'answer' | 'request'; readonly afterBytes: number } | null

/** A way to a server on which lines break. */
export interface BreakingLine {
  readonly url: string
  /** How many connections broke. */
  readonly breaks: number
  /** What each further connection gets, the first being number 0 of them. */
  plan(next: (connection: number) => Break): void
  close(): void
}

/** Streams ask their clients to stay away for two seconds after a break; nobody here needs to. Of the same length, so that nothing else changes. */
const RETRY = { asked: 'retry: 2000', instead: 'retry: 0020' }

/** Starts one in front of a server. */
export async function startBreakingLine(target: string): Promise<BreakingLine> {
  const { hostname, port } = new URL(target)
  const sockets = new Set<Socket>()
  const state = { breaks: 0, connections: 0, plan: (): Break => null } as { breaks: number; connections: number; plan: (connection: number) => Break }
  const server = createServer(near => {
    const far = connect(Number(port), hostname)
    const broken = state.plan(state.connections++)
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(one)
      one.on('error', () => other.destroy())
      one.on('close', () => other.destroy())
    }
    const pass = (from: Socket, to: Socket, of: 'answer' | 'request'): void => {
      let left = broken?.of === of ? broken.afterBytes : Infinity
      from.on('data', chunk => {
        if (left < 0) return
        to.write(of === 'answer' ? withoutRetry(chunk.subarray(0, left)) : chunk.subarray(0, left))
        left -= chunk.length
        if (left > 0) return
        left = -1
        state.breaks++
        // what was passed on is to arrive before the end
        if (broken?.how === 'cut') to.end(() => near.destroy())
      })
    }
    pass(near, far, 'request')
    pass(far, near, 'answer')
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get breaks() {
      return state.breaks
    },
    plan: next => {
      state.connections = 0
      state.plan = next
    },
    close: () => {
      for (const socket of sockets) socket.destroy()
      server.close()
    },
  }
}

function withoutRetry(chunk: Buffer): Buffer {
  return Buffer.from(chunk.toString('latin1').replace(RETRY.asked, RETRY.instead), 'latin1')
}
