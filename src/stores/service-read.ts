import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'
import { WaybillError, isWaybillError } from '../model/errors.ts'
import type { BlobStore, ByteRange } from '../ports/blob-store.ts'
import type { Clock } from '../ports/clock.ts'
import { checkDigest, checkRange } from './digest.ts'
import { resumingRead } from './resuming-read.ts'

/** A download that has begun. */
export interface Download {
  readonly body: Readable
  readonly length: number
  /** The header `Content-Range` of an answer to a range. */
  readonly contentRange: string | undefined
}

/** How a service is read. What the functions throw is coded; `entry_not_found` where the blob is not. */
export interface ServiceReader {
  readonly store: string
  readonly clock: Clock
  fetch(sha256: string, range?: ByteRange): Promise<Download>
  /** The blob's size, null where it is not. */
  size(sha256: string): Promise<number | null>
}

/** A blob of a service over HTTP, or a range of it, as the port's `get` gives it. */
export async function readBlob(reader: ServiceReader, sha256: string, range?: ByteRange): Promise<Readable> {
  checkDigest(sha256)
  if (range !== undefined && !(range.start >= 0 && range.start < range.end)) return nothing(reader, sha256, range)
  const { body, length, contentRange } = await reader.fetch(sha256, range)
  // An answer to a range tells the whole size (RFC 9110, section 14.4), and it may be shorter than what was asked for.
  const size = range === undefined ? length : Number(contentRange?.split('/')[1])
  try {
    if (range !== undefined) checkRange(range, size)
  } catch (error) {
    body.destroy()
    throw error
  }
  const end = range?.end ?? size
  const open = async (from: number): Promise<Readable> => (await reader.fetch(sha256, { start: from, end })).body
  return resumingRead({ store: reader.store, clock: reader.clock, first: body, start: range?.start ?? 0, end, open })
}

/** An empty range, which HTTP cannot express; and one that no blob has. */
async function nothing(reader: ServiceReader, sha256: string, range: ByteRange): Promise<Readable> {
  const size = await reader.size(sha256)
  if (size === null) throw new WaybillError('entry_not_found', `the store "${reader.store}" has no blob ${sha256}`)
  checkRange(range, size)
  return Readable.from([], { objectMode: false })
}

/** Reads a blob again, as the port's `verify` does. */
export async function verifyBlob(store: Pick<BlobStore, 'get'>, sha256: string): Promise<boolean> {
  const hash = createHash('sha256')
  try {
    for await (const chunk of await store.get(sha256)) hash.update(chunk as Uint8Array)
  } catch (error) {
    if (isWaybillError(error, 'entry_not_found')) return false
    throw error
  }
  return hash.digest('hex') === sha256
}
