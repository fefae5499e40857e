import type { Engine } from '../../engine/api.ts'
import type { Caller } from '../../model/access.ts'
import { isWaybillError } from '../../model/errors.ts'

/** A domain that requests are writing to now. */
interface Use {
  holders: number
  /** Who made it, while it was being used. */
  maker: Caller | null
  /** A request that wrote to it was accepted. */
  stays: boolean
}

/**
 * Which domains the requests in flight write to. One that was made for a request which is refused goes again, but not while another request relies on
 * it, and not when one has been accepted.
 */
export class NewDomains {
  readonly #engine: Engine
  readonly #uses = new Map<string, Use>()
  readonly #leaving = new Map<string, Promise<void>>()

  constructor(engine: Engine) {
    this.#engine = engine
  }

  /** To be called before a request looks whether the domain is there; what is just being taken back is gone then. */
  async hold(domain: string): Promise<void> {
    for (let leaving = this.#leaving.get(domain); leaving !== undefined; leaving = this.#leaving.get(domain)) await Promise.allSettled([leaving])
    const use = this.#uses.get(domain) ?? { holders: 0, maker: null, stays: false }
    use.holders += 1
    this.#uses.set(domain, use)
  }

  /** Notes that the domain was made; by one who holds it. */
  made(domain: string, maker: Caller): void {
    const use = this.#uses.get(domain)
    if (use !== undefined) use.maker = maker
  }

  /** Ends what `hold` began. `stays`: the request was accepted. */
  async release(domain: string, stays: boolean): Promise<void> {
    const use = this.#uses.get(domain)
    if (use === undefined) return
    use.holders -= 1
    use.stays ||= stays
    if (use.holders > 0) return
    this.#uses.delete(domain)
    if (use.maker === null || use.stays) return
    const leaving = this.#remove(use.maker, domain).finally(() => this.#leaving.delete(domain))
    this.#leaving.set(domain, leaving)
    await leaving
  }

  async #remove(maker: Caller, domain: string): Promise<void> {
    try {
      await this.#engine.collections.remove(maker, domain)
    } catch (error) {
      // something came in by another way: it stays
      if (!isWaybillError(error, 'collection_not_empty') && !isWaybillError(error, 'collection_not_found')) throw error
    }
  }
}
