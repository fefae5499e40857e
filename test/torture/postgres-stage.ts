import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { ledgerFaults } from '../cluster/ledger-faults.ts'
import { ask } from '../support/postgres-database.ts'
import { startPostgres, type PostgresServer } from '../support/postgres-server.ts'
import { runCli } from '../support/server-process.ts'
import type { Book } from './book.ts'
import { acknowledgedFaults, blobFaults } from './ledger-invariants.ts'
import type { Random } from '../support/random.ts'
import { countLeftovers, LIMITS, type Stage } from './stage.ts'
import { blobDirectories, settings } from './stores.ts'
import type { Target } from './targets.ts'
import { Victim } from './victim.ts'

/** So often the other server is killed, too, and so often the database goes down in the middle of the work. */
const BOTH = 0.25
const DATABASE = 0.25

/** Two servers on one PostgreSQL, of which one is to die. */
export class PostgresStage implements Stage {
  readonly token: string
  readonly stranger: string
  readonly mayBeAway = true
  readonly #directory: string
  readonly #postgres: PostgresServer
  readonly #random: Random
  readonly #checkedBlobs = new Map<string, number>()
  #other: Victim | null = null
  #starts = 0
  unfinished = 0

  private constructor(directory: string, random: Random, postgres: PostgresServer, tokens: { token: string; stranger: string }) {
    this.#directory = directory
    this.#random = random
    this.#postgres = postgres
    this.token = tokens.token
    this.stranger = tokens.stranger
  }

  static async open(directory: string, random: Random): Promise<PostgresStage> {
    await mkdir(join(directory, 'place'))
    const postgres = await startPostgres()
    const token = (subject: string, scopes: string): Promise<string> =>
      runCli('token', 'create', '--database', postgres.url, '--subject', subject, '--scopes', scopes)
    const all = await token('crash', 'read,write,admin,apollo_read,apollo_write')
    return new PostgresStage(directory, random, postgres, { token: all, stranger: await token('stranger', 'read,write') })
  }

  async start(target?: Target): Promise<Victim | string> {
    if (this.#other === null) {
      const other = await this.#start()
      if (typeof other === 'string') throw new Error('a server died by itself')
      this.#other = other
    }
    return this.#start(target)
  }

  #start(target?: Target): Promise<Victim | string> {
    this.#starts += 1
    const data = join(this.#directory, 'data')
    const env = { ...LIMITS, ...settings(data, join(this.#directory, 'place')), TORTURE_POSTGRES: 'yes' }
    return Victim.start({ data, env, args: ['--database', this.#postgres.url], directory: join(this.#directory, `life-${this.#starts}`) }, target)
  }

  async disturb(): Promise<void> {
    if (!this.#random.chance(DATABASE)) return
    await pause(this.#random.between(50, 400))
    await this.#postgres.crash()
  }

  async look(book: Book): Promise<string[]> {
    if (this.#random.chance(BOTH)) {
      await this.#other?.server.kill()
      this.#other = null
    }
    const { url } = this.#postgres
    const [counts] = await ask(
      url,
      `SELECT (SELECT count(*) FROM waybill.job WHERE state < 3)::int AS unfinished, (SELECT count(*) FROM waybill.item WHERE state >= 2)::int AS i2,
        (SELECT count(*) FROM waybill.job)::int AS i3, (SELECT count(*) FROM waybill.entry)::int AS i6, (SELECT count(*) FROM waybill.chunk)::int AS i7`,
    )
    this.unfinished = Number(counts?.['unfinished'])
    for (const rule of ['I2', 'I3', 'I6'] as const) book.tally.count(rule, Number(counts?.[rule.toLowerCase()]))
    const faults = await ledgerFaults(url)
    const known = new Set((await ask(url, 'SELECT id::text AS id FROM waybill.job WHERE sealed = 1')).map(({ id }) => String(id)))
    return [...faults, ...acknowledgedFaults(book, job => known.has(job)), ...(await this.#blobs(book))]
  }

  async leftovers(): Promise<number> {
    const [row] = await ask(this.#postgres.url, countLeftovers('waybill.'))
    return Number(row?.['n'])
  }

  async #blobs({ tally }: Book): Promise<string[]> {
    const faults: string[] = []
    for (const [store, blobs] of Object.entries(blobDirectories(join(this.#directory, 'data')))) {
      const rows = await ask(
        this.#postgres.url,
        `SELECT DISTINCT encode(digest, 'hex') AS digest FROM (SELECT collection, digest FROM waybill.entry UNION ALL SELECT collection, digest FROM waybill.history) t
          JOIN waybill.collection c ON c.key = t.collection WHERE c.store = '${store}' AND c.attached = 0 AND digest IS NOT NULL`,
      )
      faults.push(...blobFaults(new Set(rows.map(({ digest }) => String(digest))), blobs, this.#checkedBlobs, tally))
    }
    return faults
  }

  async close(): Promise<void> {
    await this.#other?.server.kill()
    await this.#postgres.stop()
  }
}
