import { WaybillError } from '../../model/errors.ts'
import type { Clock } from '../../ports/clock.ts'

/** How long a reader waits for a place: most reports are open for some milliseconds, and those who poll by reports come by the dozen. */
const PATIENCE_MS = 10_000

/** So many reports may be read at once; others wait in line, first come, first served. */
export class Places {
  readonly #most: number
  readonly #clock: Clock
  readonly #waiting: (() => void)[] = []
  #taken = 0

  constructor(most: number, clock: Clock) {
    this.#most = most
    this.#clock = clock
  }

  /** Takes a place, or waits for one that becomes free. Throws `unavailable` when none does in time. */
  async take(): Promise<void> {
    if (this.#taken < this.#most) {
      this.#taken += 1
      return
    }
    const { promise, resolve } = Promise.withResolvers<void>()
    const inTime = new AbortController()
    const take = (): void => {
      inTime.abort()
      resolve()
    }
    this.#waiting.push(take)
    await Promise.race([promise, this.#clock.sleep(PATIENCE_MS, inTime.signal)])
    if (inTime.signal.aborted) return
    this.#waiting.splice(this.#waiting.indexOf(take), 1)
    throw new WaybillError('unavailable', `${this.#most} reports are being read already; ask again shortly`, { retryAfterSeconds: 5 })
  }

  /** The place goes to whoever waits longest. */
  leave(): void {
    const next = this.#waiting.shift()
    if (next === undefined) this.#taken -= 1
    else next()
  }
}
