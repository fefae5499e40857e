import { connect, createServer, type AddressInfo, type Socket } from 'node:net'

/**
 * How the answer to a commit is lost: the server never hears of it, or it commits and its answer does not come through. `held`: the server never hears of it, and
 * the connection stays as long as the server does.
 */
export type Cut = 'before' | 'after' | 'held'

/** A way to a database that breaks, when told, at a commit. */
export interface CuttingProxy {
  readonly url: string
  /** The next commits, so many, are cut off so, and their connections with them. */
  cutNext(how: Cut, commits?: number): void
  /** From now on nothing goes through the connections that are open, and neither end is told; new ones are not concerned. */
  silence(): void
  /** While it is cut off nothing goes through at all, and nobody is told; afterwards new connections work again. */
  partition(cutOff: boolean): void
  /** How many commits were cut off. */
  readonly cuts: number
  close(): void
}

/** PostgreSQL's simple query: its kind, its length, its text. */
const COMMIT = Buffer.from('Q\0\0\0\x0bCOMMIT\0', 'latin1')
/** Until the server has committed, for certain. */
const COMMITTED_MS = 200

/** Starts one in front of the database of a URL. */
export async function startCuttingProxy(database: string): Promise<CuttingProxy> {
  const target = new URL(database)
  const state: { how: Cut; left: number; cuts: number; cutOff: boolean } = { how: 'before', left: 0, cuts: 0, cutOff: false }
  const sockets = new Set<Socket>()
  const open = new Set<{ silent: boolean }>()
  const server = createServer({ allowHalfOpen: true }, client => {
    const upstream = connect(Number(target.port), target.hostname)
    for (const [one, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(one)
      one.on('error', () => other.destroy())
      one.on('close', () => other.destroy())
    }
    const way = { silent: state.cutOff }
    open.add(way)
    upstream.on('data', data => {
      if (!way.silent) client.write(data)
    })
    client.on('end', () => {
      if (!way.silent) upstream.end()
    })
    client.on('data', data => {
      if (way.silent) return
      const how = state.left > 0 && data.includes(COMMIT) ? state.how : null
      if (how !== null) {
        way.silent = true
        state.left -= 1
        state.cuts += 1
        if (how !== 'held') setTimeout(() => client.destroy(), how === 'after' ? COMMITTED_MS : 0)
      }
      if (how === null || how === 'after') upstream.write(data)
    })
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const url = new URL(database)
  url.port = String((server.address() as AddressInfo).port)
  return {
    url: url.href,
    cutNext: (how, commits = 1) => {
      Object.assign(state, { how, left: commits })
    },
    silence: () => {
      for (const way of open) way.silent = true
    },
    partition: cutOff => {
      state.cutOff = cutOff
      if (cutOff) for (const way of open) way.silent = true
    },
    get cuts() {
      return state.cuts
    },
    close: () => {
      for (const socket of sockets) socket.destroy()
      server.close()
    },
  }
}
