import type { JobInsert, PgBoss } from 'pg-boss'
import type { Claim } from './hand.ts'
import { inOrder, SHARES, TURNS, type LineName, type WakeData } from './lines.ts'
import { rest } from './rest.ts'

/** Rows come and go by the hundred a second: they are written together, so long after the first, in milliseconds. */
const GATHER_MS = 5
const AFTER_ERROR_MS = 1_000

/** Writes wake-ups and ends claims, many at once. New rows go first: what is lost in between is worked on twice, never forgotten. */
export class Settling {
  readonly #boss: PgBoss
  readonly #onError: (error: unknown, what: string) => void
  #rows = new Map<LineName, JobInsert<WakeData>[]>()
  #claims: Claim[] = []
  #writing: Promise<void> | null = null
  readonly #closed = new AbortController()

  constructor(boss: PgBoss, onError: (error: unknown, what: string) => void) {
    this.#boss = boss
    this.#onError = onError
  }

  /** Puts a row into a line. */
  send(line: LineName, row: JobInsert<WakeData>): void {
    const rows = this.#rows.get(line)
    if (rows === undefined) this.#rows.set(line, [row])
    else rows.push(row)
    this.#write()
  }

  /** Ends claims; `again`: the wake-up that takes their place. */
  settle(claims: readonly Claim[], again: JobInsert<WakeData> | null): void {
    if (again !== null) this.send(TURNS, again)
    this.#claims.push(...claims)
    this.#write()
  }

  /** Writes what is left, once. What cannot be written is found again by its heartbeat that stays out. */
  async close(): Promise<void> {
    this.#closed.abort()
    await this.#writing
    await this.#writeAll()
  }

  #write(): void {
    this.#writing ??= this.#writeLater().finally(() => {
      this.#writing = null
      if (!this.#closed.signal.aborted && (this.#rows.size > 0 || this.#claims.length > 0)) this.#write()
    })
  }

  async #writeLater(): Promise<void> {
    await rest(GATHER_MS, this.#closed.signal)
    if (!(await this.#writeAll())) await rest(AFTER_ERROR_MS, this.#closed.signal)
  }

  async #writeAll(): Promise<boolean> {
    const rows = this.#rows
    const claims = this.#claims
    this.#rows = new Map()
    this.#claims = []
    try {
      for (const [line, some] of rows) await this.#boss.insert(line, inOrder(some))
      for (const line of [TURNS, SHARES] as const) {
        const ended = claims.filter(claim => claim.line === line)
        if (ended.length > 0) await this.#boss.complete(line, ended)
      }
      return true
    } catch (error) {
      this.#onError(error, 'queue')
      // rows are not doubled, and claims that are ended are not ended again
      for (const [line, some] of rows) this.#rows.set(line, [...some, ...(this.#rows.get(line) ?? [])])
      this.#claims.unshift(...claims)
      return false
    }
  }
}
