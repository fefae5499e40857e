/** Waits grow by this factor: 5 s, 15 s, 45 s, ... half an hour after the sixth attempt. */
const FACTOR = 3
/** The longest wait between two attempts, in milliseconds, but for a receiver that asks for a longer one. */
const LONGEST_WAIT_MS = 6 * 3600 * 1000
/** A receiver may ask to be left alone for so long at most: longer, and nobody would know whether it is still there. */
const LONGEST_RETRY_AFTER_MS = 24 * 3600 * 1000
/** Waits are shortened by up to this part, at random, so that hooks that failed together do not come back together. */
const JITTER = 0.2

/** How attempts are spaced, in milliseconds. */
export interface Schedule {
  /** The wait after the first failed attempt. */
  readonly firstMs: number
  /** How long it is tried in all. */
  readonly giveUpMs: number
  /** Between 0 and 1; default: at random. */
  readonly random?: () => number
}

/** How long to wait after the n-th failed attempt (from 1), in milliseconds. */
export function waitAfter(attempts: number, { firstMs, random = Math.random }: Schedule, retryAfterMs: number | null): number {
  const wait = Math.min(firstMs * FACTOR ** (attempts - 1), LONGEST_WAIT_MS) * (1 - JITTER * random())
  return Math.round(Math.max(wait, Math.min(retryAfterMs ?? 0, LONGEST_RETRY_AFTER_MS)))
}
