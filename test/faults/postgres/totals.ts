import { ask } from '../../support/postgres-database.ts'
import type { Dice } from '../dice.ts'
import type { Storm } from '../storm.ts'
import type { LedgerFault } from './kinds.ts'

/** Deadlocks that the server has found in a database since it last came up. */
export async function deadlocksIn(database: string): Promise<number> {
  const [row] = await ask(database, 'SELECT deadlocks::int AS n FROM pg_stat_database WHERE datname = current_database()')
  return row?.['n'] as number
}

/** What there was in some storms, for whoever lets many of them blow. */
export class Totals {
  readonly #counts = new Map<string, number>()

  add(storm: Storm, dice: Dice<LedgerFault>, deadlocks: number): void {
    this.#count('storms', 1)
    this.#count('jobs', storm.jobs.length)
    this.#count('requests', storm.asking.tries.length)
    this.#count('requests refused', storm.asking.refusals)
    for (const [kind, times] of dice.happened) this.#count(kind, times)
    this.#count('deadlocks in earnest', deadlocks)
  }

  #count(what: string, n: number): void {
    this.#counts.set(what, (this.#counts.get(what) ?? 0) + n)
  }

  toString(): string {
    return [...this.#counts].map(([what, n]) => `${what}: ${n}`).join(', ')
  }
}
