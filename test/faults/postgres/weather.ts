import { setTimeout as pause } from 'node:timers/promises'
import { faultOf } from '../../../src/ledger/postgres/connection/faults.ts'
import { ask } from '../../support/postgres-database.ts'
import type { PostgresServer } from '../../support/postgres-server.ts'
import type { Random } from '../../support/random.ts'
import type { Dice } from '../dice.ts'
import type { FaultyLine } from './faulty-line.ts'
import type { LedgerFault } from './kinds.ts'

/** How often something may happen to the server, in milliseconds. */
const EVERY_MS = 40
/** Restarts and crashes of a storm, at most. */
const MOST_RESTARTS = 2
/** Some are about as long as a lease is in virtual time. */
const LONGEST_STILL_MS = 2_000
/** Rows that a rival locks of a table. */
const MOST_LOCKED = 30
/** What nodes lock one after the other. */
const TABLES = ['job', 'chunk', 'item', 'entry', 'collection', 'webhook', 'counter']

/** What happens to the server of a database, beside what befalls single statements. */
export class Weather {
  readonly #parts: {
    readonly server: PostgresServer
    readonly database: string
    readonly line: FaultyLine
    readonly dice: Dice<LedgerFault>
    readonly random: Random
  }
  readonly #over = new AbortController()
  readonly #rivals = new Set<Promise<void>>()
  #restarts = 0
  #blowing: Promise<void> = Promise.resolve()

  constructor(parts: { server: PostgresServer; database: string; line: FaultyLine; dice: Dice<LedgerFault>; random: Random }) {
    this.#parts = parts
  }

  begin(): void {
    this.#parts.dice.begin()
    this.#blowing = this.#blow()
  }

  /** Resolves when all is well again. */
  async end(): Promise<void> {
    this.#parts.dice.end()
    this.#over.abort()
    await this.#blowing
    await Promise.all(this.#rivals)
  }

  async #blow(): Promise<void> {
    const { dice, random, server } = this.#parts
    while (!this.#over.signal.aborted) {
      await pause(random.between(1, 2 * EVERY_MS))
      if (dice.befalls('rival', 10)) this.#rival()
      if (dice.befalls('terminated', 6)) await this.#terminate()
      if (dice.befalls('still', 2)) await this.#standStill(() => pause(random.between(20, LONGEST_STILL_MS)))
      if (this.#restarts >= MOST_RESTARTS) continue
      if (dice.befalls('restart', 2)) await this.#restart(() => server.restart())
      if (dice.befalls('crash', 3)) await this.#restart(() => (random.chance(0.5) ? server.crash() : this.#crashInSilence()))
    }
  }

  async #standStill(meanwhile: () => Promise<unknown>): Promise<void> {
    this.#parts.line.standStill(true)
    await meanwhile()
    this.#parts.line.standStill(false)
  }

  async #restart(how: () => Promise<void>): Promise<void> {
    this.#restarts += 1
    await Promise.all(this.#rivals) // whose statements are for a server that is there
    await how()
  }

  /** What nodes had sent by then has not arrived. */
  #crashInSilence(): Promise<void> {
    return this.#standStill(async () => {
      await pause(this.#parts.random.between(20, 100))
      await this.#parts.server.crash()
    })
  }

  /** Ends some of the connections of the nodes. */
  async #terminate(): Promise<void> {
    const some = `SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE 'waybill%' ORDER BY random() LIMIT ${this.#parts.random.between(1, 4)}`
    await ask(this.#parts.database, `SELECT pg_terminate_backend(pid) FROM (${some}) AS chosen`)
  }

  /** Locks some rows of one table, and a moment later some of another. */
  #rival(): void {
    const { random, database } = this.#parts
    const locks = [random.pick(TABLES), random.pick(TABLES)].map(table => `SELECT 1 FROM waybill.${table} ORDER BY random() LIMIT ${MOST_LOCKED} FOR UPDATE`)
    const sql = `BEGIN; SET LOCAL lock_timeout = '300ms'; ${locks.join(`; SELECT pg_sleep(${random.between(5, 40) / 1000}); `)}; ROLLBACK`
    const rival = ask(database, sql).then(
      () => undefined,
      (error: unknown) => {
        if (faultOf(error) === 'other') throw error // else it was the one to give way
      },
    )
    this.#rivals.add(rival)
    void rival.finally(() => this.#rivals.delete(rival))
  }
}
