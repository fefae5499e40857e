import { ClientError } from '../client/index.ts'
import { EXIT, sentenceOf } from './exit-codes.ts'
import { note, plural, size, span } from './output.ts'
import { inParallel } from './parallel.ts'
import { startProgress } from './progress.ts'

/** What a put or get of many files came to. */
export interface TransferResult {
  readonly files: number
  readonly bytes: number
  readonly failed: number
}

/** Failures printed one by one; beyond them they are only counted. */
const MOST_FAILURES = 20

/**
 * Moves many files, some at once, with progress on standard error. A file that fails is told and counted, the others go on;
 * an error that every other file would meet as well (no server, no right, no collection) stops everything and is thrown.
 */
export async function transferAll<T>(
  title: string,
  files: Iterable<T> | AsyncIterable<T>,
  options: { readonly concurrency: number; readonly nameOf: (one: T) => string; readonly total?: number },
  move: (one: T) => Promise<number>,
): Promise<TransferResult> {
  const progress = startProgress(title, 'files')
  const since = Date.now()
  const result = { files: 0, bytes: 0, failed: 0 }
  try {
    await inParallel(files, options.concurrency, async one => {
      try {
        const bytes = await move(one)
        result.bytes += bytes
        result.files++
      } catch (error) {
        if (isCommon(error)) throw error
        if (++result.failed <= MOST_FAILURES) note(`${options.nameOf(one)}: ${sentenceOf(error) ?? ''}`)
      }
      progress.update(result.files + result.failed, options.total ?? null, size(result.bytes))
    })
  } finally {
    progress.stop()
  }
  note(
    `${plural(result.files, 'file')}, ${size(result.bytes)}, ${span(Date.now() - since)}${result.failed === 0 ? '' : `; ${plural(result.failed, 'file')} failed`}`,
  )
  return result
}

/** The exit code for a transfer of many. */
export function transferCode(result: TransferResult): number {
  return result.failed === 0 ? EXIT.ok : EXIT.incomplete
}

/** True for an error that has nothing to do with the one file. */
function isCommon(error: unknown): boolean {
  if (!(error instanceof ClientError)) return false
  return (
    error.status === 0 || error.status === 401 || error.status === 403 || error.status === 429 || error.status >= 500 || error.code === 'collection_not_found'
  )
}
