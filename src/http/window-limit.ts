import { WaybillError } from '../model/errors.ts'
import type { Clock } from '../ports/clock.ts'

interface Window {
  count: number
  /** By the steady clock: a caller is not held up for as long as somebody has set the other one back. */
  readonly ends: number
}

/** How a caller stands: how many requests a window allows, how many are left, and when the window ends (epoch milliseconds). */
export interface Standing {
  readonly limit: number
  readonly remaining: number
  readonly endsAt: number
}

/** Above this many callers, windows that are over are dropped. */
const SWEEP_ABOVE = 10_000

/**
 * At most `limit` requests a caller in a window of `windowMs`, which begins with the first: for dialects whose clients are told how many are left and when
 * they may go on. It comes on top of the server's own limit (rate-limit.ts), for those dialects alone. Windows live in this process.
 */
export class WindowLimiter {
  readonly #clock: Clock
  readonly #limit: number
  readonly #windowMs: number
  readonly #windows = new Map<string, Window>()

  constructor(clock: Clock, limit: number, windowMs: number) {
    this.#clock = clock
    this.#limit = limit
    this.#windowMs = windowMs
  }

  /** Takes one request of `key`. Throws `rate_limited`, with the seconds until the window ends, when none is left. */
  take(key: string): void {
    const window = this.#window(key)
    if (window.count >= this.#limit) {
      const seconds = Math.max(1, Math.ceil((window.ends - this.#clock.steady()) / 1000))
      const detail = `more than ${this.#limit} requests in ${Math.round(this.#windowMs / 1000)} s; try again in ${seconds} s`
      throw new WaybillError('rate_limited', detail, { retryAfterSeconds: seconds })
    }
    window.count += 1
    this.#windows.set(key, window)
  }

  /** How `key` stands, without taking a request. */
  standing(key: string): Standing {
    const { count, ends } = this.#window(key)
    return { limit: this.#limit, remaining: this.#limit - count, endsAt: Math.round(this.#clock.now() + ends - this.#clock.steady()) }
  }

  /** The caller's present window; a new one is kept only by a request that is taken. */
  #window(key: string): Window {
    const now = this.#clock.steady()
    const window = this.#windows.get(key)
    if (window !== undefined && window.ends > now) return window
    if (this.#windows.size >= SWEEP_ABOVE) this.#sweep(now)
    return { count: 0, ends: now + this.#windowMs }
  }

  #sweep(now: number): void {
    for (const [key, { ends }] of this.#windows) if (ends <= now) this.#windows.delete(key)
  }
}
