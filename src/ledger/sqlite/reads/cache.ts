import { SmallCache } from '../../../model/small-cache.ts'
import type { Database } from '../database.ts'

/**
 * Rows that are asked for again and again (the token of every request, the job of every poll), kept until anything is committed, by this process or another:
 * SQLite's data_version tells. It is asked once a turn of the event loop, so that polls by the thousand between two commits cost one read.
 */
export class ReadCache {
  readonly #db: Database
  readonly #kept = new SmallCache<unknown>()
  #version: unknown = null
  #checked = false

  constructor(db: Database) {
    this.#db = db
  }

  /** What `load` gave for this key since the last commit, or gives now. */
  get<T extends object | null>(key: string, load: () => T): T {
    this.#check()
    const kept = this.#kept.get(key)
    if (kept !== undefined) return kept as T
    const value = load()
    this.#kept.set(key, value)
    return value
  }

  /** A commit has come back: whoever waited for it must see what it wrote, still in this turn. */
  expire(): void {
    this.#checked = false
  }

  #check(): void {
    if (this.#checked) return
    this.#checked = true
    setImmediate(() => this.expire())
    const version = this.#db.get('PRAGMA data_version')?.['data_version']
    if (version === this.#version) return
    this.#version = version
    this.#kept.clear()
  }
}
