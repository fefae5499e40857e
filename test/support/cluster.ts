import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startPostgres, type PostgresServer } from './postgres-server.ts'
import { runCli, spawnServer, type ServerProcess } from './server-process.ts'

/** One caller would run into the usual limit of requests a minute. */
const ENV = { WAYBILL_REQUESTS_PER_MINUTE: '100000000' }

/** A PostgreSQL and any number of servers on it, each in its own process, as users run them; their blobs lie in one directory. */
export class Cluster {
  readonly directory: string
  readonly postgres: PostgresServer
  readonly token: string
  readonly nodes = new Set<ServerProcess>()

  private constructor(directory: string, postgres: PostgresServer, token: string) {
    this.directory = directory
    this.postgres = postgres
    this.token = token
  }

  /** Starts PostgreSQL, without any node yet. `flags` as of `startPostgres`; `within`: the directory for all files. */
  static async start(flags?: readonly string[], within = tmpdir()): Promise<Cluster> {
    const directory = await mkdtemp(join(within, 'waybill-cluster-'))
    const postgres = await startPostgres(flags)
    const token = await runCli('token', 'create', '--database', postgres.url, '--subject', 'operator', '--scopes', 'read,write,admin')
    return new Cluster(directory, postgres, token)
  }

  /** `database`: another way to the same PostgreSQL. */
  async addNode(database = this.postgres.url): Promise<ServerProcess> {
    const node = await spawnServer(join(this.directory, 'data'), { env: ENV, args: ['--database', database] })
    this.nodes.add(node)
    return node
  }

  /** Brings the number of nodes to `count`: those that are too many end in order. */
  async scaleTo(count: number): Promise<ServerProcess[]> {
    const extra = [...this.nodes].slice(count)
    for (const node of extra) this.nodes.delete(node)
    await Promise.all(extra.map(node => node.stop()))
    while (this.nodes.size < count) await this.addNode()
    return [...this.nodes]
  }

  async kill(node: ServerProcess): Promise<void> {
    this.nodes.delete(node)
    await node.kill()
  }

  async stop(): Promise<void> {
    await this.scaleTo(0)
    await this.postgres.stop()
    await rm(this.directory, { recursive: true, force: true })
  }
}
