import { EVENT_TYPES, type EventType, type JobEvent } from '../../src/model/event.ts'
import { SecretBox } from '../../src/engine/webhooks/secrets.ts'
import { MOST_WEBHOOKS } from '../../src/model/webhook.ts'
import { isWaybillError } from '../../src/model/errors.ts'
import { lastEvent } from '../../src/ledger/sqlite/reads/jobs.ts'
import type { Ids } from '../../src/ports/clock.ts'
import type { Random } from '../support/random.ts'
import type { Schedule } from './schedule.ts'
import type { SimulatedDatabase } from './simulated-ledger.ts'

/** What the secrets of hooks are kept with, and the one that all of them have. */
export const SIGNING_KEY = 'a key of simulations that is long enough'
export const SECRET = Buffer.alloc(24, 7)
/** More of them would make each event many deliveries, and show no more. */
const MOST_LIVE = Math.min(5, MOST_WEBHOOKS)

/** A hook that was made, and what became of it as far as could be seen from outside. */
export interface KnownHook {
  readonly id: string
  readonly url: string
  readonly collection: string | null
  readonly job: string | null
  readonly events: ReadonlySet<EventType>
  /** The newest event when it was made: of a collection only later ones are told. */
  readonly since: number
  isDeleted: boolean
  /** It was told no more for a while, or for good: what happened meanwhile is not told. */
  wasDisabled: boolean
  /** Its receiver has answered 410, now or before. */
  wantsNothing: boolean
  /** Since when nothing was delivered, in virtual time: the last delivery, the making, or when it was enabled. */
  quietSince: number
  /** The ids under which events arrived, by their numbers. */
  readonly received: Map<number, string>
  /** When an event was tried first without success. */
  readonly triedAt: Map<number, number>
  /** Events that were settled for good, and how. */
  readonly settled: Map<number, 'delivered' | 'abandoned' | 'withheld'>
}

/** Makes hooks, enables and removes them at random, and knows what each must be told. */
export class SimulatedHooks {
  readonly all = new Map<string, KnownHook>()
  readonly #random: Random
  readonly #database: SimulatedDatabase
  readonly #schedule: Schedule
  readonly #ids: Ids
  readonly #secrets = new SecretBox(SIGNING_KEY)

  constructor(parts: { random: Random; database: SimulatedDatabase; schedule: Schedule; ids: Ids }) {
    this.#random = parts.random
    this.#database = parts.database
    this.#schedule = parts.schedule
    this.#ids = parts.ids
  }

  /** Makes one of a collection, or of one of these jobs; takes another away; tries one again. */
  act(jobs: readonly { readonly id: string }[]): void {
    const live = [...this.all.values()].filter(hook => !hook.isDeleted)
    const how = live.length === 0 ? 'create' : this.#random.pick(['create', 'create', 'enable', 'delete'] as const)
    if (how === 'enable') this.#enable(this.#random.pick(live))
    else if (how === 'delete' || live.length >= MOST_LIVE) this.#delete(this.#random.pick(live))
    else this.#create(jobs)
  }

  /** All that is still there is tried again at once. */
  enableAll(): void {
    for (const hook of this.all.values()) if (!hook.isDeleted) this.#enable(hook)
  }

  of(id: string): KnownHook {
    const hook = this.all.get(id)
    if (hook === undefined) throw new Error(`webhook: ${id} was never made`)
    return hook
  }

  #create(jobs: readonly { readonly id: string }[]): void {
    const job = jobs.length > 0 && this.#random.chance(0.5) ? this.#random.pick(jobs.slice(-5)).id : null
    const collection = job === null ? this.#random.pick(['near', 'near2', 'far']) : null
    const events = this.#random.chance(0.5) ? EVENT_TYPES : [this.#random.pick(EVENT_TYPES), 'job.finished' as const]
    const [id, url] = [this.#ids.uuid(), `https://receiver.example/${this.all.size}`]
    const since = lastEvent(this.#database.db)
    const wish = { id, url, collection, job, events: [...new Set(events)], secret: this.#secrets.seal(id, SECRET), createdBy: 'alice' }
    if (!this.#isDone(() => this.#database.transact('createWebhook', this.#schedule.now, wish))) return
    const unseen = { isDeleted: false, wasDisabled: false, wantsNothing: false, quietSince: this.#schedule.now }
    this.all.set(id, { id, url, collection, job, events: new Set(events), since, ...unseen, received: new Map(), triedAt: new Map(), settled: new Map() })
  }

  #enable(hook: KnownHook): void {
    if (!this.#isDone(() => this.#database.transact('enableWebhook', this.#schedule.now, hook.id))) return
    hook.quietSince = this.#schedule.now
    hook.triedAt.clear()
  }

  #delete(hook: KnownHook): void {
    if (this.#isDone(() => this.#database.transact('deleteWebhook', this.#schedule.now, hook.id))) hook.isDeleted = true
  }

  /** False: refused, as a hook is that went with its job, or one of a job that has expired. */
  #isDone(call: () => void): boolean {
    try {
      call()
      return true
    } catch (error) {
      if (!isWaybillError(error, 'webhook_not_found') && !isWaybillError(error, 'job_expired')) throw error
      return false
    }
  }
}

/** Whether a hook is to be told of an event; `collections`: those that the event's job names. */
export function mustTell(hook: KnownHook, { id, type, job }: Pick<JobEvent, 'id' | 'type' | 'job'>, collections: ReadonlySet<string>): boolean {
  if (!hook.events.has(type)) return false
  return hook.collection === null ? hook.job === job : id > hook.since && collections.has(hook.collection)
}
