import { readdirSync, utimesSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { createToken } from '../support/server-process.ts'
import type { Book } from './book.ts'
import { blobFaults, ledgerFaults, recordedDigests } from './ledger-invariants.ts'
import { copyLedger } from './ledger-copy.ts'
import type { Random } from '../support/random.ts'
import { countLeftovers, LIMITS, type Stage } from './stage.ts'
import { blobDirectories, settings } from './stores.ts'
import type { Target } from './targets.ts'
import { Victim } from './victim.ts'

/** Blobs that nothing refers to go after a day: so old they are made, now and then. */
const OLD_MS = 3 * 24 * 3600 * 1000
const AGED = 0.3

/** One server on a data directory. */
export class SqliteStage implements Stage {
  readonly token: string
  readonly stranger: string
  readonly #directory: string
  readonly #data: string
  readonly #random: Random
  readonly #env: NodeJS.ProcessEnv
  readonly #checkedBlobs = new Map<string, number>()
  #looks = 0
  #starts = 0
  readonly mayBeAway = false
  unfinished = 0

  private constructor(directory: string, random: Random, tokens: { token: string; stranger: string }) {
    this.#directory = directory
    this.#data = join(directory, 'data')
    this.#random = random
    this.token = tokens.token
    this.stranger = tokens.stranger
    this.#env = { ...LIMITS, ...settings(this.#data, join(directory, 'place')) }
  }

  static async open(directory: string, random: Random): Promise<SqliteStage> {
    await mkdir(join(directory, 'place'))
    const data = join(directory, 'data')
    const token = await createToken(data, 'crash', ['read', 'write', 'admin', 'apollo_read', 'apollo_write'])
    return new SqliteStage(directory, random, { token, stranger: await createToken(data, 'stranger', ['read', 'write']) })
  }

  start(target?: Target): Promise<Victim | string> {
    this.#starts += 1
    return Victim.start({ data: this.#data, env: this.#env, directory: join(this.#directory, `life-${this.#starts}`) }, target)
  }

  async disturb(): Promise<void> {}

  /** Beside what the crash before left. */
  async look(book: Book): Promise<string[]> {
    const copy = (n: number): string => join(this.#directory, `ledger-${n % 2}.db`)
    const before = this.#looks === 0 ? null : copy(this.#looks - 1)
    const file = copy(this.#looks)
    const ledger = copyLedger(this.#data, file)
    this.#looks += 1
    try {
      this.unfinished = Number(ledger.prepare('SELECT count(*) AS n FROM job WHERE state < 3').get()?.['n'])
      const faults = ledgerFaults(file, ledger, book, before)
      for (const [store, blobs] of Object.entries(blobDirectories(this.#data))) {
        faults.push(...blobFaults(recordedDigests(ledger, store), blobs, this.#checkedBlobs, book.tally))
      }
      return faults
    } finally {
      ledger.close()
      if (this.#random.chance(AGED)) for (const blobs of Object.values(blobDirectories(this.#data))) age(blobs)
    }
  }

  async leftovers(): Promise<number> {
    const ledger = new DatabaseSync(join(this.#data, 'ledger.db'), { readOnly: true })
    try {
      return Number(ledger.prepare(countLeftovers('')).get()?.['n'])
    } finally {
      ledger.close()
    }
  }

  async close(): Promise<void> {}
}

/** Has the next sweep look at every blob. */
function age(blobs: string): void {
  const old = (Date.now() - OLD_MS) / 1000
  for (const shard of readdirSync(blobs)) for (const rest of readdirSync(join(blobs, shard))) utimesSync(join(blobs, shard, rest), old, old)
}
