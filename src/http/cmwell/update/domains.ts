import type { Engine } from '../../../engine/api.ts'
import type { Caller } from '../../../model/access.ts'
import { WaybillError, isWaybillError } from '../../../model/errors.ts'

/** More in one document are a mistake rather than a wish. */
const MOST_NEW = 100

/**
 * Which collections one request may write. One that nobody has becomes the caller's, who owns it then: clients of the protocol write to a domain without
 * making it first. Nothing is made before `ready`, and `undo` takes back what was made for a request that is refused after all.
 */
export class Domains {
  readonly #engine: Engine
  readonly #caller: Caller | null
  readonly #known = new Map<string, boolean>()
  readonly #new = new Set<string>()
  readonly #made: string[] = []

  /** `caller` null: nobody, who may write nothing. */
  constructor(engine: Engine, caller: Caller | null) {
    this.#engine = engine
    this.#caller = caller
  }

  async mayWrite(collection: string): Promise<boolean> {
    const known = this.#known.get(collection)
    if (known !== undefined) return known
    const may = this.#caller !== null && (await this.#ask(this.#caller, collection))
    this.#known.set(collection, may)
    return may
  }

  /** True while the collection is still to be made. */
  isNew(collection: string): boolean {
    return this.#new.has(collection)
  }

  /** Makes the new ones. Throws `unavailable` when somebody else was quicker with one, and does not let the caller write: sent again, the request is refused as any. */
  async ready(): Promise<void> {
    for (const collection of this.#new) {
      if (this.#caller !== null) await this.#make(this.#caller, collection)
      this.#new.delete(collection)
    }
  }

  /** A collection that another request of the caller's names by now stays. */
  async undo(): Promise<void> {
    for (const collection of this.#made.splice(0)) {
      if (this.#caller === null) continue
      const { items } = await this.#engine.jobs.listForCollection(this.#caller, collection, {}, { limit: 1 })
      if (items.length === 0) await this.#remove(this.#caller, collection)
    }
  }

  async #remove(caller: Caller, collection: string): Promise<void> {
    try {
      await this.#engine.collections.remove(caller, collection)
    } catch (error) {
      // something came in by another way: it stays
      if (!isWaybillError(error, 'collection_not_empty') && !isWaybillError(error, 'collection_not_found')) throw error
    }
  }

  async #ask(caller: Caller, collection: string): Promise<boolean> {
    if (await this.#lets(caller, collection)) return true
    // taken meanwhile: perhaps by another request of the same caller
    if (!(await this.#engine.collections.isFree(collection))) return this.#lets(caller, collection)
    this.#new.add(collection)
    if (this.#new.size + this.#made.length > MOST_NEW) {
      throw new WaybillError('too_many_items', `the document begins more than ${MOST_NEW} new domains; make their collections first, or send it in parts`)
    }
    return true
  }

  /** True when the collection is there and the caller may write it. */
  async #lets(caller: Caller, collection: string): Promise<boolean> {
    try {
      await this.#engine.collections.get(caller, collection, 'readwrite')
      return true
    } catch (error) {
      if (isWaybillError(error, 'insufficient_role') || isWaybillError(error, 'collection_not_found')) return false
      throw error
    }
  }

  async #make(caller: Caller, collection: string): Promise<void> {
    try {
      await this.#engine.collections.create(caller, { id: collection, addressable: true })
      this.#made.push(collection)
    } catch (error) {
      if (!isWaybillError(error, 'collection_exists')) throw error
      if (await this.#lets(caller, collection)) return
      throw new WaybillError('unavailable', `somebody else has just begun the domain ${collection}; nothing was written, send it again`, {}, { cause: error })
    }
  }
}
