import { openClaimed, type RestoredLedger } from './administration.ts'
import type { Config } from './config.ts'
import { openStores } from './open-stores.ts'
import type { BlobStore } from './ports/blob-store.ts'
import type { Clock } from './ports/clock.ts'
import { directoryOf, storesOf } from './store-config.ts'
import { systemClock } from './system/clock.ts'

/** Whose bytes are looked for: of stores in directories of this machine, of buckets and containers too, or of none. */
export type BlobCheck = 'local' | 'all' | 'none'

/** Stores are asked for so many blobs at once. */
const ASKED_AT_ONCE = 32
/** Missing blobs that are named; of the others there is a number. */
const NAMED = 20

/** What is missing in a store: bytes that versions of files name. `places`: the first of them, a file each, as collection:path. */
export interface StoreCheck {
  readonly store: string
  readonly where: string | null
  readonly blobs: number
  readonly missing: number
  readonly places: readonly string[]
}

export interface Restored extends RestoredLedger {
  readonly stores: readonly StoreCheck[]
  /** Stores with collections that were not looked into: of another kind than was asked for, or not in the configuration. */
  readonly unchecked: readonly string[]
}

/**
 * Restores the ledger of a data directory from a backup, and looks for the bytes that it names: those that were deleted since are gone. No server can start meanwhile.
 * Throws as `restoreLedger` does, and `unavailable` while a server works on the directory.
 */
export async function restore(
  config: Config,
  file: string,
  options: { readonly force: boolean; readonly blobs: BlobCheck; readonly progress: (looked: number) => void },
  clock: Clock = systemClock,
): Promise<Restored> {
  const directory = openClaimed(config.data)
  try {
    const facts = directory.restore(file, { force: options.force, now: clock.now() })
    const stores = options.blobs === 'none' ? [] : await storesToCheck(config, options.blobs, clock)
    const checks = new Map(stores.map(store => [store.name, new Check(store, whereOf(config, store.name))]))
    const unchecked = new Set<string>()
    let looked = 0
    let batch: Promise<void>[] = []
    for (const { store, digest, place } of directory.namedBlobs()) {
      const check = checks.get(store)
      if (check === undefined) unchecked.add(store)
      else batch.push(check.look(digest, place))
      options.progress(++looked)
      if (batch.length < ASKED_AT_ONCE) continue
      await Promise.all(batch)
      batch = []
    }
    await Promise.all(batch)
    return { ...facts, stores: [...checks.values()].map(check => check.found()), unchecked: [...unchecked] }
  } finally {
    directory.release()
  }
}

async function storesToCheck(config: Config, blobs: BlobCheck, clock: Clock): Promise<BlobStore[]> {
  const wanted = storesOf(config).filter(([, { kind }]) => blobs === 'all' || kind === 'local')
  return wanted.length === 0 ? [] : openStores({ ...config, stores: Object.fromEntries(wanted), defaultStore: null }, clock)
}

/** The directory of a local store; null for another one. */
function whereOf(config: Config, name: string): string | null {
  const store = storesOf(config).find(([each]) => each === name)?.[1]
  return store?.kind === 'local' ? directoryOf(config.data, name, store) : null
}

class Check {
  readonly #store: BlobStore
  readonly #where: string | null
  readonly #places: string[] = []
  #blobs = 0
  #missing = 0

  constructor(store: BlobStore, where: string | null) {
    this.#store = store
    this.#where = where
  }

  async look(digest: string, place: string): Promise<void> {
    this.#blobs += 1
    if ((await this.#store.stat(digest)) !== null) return
    this.#missing += 1
    if (this.#places.length < NAMED) this.#places.push(place)
  }

  found(): StoreCheck {
    return { store: this.#store.name, where: this.#where, blobs: this.#blobs, missing: this.#missing, places: this.#places }
  }
}
