import { RestError } from '@azure/storage-blob'
import { WaybillError, isWaybillError } from '../../model/errors.ts'
import { isNetworkError, isPassingStatus, retryAfterMs, type Failure } from '../retries.ts'

/** Azure's code of an error (`BlobNotFound`), else the system's (`ECONNREFUSED`), else the name of the error's class. */
function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unexpected error'
  // An answer without a body (to HEAD) tells its code in a header.
  if (error instanceof RestError && isRecord(error.details) && typeof error.details['errorCode'] === 'string') return error.details['errorCode']
  return 'code' in error && typeof error.code === 'string' ? error.code : error.name
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null
}

/** True for an answer of Azure with one of these codes (https://learn.microsoft.com/rest/api/storageservices/blob-service-error-codes). */
export function isAzureError(error: unknown, ...codes: readonly string[]): boolean {
  return error instanceof RestError && codes.includes(codeOf(error))
}

/** Whether a failed request may be repeated, and when. */
export function judgeAzure(error: unknown, now: number): Failure {
  if (!(error instanceof RestError)) return { transient: isNetworkError(error), retryAfterMs: null }
  const broken = error.statusCode === undefined && (error.code === RestError.REQUEST_SEND_ERROR || error.code === RestError.PARSE_ERROR)
  const transient = isPassingStatus(error.statusCode) || isNetworkError(error) || broken
  return { transient, retryAfterMs: retryAfterMs(error.response?.headers.get('retry-after'), now) }
}

/**
 * A failed request as a coded error: `entry_not_found`, `range_not_satisfiable`, `out_of_space` for a full service, else `unavailable`. Neither the sentence nor the
 * cause holds anything of the request: no address, no key, no header. Coded errors pass unchanged.
 */
export function azureError(error: unknown, store: string, now: number): WaybillError {
  if (isWaybillError(error)) return error
  const status = error instanceof RestError ? error.statusCode : undefined
  const code = codeOf(error)
  const cause = new Error(status === undefined ? code : `${code} (HTTP ${status})`)
  if (code === 'BlobNotFound') return new WaybillError('entry_not_found', `the store "${store}" has no such blob`, {}, { cause })
  if (code === 'ContainerNotFound') return new WaybillError('unavailable', `the container of the store "${store}" is not there`, {}, { cause })
  if (status === 416) return new WaybillError('range_not_satisfiable', `the range lies outside the blob in the store "${store}"`, {}, { cause })
  if (status === 507) return new WaybillError('out_of_space', `the store "${store}" has no space left (${code}); free some and try again`, {}, { cause })
  const wait = judgeAzure(error, now).retryAfterMs
  const facts = wait === null ? {} : { retryAfterSeconds: Math.ceil(wait / 1000) }
  return new WaybillError('unavailable', `the store "${store}" cannot be used just now (${code})`, facts, { cause })
}
