import { WaybillError } from '../model/errors.ts'
import type { BlobStore } from '../ports/blob-store.ts'

/** The stores of this server by name; the first is where collections go that do not say. */
export class Stores {
  readonly #stores: ReadonlyMap<string, BlobStore>

  constructor(stores: readonly BlobStore[]) {
    this.#stores = new Map(stores.map(store => [store.name, store]))
  }

  /** The store of that name. Throws `invalid_request` with the names there are. */
  named(name?: string): BlobStore {
    const store = name === undefined ? this.all()[0] : this.#stores.get(name)
    if (store !== undefined) return store
    throw new WaybillError('invalid_request', `there is no store ${JSON.stringify(name)}; this server has ${[...this.#stores.keys()].join(', ')}`)
  }

  all(): readonly BlobStore[] {
    return [...this.#stores.values()]
  }
}
