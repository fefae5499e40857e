import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

const WORKER = fileURLToPath(new URL('./load-worker.ts', import.meta.url))

/** What the load generator is to do: GETs of `url`, or with `post` that body sent to it. */
export interface LoadOrder {
  readonly url: string
  readonly token: string
  readonly connections: number
  readonly seconds: number
  /** Most requests a second; without it as many as are answered. */
  readonly rate?: number
  /** JSON. Where `EACH` stands in it, once, each request has a name of its own. */
  readonly post?: string
}

/** Stands in a body for what is different in each request. */
export const EACH = '{each}'

/** What it measured; latencies in milliseconds. `perSecond` counts good answers between the first and the last one. */
export interface LoadResult {
  readonly answered: number
  readonly refused: number
  readonly perSecond: number
  readonly p50: number
  readonly p99: number
  readonly max: number
}

/** A load generator for one order. */
export interface LoadGenerator {
  run(order: LoadOrder): Promise<LoadResult>
  /** Ends the run before its time; its result follows within a second. */
  stop(): void
}

/** Starts a load generator in a process of its own, so that it shares neither the server's thread nor the bench's; ready to begin at once. */
export async function loadGenerator(): Promise<LoadGenerator> {
  const worker = fork(WORKER, [], { execArgv: [] })
  const answer = async (): Promise<unknown> => {
    const [said] = (await Promise.race([once(worker, 'message'), once(worker, 'exit')])) as unknown[]
    if (typeof said === 'number' || said === null) throw new Error(`the load generator ended (${said ?? 'killed'})`)
    return said
  }
  await answer()
  return {
    run: async order => {
      const result = answer()
      worker.send(order)
      const load = (await result) as LoadResult
      if (load.refused > 0) throw new Error(`${load.refused} requests failed beside ${load.answered} good ones`)
      return load
    },
    stop: () => void worker.send('stop'),
  }
}
