import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ServerStartError, spawnServer, type ServerProcess } from '../support/server-process.ts'
import { MOMENT, type Target } from './targets.ts'

const PRELOAD = new URL('preload/crash.ts', import.meta.url).href

/** How and with what a server is started. */
export interface VictimOptions {
  readonly data: string
  readonly args?: readonly string[]
  readonly env: NodeJS.ProcessEnv
  /** A directory of its own, for what the preload is told and tells. */
  readonly directory: string
}

/** A server that is going to die. */
export class Victim {
  readonly server: ServerProcess
  readonly #directory: string

  private constructor(server: ServerProcess, directory: string) {
    this.server = server
    this.#directory = directory
  }

  /** Starts one; with a target it may die on the way: then the answer is where. */
  static async start({ data, args, env, directory }: VictimOptions, target: Target | null = null): Promise<Victim | string> {
    mkdirSync(directory, { recursive: true })
    if (target?.order != null) arm(directory, target.order)
    const options = {
      ...(args === undefined ? {} : { args }),
      env: { ...env, TORTURE_DIRECTORY: directory, NODE_OPTIONS: `--import ${PRELOAD}` },
    }
    let timer: NodeJS.Timeout | undefined
    try {
      const server = await spawnServer(data, { ...options, onSpawn: child => (timer = target === null ? undefined : killIn(child, target.ms)) })
      void server.gone.then(() => clearTimeout(timer))
      return new Victim(server, directory)
    } catch (error) {
      clearTimeout(timer)
      if (!(error instanceof ServerStartError) || target === null || !error.message.includes('(SIGKILL)')) throw error
      return placeOf(directory) ?? `${MOMENT}, starting`
    }
  }

  /** Has it die at a point, or when the time is over. */
  arm({ order, ms }: Target): void {
    if (order !== null) arm(this.#directory, order)
    const timer = killIn({ kill: signal => process.kill(this.server.pid, signal) }, ms)
    void this.server.gone.then(() => clearTimeout(timer))
  }

  /** Waits until it is dead; where it died. */
  async died(): Promise<string> {
    await this.server.gone
    return placeOf(this.#directory) ?? MOMENT
  }
}

function killIn(child: { kill(signal: NodeJS.Signals): unknown }, ms: number): NodeJS.Timeout {
  return setTimeout(() => child.kill('SIGKILL'), ms)
}

/** In one step: the process looks all the time. */
function arm(directory: string, order: string): void {
  writeFileSync(join(directory, 'order'), order)
  renameSync(join(directory, 'order'), join(directory, 'crash-at'))
}

function placeOf(directory: string): string | null {
  const file = join(directory, 'crashed-at')
  return existsSync(file) ? readFileSync(file, 'utf8') : null
}
