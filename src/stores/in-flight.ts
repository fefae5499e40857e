import type { ByteBudget } from './byte-budget.ts'

/** Parts of one body that are sent beside each other, as many as a store's budget of bytes lets. The first failure stops the others. */
export class InFlight {
  readonly #budget: ByteBudget | null
  readonly #stopped = new AbortController()
  readonly #running = new Set<Promise<void>>()
  #failure: { readonly error: unknown } | null = null

  /** Null where the parts have their memory from the budget already. */
  constructor(budget: ByteBudget | null) {
    this.#budget = budget
  }

  /** Begins to send a part; waits while too many bytes are under way. Throws what an earlier part failed with. */
  async begin(bytes: number, send: (signal: AbortSignal) => Promise<void>): Promise<void> {
    await this.#budget?.take(bytes)
    const sending = send(this.#stopped.signal)
      .catch((error: unknown) => {
        this.#failure ??= { error }
        this.#stopped.abort()
      })
      .finally(() => {
        this.#budget?.giveBack(bytes)
        this.#running.delete(sending)
      })
    this.#running.add(sending)
    this.#throwFailure()
  }

  /** Resolves when every part is sent. Throws what one failed with. */
  async all(): Promise<void> {
    await Promise.all(this.#running)
    this.#throwFailure()
  }

  /** Resolves when nothing runs any more, whatever became of it. */
  async settled(): Promise<void> {
    await Promise.all(this.#running)
  }

  /** Ends what runs; resolves when nothing does. */
  async stop(): Promise<void> {
    this.#stopped.abort()
    await Promise.all(this.#running)
  }

  #throwFailure(): void {
    if (this.#failure !== null) throw this.#failure.error
  }
}
