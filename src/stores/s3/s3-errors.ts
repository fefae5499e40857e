import { S3ServiceException } from '@aws-sdk/client-s3'
import { WaybillError, isWaybillError } from '../../model/errors.ts'
import { isNetworkError, isPassingStatus, retryAfterMs, type Failure } from '../retries.ts'

/** Error codes that ask to come again, whatever their status (https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html). */
const PASSING_CODES: ReadonlySet<string> = new Set([
  'InternalError',
  'OperationAborted',
  'RequestTimeout',
  'RequestTimeTooSkewed', // the library corrects its clock by the answer, so the second attempt passes
  'ServiceUnavailable',
  'SlowDown',
  'Throttling',
  'ThrottlingException',
])
/** No room: HTTP 507, or what services that have quotas call it. */
const FULL_CODES: ReadonlySet<string> = new Set(['InsufficientStorage', 'QuotaExceeded', 'XMinioStorageFull', 'XMinioAdminBucketQuotaExceeded'])

/** The HTTP status of a failed request, undefined when nothing was answered. */
function statusOf(error: unknown): number | undefined {
  return error instanceof S3ServiceException ? error.$metadata.httpStatusCode : undefined
}

/** S3's code of an error (`NoSuchKey`), else the system's (`ECONNREFUSED`), else the name of the error's class. */
function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unexpected error'
  return !(error instanceof S3ServiceException) && 'code' in error && typeof error.code === 'string' ? error.code : error.name
}

/** True for an error of S3 with one of these codes. */
export function isS3Error(error: unknown, ...codes: readonly string[]): boolean {
  return error instanceof S3ServiceException && codes.includes(error.name)
}

/** Whether a failed request may be repeated, and when. */
export function judgeS3(error: unknown, now: number): Failure {
  const status = statusOf(error)
  const transient = isPassingStatus(status) || isNetworkError(error) || (error instanceof S3ServiceException && PASSING_CODES.has(error.name))
  return { transient, retryAfterMs: error instanceof S3ServiceException ? retryAfterMs(error.$response?.headers['retry-after'], now) : null }
}

/**
 * A failed request as a coded error: `entry_not_found`, `range_not_satisfiable`, `out_of_space` for a full service or quota, else `unavailable`. Neither the
 * sentence nor the cause holds anything of the request: no address, no key, no header. Coded errors pass unchanged.
 */
export function s3Error(error: unknown, store: string, now: number): WaybillError {
  if (isWaybillError(error)) return error
  const status = statusOf(error)
  const code = codeOf(error)
  const cause = new Error(
    `${code}${status === undefined ? '' : ` (HTTP ${status}, request ${(error as S3ServiceException).$metadata.requestId ?? 'without id'})`}`,
  )
  if (code === 'NoSuchKey' || code === 'NotFound') return new WaybillError('entry_not_found', `the store "${store}" has no such blob`, {}, { cause })
  if (code === 'InvalidRange' || status === 416) {
    return new WaybillError('range_not_satisfiable', `the range lies outside the blob in the store "${store}"`, {}, { cause })
  }
  if (status === 507 || FULL_CODES.has(code)) {
    return new WaybillError('out_of_space', `the store "${store}" has no space left (${code}); free some and try again`, {}, { cause })
  }
  const wait = judgeS3(error, now).retryAfterMs
  const facts = wait === null ? {} : { retryAfterSeconds: Math.ceil(wait / 1000) }
  // an answer without a body (to HEAD) has no code
  const what = code === 'Unknown' ? `HTTP ${status}` : code
  return new WaybillError('unavailable', `the store "${store}" cannot be used just now (${what})`, facts, { cause })
}

/** True when there is no such object, or no such bucket. */
export function isMissing(error: unknown): boolean {
  return isS3Error(error, 'NotFound', 'NoSuchKey') || (error instanceof S3ServiceException && statusOf(error) === 404)
}

/** True when a condition of the request did not hold (`If-Match` and its kin), or another request on the same key was quicker. */
export function isUnmet(error: unknown): boolean {
  return isS3Error(error, 'PreconditionFailed', 'ConditionalRequestConflict') || statusOf(error) === 412
}
