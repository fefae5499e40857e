import { WaybillError } from './errors.ts'

/** I5: of a request whose key came before, while the body of that one is still arriving. */
export function stillArriving(): WaybillError {
  return new WaybillError('idempotency_in_progress', 'a request with this Idempotency-Key is still being received; ask again shortly', { retryAfterSeconds: 1 })
}

/** I5: the same key with another body. */
export function anotherBody(): WaybillError {
  return new WaybillError('idempotency_mismatch', 'this Idempotency-Key was used with another body within 24 hours; use a new key for a new request')
}
