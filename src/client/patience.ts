import type { ClientError } from './client-error.ts'

/** For how long a call that did not succeed is repeated, in milliseconds from its first failure; 0: not at all. */
export interface Patience {
  /** A server that answers "later": 429, 503 and their like. */
  readonly patienceMs: number
  /** A server that does not answer, or through a proxy only: it restarts, the line is broken. */
  readonly awayMs: number
}

/** A minute's rate limit is over, a server has started again. */
export const USUAL_PATIENCE: Patience = { patienceMs: 60_000, awayMs: 10_000 }

/** The first pause, doubled each time up to the last; half of it is left to chance, so that many clients do not come back at once. */
const PAUSE_MS = { first: 250, most: 10_000 }

const AWAY_STATUSES: ReadonlySet<number> = new Set([0, 502, 504])
const LATER_STATUSES: ReadonlySet<number> = new Set([408, 429, 503])
/** Of a request that breaks off the server may still hold the first half; both pass. */
const LATER_CODES: ReadonlySet<string> = new Set(['idempotency_in_progress', 'incomplete_body'])

/** True for a failure that passes by itself, soon: it is worth repeating the call. */
export function passes(error: ClientError): boolean {
  return isAway(error) || LATER_STATUSES.has(error.status) || LATER_CODES.has(error.code)
}

function isAway(error: ClientError): boolean {
  return AWAY_STATUSES.has(error.status)
}

/** Counts the failures of one call and says how long to rest before the next attempt. */
export class Attempts {
  readonly #patience: Patience
  #failures = 0
  #firstFailure = 0

  constructor(patience: Patience) {
    this.#patience = patience
  }

  /** Milliseconds until the next attempt, or null when there is to be none: patience is over, or would be. */
  pauseAfter(error: ClientError): number | null {
    if (this.#failures === 0) this.#firstFailure = Date.now()
    const pauseMs = error.retryAfterSeconds === null ? backoffMs(this.#failures) : error.retryAfterSeconds * 1000
    this.#failures++
    const untilMs = this.#firstFailure + (isAway(error) ? this.#patience.awayMs : this.#patience.patienceMs)
    return Date.now() + pauseMs > untilMs ? null : pauseMs
  }
}

/** Exponential, with "equal jitter" (Amazon's Builders' Library, "Timeouts, retries, and backoff with jitter"). */
export function backoffMs(failures: number, firstMs = PAUSE_MS.first): number {
  const whole = Math.min(firstMs * 2 ** failures, PAUSE_MS.most)
  return whole / 2 + (Math.random() * whole) / 2
}

/** Resolves after `ms`; rejects with the signal's reason when it aborts before. */
export async function pause(ms: number, signal?: AbortSignal): Promise<void> {
  signal?.throwIfAborted()
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const stop = (): void => reject(signal?.reason as Error)
  const timer = setTimeout(resolve, ms)
  signal?.addEventListener('abort', stop, { once: true })
  try {
    await promise
  } finally {
    clearTimeout(timer)
    signal?.removeEventListener('abort', stop)
  }
}
