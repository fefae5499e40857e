import { WaybillError } from '../model/errors.ts'
import type { ByteRange } from '../ports/blob-store.ts'

const DIGEST = /^[0-9a-f]{64}$/

/** True for a SHA-256 in the only spelling that names a blob: 64 small hex digits. */
export function isDigest(text: string): boolean {
  return DIGEST.test(text)
}

/** Throws `invalid_request` unless this can name a blob: nothing that callers send ever becomes a part of a path or a key. */
export function checkDigest(sha256: string): void {
  if (!isDigest(sha256)) throw new WaybillError('invalid_request', 'a digest is the SHA-256 in 64 small hex digits')
}

/** Throws `range_not_satisfiable` unless the range lies within a blob of that size. */
export function checkRange(range: ByteRange, size: number): void {
  if (range.start >= 0 && range.start <= range.end && range.end <= size) return
  throw new WaybillError('range_not_satisfiable', `bytes ${range.start} up to ${range.end} were asked for; the blob has ${size}`)
}
