import { WaybillError } from '../model/errors.ts'

/**
 * The one answer to every token that does not count, whatever is wrong with it: unknown, revoked, forged or not a token at all.
 * A guesser learns nothing from it; the real reason is kept as the cause, for the log.
 */
export function unauthenticated(reason: string | Error): WaybillError {
  return new WaybillError('unauthenticated', 'a valid token is needed; send it as "Authorization: Bearer <token>"', {}, { cause: asError(reason) })
}

/** The answer to a token that was good once: its owner learns to get a new one. Only for tokens that are genuine otherwise. */
export function expired(reason: string | Error): WaybillError {
  return new WaybillError('unauthenticated', 'the token has expired; get a new one', {}, { cause: asError(reason) })
}

function asError(reason: string | Error): Error {
  return typeof reason === 'string' ? new Error(reason) : reason
}
