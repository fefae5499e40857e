import { isWaybillError } from './errors.ts'

/** True for what a body's meter throws at bytes that are not the announced ones; false where the source broke off, which has a cause: then nobody knows what they are. */
export function isOfWrongBytes(error: unknown): boolean {
  return isWaybillError(error) && error.cause === undefined && ['digest_mismatch', 'incomplete_body', 'body_too_large'].includes(error.code)
}
