import { WaybillError } from '../../model/errors.ts'
import type { Clock } from '../../ports/clock.ts'

/** How long a reader waits for a place: most reports are open for some milliseconds, and those who poll by reports come by the dozen. */
const PATIENCE_MS = 10_000

/** Of the places one reader may have a quarter: who reads slowly, or not at all, keeps only themselves waiting. */
const EACH_OF = 4

/** So many reports may be read at once; others wait in line, first come, first served, of those who may have one. */
export class Places {
  readonly #most: number
  readonly #mostEach: number
  readonly #clock: Clock
  /** Readers in line for a free place: who has come first and may have one. */
  readonly #waiting: { readonly reader: string | null; readonly go: () => void }[] = []
  /** How many places each reader has. */
  readonly #held = new Map<string, number>()
  #taken = 0

  constructor(most: number, clock: Clock) {
    this.#most = most
    this.#mostEach = Math.ceil(most / EACH_OF)
    this.#clock = clock
  }

  /** Takes a place, or waits for one that becomes free; `reader` null: a reader without a name, for whom only all places count. Throws `unavailable` when none does in time. */
  async take(reader: string | null): Promise<void> {
    if (this.#mayHave(reader)) {
      this.#give(reader)
      return
    }
    const { promise, resolve } = Promise.withResolvers<void>()
    const inTime = new AbortController()
    const go = (): void => {
      inTime.abort()
      resolve()
    }
    const waiter = { reader, go }
    this.#waiting.push(waiter)
    await Promise.race([promise, this.#clock.sleep(PATIENCE_MS, inTime.signal)])
    if (inTime.signal.aborted) return
    this.#waiting.splice(this.#waiting.indexOf(waiter), 1)
    const most = this.#taken < this.#most ? `${this.#mostEach} reports of yours` : `${this.#most} reports`
    throw new WaybillError('unavailable', `${most} are being read already; ask again shortly`, { retryAfterSeconds: 5 })
  }

  /** Gives back a place that this reader took: it goes to whoever waits longest of those who may have one. */
  leave(reader: string | null): void {
    this.#taken -= 1
    if (reader !== null) this.#forget(reader)
    const next = this.#waiting.findIndex(waiter => this.#mayHave(waiter.reader))
    for (const waiter of next === -1 ? [] : this.#waiting.splice(next, 1)) {
      this.#give(waiter.reader)
      waiter.go()
    }
  }

  #mayHave(reader: string | null): boolean {
    return this.#taken < this.#most && (reader === null || (this.#held.get(reader) ?? 0) < this.#mostEach)
  }

  #give(reader: string | null): void {
    this.#taken += 1
    if (reader !== null) this.#held.set(reader, (this.#held.get(reader) ?? 0) + 1)
  }

  #forget(reader: string): void {
    const left = (this.#held.get(reader) ?? 0) - 1
    if (left > 0) this.#held.set(reader, left)
    else this.#held.delete(reader)
  }
}
