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

/** Who holds a lock, how long, and why where the holder has said it: `by "ada" until 2026-11-22T20:41:07.000Z ("audit")`. */
export function holderWords({ holder, expiresAt, reason }: Lock): string {
  return `by ${JSON.stringify(holder)} until ${new Date(expiresAt).toISOString()}${reason === null ? '' : ` (${JSON.stringify(reason)})`}`
}

/** The refusal of what lies under another holder's lock (docs/reference/v1.md, Locks: 423 tells holder and expiry). */
export function lockedBy(lock: Lock, pointer?: string): WaybillError {
  const what = lock.path === null ? `the collection ${JSON.stringify(lock.collection)}` : JSON.stringify(lock.path)
  const detail = `${what} is locked ${holderWords(lock)}`
  return new WaybillError('locked', detail, {
    holder: lock.holder,
    job: null,
    expiresAt: lock.expiresAt,
    ...(pointer === undefined ? {} : { errors: [{ pointer, detail }] }),
  })
}
