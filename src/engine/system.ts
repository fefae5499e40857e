import type { Clock } from '../ports/clock.ts'
import type { Ledger } from '../ports/ledger.ts'
import type { LedgerNode, QueueFigures } from '../ports/system-ledger.ts'
import type { StoreHealth, System, SystemState } from './api.ts'
import type { Stores } from './stores.ts'

/** Figures are asked of the ledger once in this time, however many ask for them. */
const FIGURES_MS = 1_000
/** Stores are tried once in this time: a try writes, reads and deletes some bytes. */
const HEALTH_MS = 10_000
/** How long a store may take to answer before it counts as not healthy. */
export const ANSWER_MS = 3_000

/** What can be asked for its health. */
interface Healthy {
  readonly name: string
  health(): Promise<void>
}

/** What the server is made of and how it fares, for those who look after it. Who asks often costs no more than who asks once a second. */
export class SystemService implements System {
  readonly #ledger: Ledger
  readonly #figures: Kept<{ readonly nodes: readonly LedgerNode[]; readonly queue: QueueFigures }>
  readonly #tries: readonly StoreTries[]

  constructor({ ledger, stores, clock }: { readonly ledger: Ledger; readonly stores: Stores; readonly clock: Clock }) {
    this.#ledger = ledger
    this.#figures = new Kept(clock, FIGURES_MS, async () => {
      const [nodes, queue] = await Promise.all([ledger.nodes(), ledger.queueFigures()])
      return { nodes, queue }
    })
    this.#tries = [...stores.all(), ...stores.places()].map(store => new StoreTries(store, clock))
  }

  async state(): Promise<SystemState> {
    const [figures, stores] = await Promise.all([this.#figures.get(), Promise.all(this.#tries.map(each => each.health()))])
    const { kind, schema } = this.#ledger
    return { ledger: { kind, schema }, ...figures, stores }
  }
}

/** A value that is asked for anew when it is older than `ms`, and once for all who want it meanwhile. A failure is kept for nobody. */
class Kept<T> {
  readonly #clock: Clock
  readonly #ms: number
  readonly #ask: () => Promise<T>
  #asking: Promise<T> | null = null
  #last: { readonly value: T; readonly at: number } | null = null

  constructor(clock: Clock, ms: number, ask: () => Promise<T>) {
    this.#clock = clock
    this.#ms = ms
    this.#ask = ask
  }

  async get(): Promise<T> {
    if (this.#last !== null && Math.abs(this.#clock.now() - this.#last.at) < this.#ms) return this.#last.value
    this.#asking ??= this.#askNow()
    return this.#asking
  }

  async #askNow(): Promise<T> {
    try {
      const value = await this.#ask()
      this.#last = { value, at: this.#clock.now() }
      return value
    } finally {
      this.#asking = null
    }
  }
}

/** Tries a store, never twice at once: one that does not answer is not asked again until it has, and is told to be silent meanwhile. */
class StoreTries {
  readonly #name: string
  readonly #clock: Clock
  readonly #outcome: Kept<string | null>
  /** When the try under way began. */
  #began: number | null = null

  constructor(store: Healthy, clock: Clock) {
    this.#name = store.name
    this.#clock = clock
    this.#outcome = new Kept(clock, HEALTH_MS, async () => {
      this.#began = clock.now()
      const fault = await faultOf(store)
      this.#began = null
      return fault
    })
  }

  async health(): Promise<StoreHealth> {
    const waiting = new AbortController()
    const waited = this.#began === null ? 0 : this.#clock.now() - this.#began
    const silent = this.#clock.sleep(Math.max(0, ANSWER_MS - waited), waiting.signal).then(() => `it has not answered within ${ANSWER_MS / 1000} s`)
    const error = await Promise.race([this.#outcome.get(), silent])
    waiting.abort()
    return { name: this.#name, healthy: error === null, error }
  }
}

/** Why a store does not work, in a sentence; null when it does. */
async function faultOf(store: Healthy): Promise<string | null> {
  try {
    await store.health()
    return null
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}
