import { Readable } from 'node:stream'
import type { Caller } from '../../src/model/access.ts'
import type { AuditAction } from '../../src/model/audit.ts'
import type { Asking, Outcome } from './asking.ts'
import type { Schedule } from './schedule.ts'
import type { SimulatedDatabase } from './simulated-ledger.ts'

/** How long it is kept who did what. */
export const AUDIT_RETENTION_MS = 6 * 3_600_000
/** Clocks of servers are apart, and upkeep comes when it comes. */
const SLACK_MS = 120_000
const BOB: Caller = { subject: 'bob', scopes: new Set(), tokenId: 'token of bob' }
const COLLECTION = 'near2'

/** Something that was asked for; its path is its own. */
interface KnownDeed {
  readonly action: AuditAction
  readonly path: string
  readonly askedAt: number
  readonly outcome: Outcome<unknown>['is']
}

const RECORDS = `SELECT action, path, subject, token, collection_id FROM audit WHERE path LIKE 'deeds/%'`

/** Files that are put and removed by callers, each of which is recorded once when it is done, and never when it is not. */
export class SimulatedDeeds {
  readonly #known: KnownDeed[] = []
  #paths = 0
  readonly #asking: Asking
  readonly #database: SimulatedDatabase
  readonly #schedule: Schedule

  constructor(parts: { asking: Asking; database: SimulatedDatabase; schedule: Schedule }) {
    this.#asking = parts.asking
    this.#database = parts.database
    this.#schedule = parts.schedule
  }

  /** Puts a file, or not, and perhaps removes it: what is not there cannot be. */
  async act(): Promise<void> {
    const { random } = this.#asking
    const path = `deeds/${this.#paths++}`
    const put = (): Promise<unknown> => this.#do('entry.put', path, engine => engine.entries.put(BOB, COLLECTION, path, Readable.from([Buffer.from(path)]), {}))
    if (random.chance(0.8)) await put()
    if (random.chance(0.5)) await this.#do('entry.delete', path, engine => engine.entries.remove(BOB, COLLECTION, path))
  }

  /** Returns how many deeds were looked at. */
  check(): number {
    const records = new Map<string, number>()
    for (const row of this.#database.db.all(RECORDS)) {
      const name = `${String(row['action'])} ${String(row['path'])}`
      records.set(name, (records.get(name) ?? 0) + 1)
      if (row['subject'] !== BOB.subject || row['token'] !== BOB.tokenId || row['collection_id'] !== COLLECTION) throw new Error(`audit: ${name} names another`)
    }
    for (const { action, path, askedAt, outcome } of this.#known) {
      const n = records.get(`${action} ${path}`) ?? 0
      const isKept = this.#schedule.now - askedAt < AUDIT_RETENTION_MS - SLACK_MS
      const least = outcome === 'done' && isKept ? 1 : 0
      const most = outcome === 'refused' ? 0 : 1
      if (n < least || n > most) throw new Error(`audit: ${action} ${path} is ${outcome}, and has ${n} records`)
    }
    const late = this.#database.db.get('SELECT at FROM audit WHERE at < :before LIMIT 1', { before: this.#schedule.now - AUDIT_RETENTION_MS - SLACK_MS })
    if (late !== undefined) throw new Error('audit: a record has outlived its time')
    return this.#known.length
  }

  async #do(action: AuditAction, path: string, call: Parameters<Asking['ask']>[0]): Promise<void> {
    const askedAt = this.#schedule.now
    const { is: outcome } = await this.#asking.ask(call)
    this.#known.push({ action, path, askedAt, outcome })
  }
}
