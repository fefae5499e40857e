import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createToken, spawnServer, type ServerProcess } from '../test/support/server-process.ts'
import { Http } from '../test/support/http.ts'

/** One caller would run into the usual limit of requests a minute: a bench is that one caller. Everything else stands at its default. */
const ENV = { WAYBILL_REQUESTS_PER_MINUTE: '100000000' }

/** A durable server in its own process on a fresh data directory, and somebody who may do everything. */
export interface World {
  readonly directory: string
  readonly server: ServerProcess
  readonly token: string
  readonly http: Http
  /** Starts a server on the same data again, when the one before has ended. */
  again(): Promise<ServerProcess>
}

/** What a bench's server is told beside its defaults: a configuration (of the directory that everything lies in), and variables. */
export interface WorldOptions {
  readonly config?: (directory: string) => unknown
  readonly env?: NodeJS.ProcessEnv
}

/** Starts a world, runs the bench in it, and removes everything afterwards. `WAYBILL_BENCH_DIR` says on which disk; default: the system's place for temporary files. */
export async function inWorld<T>(bench: (world: World) => Promise<T>, options: WorldOptions = {}): Promise<T> {
  const directory = await mkdtemp(join(process.env['WAYBILL_BENCH_DIR'] ?? tmpdir(), 'waybill-bench-'))
  try {
    const data = join(directory, 'data')
    const token = await createToken(data, 'bench', ['read', 'write', 'admin'])
    const file = join(directory, 'config.json')
    await writeFile(file, JSON.stringify(options.config?.(directory) ?? {}))
    const servers: ServerProcess[] = []
    const again = async (): Promise<ServerProcess> => {
      const server = await spawnServer(data, { env: { ...ENV, ...options.env }, args: ['--config', file] })
      servers.push(server)
      return server
    }
    const server = await again()
    const http = new Http(server.url, token)
    try {
      return await bench({ directory, server, token, http, again })
    } finally {
      http.close()
      for (const started of servers) await started.stop()
    }
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}
