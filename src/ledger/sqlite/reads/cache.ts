import type { Database } from '../database.ts'

/** Most rows kept at once: what is asked again and again comes back after each new beginning, and whoever asks once for each of many jobs fills no memory. */
const MOST = 64

/**
 * Rows that are asked for again and again (the token of every request, the job of every poll), kept until anything is committed, by this process or another:
 * SQLite's data_version tells. It is asked once a turn of the event loop, so that polls by the thousand between two commits cost one read.
 */
export class ReadCache {
  readonly #db: Database
  /** Begun anew, not emptied: tables of an emptied map hold on to those after them, and all that they hold grows old (V8's young collections free none of it). */
  #kept = new Map<string, unknown>()
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
    if (this.#kept.size >= MOST) this.#kept = new Map()
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
    this.#kept = new Map()
  }
}
