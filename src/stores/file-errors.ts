import { WaybillError, isWaybillError } from '../model/errors.ts'

/** The system's error name (`ENOENT`) of a failed file operation, or null. */
export function errnoOf(error: unknown): string | null {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : null
}

/** What the usual ones mean for a directory that is to be worked in. */
const MEANINGS: Readonly<Record<string, string>> = {
  ENOENT: 'its directory is not there; make or mount it',
  ENOTDIR: 'a file is where a directory of it should be',
  EACCES: 'this server has no right to it',
  EROFS: 'it can only be read',
}

/**
 * A failed file operation as a coded error: `out_of_space` for a full disk or quota, else `unavailable`. The path stays in the cause:
 * callers of the server are not told where its files lie. Coded errors pass unchanged.
 */
export function fileError(error: unknown, store: string): WaybillError {
  if (isWaybillError(error)) return error
  const errno = errnoOf(error)
  if (errno === 'ENOSPC' || errno === 'EDQUOT')
    return new WaybillError('out_of_space', `the store "${store}" has no space left (${errno}); free some and try again`, {}, { cause: error })
  const what = errno === null ? 'unexpected error' : [errno, MEANINGS[errno]].filter(each => each !== undefined).join(', ')
  return new WaybillError('unavailable', `the store "${store}" cannot be used just now (${what})`, {}, { cause: error })
}

/** The result of a file operation, or null when the file is not there (or is gone meanwhile). */
export async function unlessMissing<T>(operation: Promise<T>): Promise<T | null> {
  try {
    return await operation
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return null
    throw error
  }
}
