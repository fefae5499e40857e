import { WaybillError } from './errors.ts'

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

/** The refusal of what lies under another holder's lock (docs/reference/v1.md, Locks: 423 tells holder and expiry). */
export function lockedBy(lock: Lock, pointer?: string): WaybillError {
  const what = lock.path === null ? `the collection ${JSON.stringify(lock.collection)}` : JSON.stringify(lock.path)
  const detail = `${what} is locked by ${JSON.stringify(lock.holder)} until ${new Date(lock.expiresAt).toISOString()}`
  return new WaybillError('locked', detail, {
    holder: lock.holder,
    job: null,
    expiresAt: lock.expiresAt,
    ...(pointer === undefined ? {} : { errors: [{ pointer, detail }] }),
  })
}
