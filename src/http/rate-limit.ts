import type { Clock } from '../ports/clock.ts'

interface Bucket {
  tokens: number
  at: number
}

/** Above this many callers, full buckets are dropped: a full one says the same as none. */
const SWEEP_ABOVE = 10_000

/**
 * A token bucket a caller: at most `perMinute` requests at once, refilled evenly over a minute.
 * Buckets live in this process: each node counts for itself.
 */
export class RateLimiter {
  readonly #clock: Clock
  readonly #perMinute: number
  readonly #buckets = new Map<string, Bucket>()

  constructor(clock: Clock, perMinute: number) {
    this.#clock = clock
    this.#perMinute = perMinute
  }

  /** Takes one request of `key`. Returns 0 when it may pass, else the seconds (whole, 1 or more) until the next one may. */
  take(key: string): number {
    const bucket = this.#refilled(key)
    if (bucket.tokens >= 1) {
      bucket.tokens -= 1
      return 0
    }
    return Math.max(1, Math.ceil(((1 - bucket.tokens) * 60) / this.#perMinute))
  }

  #refilled(key: string): Bucket {
    const now = this.#clock.steady()
    const bucket = this.#buckets.get(key)
    if (bucket === undefined) {
      if (this.#buckets.size >= SWEEP_ABOVE) this.#sweep(now)
      const fresh = { tokens: this.#perMinute, at: now }
      this.#buckets.set(key, fresh)
      return fresh
    }
    bucket.tokens = this.#level(bucket, now)
    bucket.at = now
    return bucket
  }

  #level(bucket: Bucket, now: number): number {
    return Math.min(this.#perMinute, bucket.tokens + (Math.max(0, now - bucket.at) * this.#perMinute) / 60_000)
  }

  #sweep(now: number): void {
    for (const [key, bucket] of this.#buckets) {
      if (this.#level(bucket, now) >= this.#perMinute) this.#buckets.delete(key)
    }
  }
}
