import { isWaybillError } from '../model/errors.ts'
import type { Clock } from '../ports/clock.ts'

/** Six attempts with pauses of up to 0.25, 0.5, 1, 2 and 4 s: a service that fails over is back by then, and a caller still waits. */
const ATTEMPTS = 6
const FIRST_PAUSE_MS = 250
/** Services that throttle ask for seconds. Whoever asks for more gets no further request: the caller is told when to come again. */
const LONGEST_RETRY_AFTER_MS = 60_000
/** No answer within this, and the attempt has failed: a part of 8 MiB arrives in it at 70 KB/s. */
const ATTEMPT_MS = 120_000

/** How a failed request to a service looks to whoever may repeat it. */
export interface Failure {
  /** Whether the same request may succeed later. */
  readonly transient: boolean
  /** What the service asked to wait (its `Retry-After`), null when it did not say. */
  readonly retryAfterMs: number | null
}

export interface RetryOptions {
  /** 1 asks only once. */
  readonly attempts?: number
  /** How long one attempt may take until it is answered. */
  readonly attemptMs?: number
  /** Ends the attempt and the pauses. */
  readonly signal?: AbortSignal
}

/** For removing what is temporary: the caller waits for it, and what cannot be removed now is swept later. */
export const CLEANING: RetryOptions = { attempts: 3, attemptMs: 10_000 }

/**
 * Repeats requests that failed for a passing reason, with pauses that grow and are drawn at random (so that many callers do not come back at once),
 * and never before the time that the service asked for (RFC 9110, section 10.2.3). Only for requests that may be sent twice.
 */
export class Retries {
  readonly #clock: Clock
  readonly #judge: (error: unknown) => Failure
  readonly #onRetry: () => void

  /** `onRetry` hears of each attempt that is not the first. */
  constructor(clock: Clock, judge: (error: unknown) => Failure, onRetry: () => void = () => undefined) {
    this.#clock = clock
    this.#judge = judge
    this.#onRetry = onRetry
  }

  /** What `attempt` returns. Its signal ends an attempt that takes too long to be answered; afterwards it ends nothing any more. */
  async run<T>(attempt: (signal: AbortSignal) => Promise<T>, options: RetryOptions = {}): Promise<T> {
    for (let number = 1; ; number += 1) {
      try {
        return await withinTime(attempt, options.attemptMs ?? ATTEMPT_MS, options.signal)
      } catch (error) {
        if (options.signal?.aborted === true || isWaybillError(error)) throw error
        const pause = this.#pause(error, number, options.attempts ?? ATTEMPTS)
        if (pause === null) throw error
        await this.#clock.sleep(pause, options.signal)
        this.#onRetry()
      }
    }
  }

  /** How long to wait before the next attempt, null when there is to be none. */
  #pause(error: unknown, number: number, attempts: number): number | null {
    const { transient, retryAfterMs } = this.#judge(error)
    if (!transient || number >= attempts || (retryAfterMs ?? 0) > LONGEST_RETRY_AFTER_MS) return null
    return (retryAfterMs ?? 0) + Math.random() * FIRST_PAUSE_MS * 2 ** (number - 1)
  }
}

/** An attempt that took too long. */
export class AttemptTimeout extends Error {
  constructor(ms: number) {
    super(`no answer within ${ms} ms`)
    this.name = 'AttemptTimeout'
  }
}

async function withinTime<T>(attempt: (signal: AbortSignal) => Promise<T>, ms: number, outer?: AbortSignal): Promise<T> {
  const late = new AbortController()
  const timeout = new AttemptTimeout(ms)
  const timer = setTimeout(() => late.abort(timeout), ms)
  try {
    return await attempt(outer === undefined ? late.signal : AbortSignal.any([outer, late.signal]))
  } catch (error) {
    // The libraries throw an error of their own for an aborted request: ours says why.
    throw late.signal.aborted && outer?.aborted !== true ? timeout : error
  } finally {
    clearTimeout(timer)
  }
}

/** The milliseconds of a `Retry-After` header: seconds, or an HTTP date (RFC 9110, section 10.2.3). Null when there is none, or none that can be read. */
export function retryAfterMs(header: string | null | undefined, now: number): number | null {
  if (header == null) return null
  if (/^[0-9]+$/.test(header.trim())) return Number(header) * 1000
  const date = Date.parse(header)
  return Number.isNaN(date) ? null : Math.max(0, date - now)
}

/** Errors of Node.js that mean: the connection, not the request, was at fault. */
const NETWORK_ERRORS: ReadonlySet<string> = new Set([
  'ECONNRESET',
  'ECONNREFUSED',
  'ECONNABORTED',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
])
/** Answers that ask to come again: Request Timeout, Too Many Requests, and a service that cannot just now. */
const PASSING_STATUSES: ReadonlySet<number> = new Set([408, 429, 500, 502, 503, 504])

/** True for a failure of the network or an attempt that took too long, also deeper among the causes. */
export function isNetworkError(error: unknown): boolean {
  for (let at = error, depth = 0; at instanceof Error && depth < 5; at = at.cause, depth += 1) {
    if (at instanceof AttemptTimeout || ('code' in at && typeof at.code === 'string' && NETWORK_ERRORS.has(at.code))) return true
  }
  return false
}

/** True for an HTTP status after which the same request may succeed. */
export function isPassingStatus(status: number | undefined): boolean {
  return status !== undefined && PASSING_STATUSES.has(status)
}
