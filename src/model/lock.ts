/** A lock on a whole collection (`path` null) or on one path and all beneath it. `token` is a fencing token: it only grows. */
export interface Lock {
  readonly collection: string
  readonly path: string | null
  readonly holder: string
  readonly token: number
  readonly reason: string | null
  readonly acquiredAt: number
  readonly expiresAt: number
}

/** Lifetime bounds of a lock, in seconds; a lock without an end would outlive a crashed holder. */
export const MAX_LOCK_SECONDS = 7 * 24 * 3600
