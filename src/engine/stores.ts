import { WaybillError } from '../model/errors.ts'
import type { BlobStore } from '../ports/blob-store.ts'
import type { Place } from '../ports/place.ts'

/** The stores of this server by name, managed ones and places; the first managed one is where collections go that do not say. */
export class Stores {
  readonly #stores: ReadonlyMap<string, BlobStore>
  readonly #places: ReadonlyMap<string, Place>

  constructor(stores: readonly BlobStore[], places: readonly Place[] = []) {
    this.#stores = new Map(stores.map(store => [store.name, store]))
    this.#places = new Map(places.map(place => [place.name, place]))
  }

  /** The managed store of that name. Throws `invalid_request` with the names there are. */
  named(name?: string): BlobStore {
    const store = name === undefined ? this.all()[0] : this.#stores.get(name)
    if (store !== undefined) return store
    throw this.#unknown(name)
  }

  /** The place of that name. Throws `invalid_request`, with the names there are where none is that. */
  place(name: string): Place {
    const place = this.#places.get(name)
    if (place !== undefined) return place
    if (this.#stores.has(name))
      throw new WaybillError('invalid_request', `the store ${JSON.stringify(name)} is managed by this server, and not attached as the collection says`)
    throw this.#unknown(name)
  }

  isPlace(name: string | undefined): name is string {
    return name !== undefined && this.#places.has(name)
  }

  all(): readonly BlobStore[] {
    return [...this.#stores.values()]
  }

  places(): readonly Place[] {
    return [...this.#places.values()]
  }

  #unknown(name: string | undefined): WaybillError {
    const names = [...this.#stores.keys(), ...this.#places.keys()].join(', ')
    return new WaybillError('invalid_request', `there is no store ${JSON.stringify(name)}; this server has ${names}`)
  }
}
