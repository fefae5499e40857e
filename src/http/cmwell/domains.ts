import type { Engine } from '../../engine/api.ts'
import type { Caller } from '../../model/access.ts'
import { WaybillError, isWaybillError } from '../../model/errors.ts'
import type { NewDomains } from './new-domains.ts'

/** More in one document are a mistake rather than a wish. */
const MOST_NEW = 100

/**
 * Which collections one request may write. One that nobody has is made for the caller, who owns it then: clients of the protocol write to a domain without
 * making it first. `undo` takes back what was made for a request that is refused after all, unless others rely on it; `keep` ends one that was accepted.
 */
export class Domains {
  readonly #engine: Engine
  readonly #caller: Caller | null
  readonly #rehearsal: boolean
  readonly #known = new Map<string, boolean>()
  readonly #news: NewDomains
  readonly #held = new Set<string>()
  #made = 0

  /** `caller` null: nobody, who may write nothing. `rehearsal`: nothing is made. */
  constructor(engine: Engine, news: NewDomains, caller: Caller | null, rehearsal: boolean) {
    this.#engine = engine
    this.#news = news
    this.#caller = caller
    this.#rehearsal = rehearsal
  }

  async mayWrite(collection: string): Promise<boolean> {
    const known = this.#known.get(collection)
    if (known !== undefined) return known
    const may = this.#caller !== null && (await this.#lookUp(this.#caller, collection))
    this.#known.set(collection, may)
    return may
  }

  async keep(): Promise<void> {
    await this.#release(true)
  }

  async undo(): Promise<void> {
    await this.#release(false)
  }

  async #release(stays: boolean): Promise<void> {
    const held = [...this.#held]
    this.#held.clear()
    for (const collection of held) await this.#news.release(collection, stays)
  }

  async #lookUp(caller: Caller, collection: string): Promise<boolean> {
    if (!this.#rehearsal) {
      await this.#news.hold(collection)
      this.#held.add(collection)
    }
    return this.#ask(caller, collection)
  }

  async #ask(caller: Caller, collection: string): Promise<boolean> {
    try {
      await this.#engine.collections.get(caller, collection, 'readwrite')
      return true
    } catch (error) {
      if (isWaybillError(error, 'insufficient_role')) return false
      if (!isWaybillError(error, 'collection_not_found')) throw error
    }
    return (await this.#engine.collections.isFree(collection)) && this.#make(caller, collection)
  }

  async #make(caller: Caller, collection: string): Promise<boolean> {
    if (this.#rehearsal) return true
    if (this.#made === MOST_NEW) {
      throw new WaybillError('too_many_items', `the document begins more than ${MOST_NEW} new domains; make their collections first, or send it in parts`)
    }
    try {
      await this.#engine.collections.create(caller, { id: collection, addressable: true })
    } catch (error) {
      // somebody else was quicker: it is theirs, and what the caller may do there is asked anew
      if (isWaybillError(error, 'collection_exists')) return this.#ask(caller, collection)
      throw error
    }
    this.#made += 1
    this.#news.made(collection, caller)
    return true
  }
}
