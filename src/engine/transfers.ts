import { addAbortSignal, type Readable } from 'node:stream'
import type { Blob, BlobSource, BlobStore } from '../ports/blob-store.ts'
import type { Clock } from '../ports/clock.ts'
import { Bandwidth, throttled } from './bandwidth.ts'
import { Slots } from './slots.ts'

/** How much jobs may ask of a store. */
export interface Traffic {
  /** Blobs that are copied from it or to it at once, by all jobs together. */
  readonly transfers: number
  /** Bytes a second that go from it or to it, all jobs together; null: as many as can. */
  readonly bandwidth: number | null
}

/** Services answer after some 20 to 100 ms: fewer at once would mostly wait for them. */
export const USUAL_TRAFFIC: Traffic = { transfers: 16, bandwidth: null }

interface Lane {
  readonly slots: Slots
  readonly bandwidth: Bandwidth | null
}

/** Copies between stores of all turns of this process, kept to what each store may be asked. */
export class Transfers {
  readonly #clock: Clock
  readonly #traffic: ReadonlyMap<string, Traffic>
  readonly #lanes = new Map<string, Lane>()

  /** Stores that are not in the map have the usual traffic. */
  constructor(clock: Clock, traffic: ReadonlyMap<string, Traffic> = new Map()) {
    this.#clock = clock
    this.#traffic = traffic
  }

  /** How many copies between the two may run at once. */
  most(...stores: readonly string[]): number {
    return Math.min(...stores.map(store => this.#trafficOf(store).transfers))
  }

  /** Does the work when both stores (which may be one) have a slot free. */
  async run<T>(stores: readonly string[], work: () => Promise<T>): Promise<T> {
    // always in the same order, or two copies in opposite directions could wait for each other for ever
    const lanes = [...new Set(stores)].toSorted().map(store => this.#lane(store))
    for (const { slots } of lanes) await slots.take()
    try {
      return await work()
    } finally {
      for (const { slots } of lanes) slots.giveBack()
    }
  }

  /** A blob of one store on its way to another, no faster than both may; what is read of it ends with an error when the signal aborts. */
  source(from: BlobStore, to: string, { sha256, size }: Blob, signal: AbortSignal): BlobSource {
    const open = async (at: number): Promise<Readable> => {
      const body = await (at === 0 ? from.get(sha256) : from.get(sha256, { start: at, end: size }))
      return this.limited(body, [from.name, to], signal)
    }
    return { sha256, size, open }
  }

  /** A body on its way between stores, no faster than they may; it ends with an error when the signal aborts. Destroying the result destroys the body. */
  limited(body: Readable, stores: readonly string[], signal: AbortSignal): Readable {
    addAbortSignal(signal, body)
    const limits = stores.map(store => this.#lane(store).bandwidth).filter(limit => limit !== null)
    return heard(limits.length === 0 ? body : throttled(body, limits, signal))
  }

  #trafficOf(store: string): Traffic {
    return this.#traffic.get(store) ?? USUAL_TRAFFIC
  }

  #lane(store: string): Lane {
    let lane = this.#lanes.get(store)
    if (lane === undefined) {
      const { transfers, bandwidth } = this.#trafficOf(store)
      lane = { slots: new Slots(transfers), bandwidth: bandwidth === null ? null : new Bandwidth(bandwidth, this.#clock) }
      this.#lanes.set(store, lane)
    }
    return lane
  }
}

/** A body that breaks while nobody reads it must not end the process: the next read hears of it. */
function heard(body: Readable): Readable {
  return body.on('error', (error: unknown) => error)
}
