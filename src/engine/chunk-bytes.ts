import { isWaybillError } from '../model/errors.ts'
import type { Blob, BlobStore } from '../ports/blob-store.ts'
import type { Clock } from '../ports/clock.ts'
import type { BytesRead, ChunkBlob, Lease } from '../ports/ledger.ts'
import type { Stores } from './stores.ts'

/** Blobs read at once: enough to keep a disk or a service busy, few enough to leave it to others. */
const AT_ONCE = 4
/** A blob that was put within this time is surely there when its items are done: a sweep spares what is younger than a day (upkeep.ts). */
const FRESH_MS = 12 * 3600 * 1000

export interface ChunkBytesParts {
  readonly stores: Stores
  readonly clock: Clock
  readonly onError: (error: unknown, what: string) => void
}

/**
 * Reads the bytes that a leased chunk needs read: those that go to another store are streamed there, hashed on the way and published whole; others, where
 * the job asks for it, are hashed again. Null when it was stopped before the end: what has arrived is found by who takes the chunk over.
 */
export async function readChunk(parts: ChunkBytesParts, lease: Lease, blobs: readonly ChunkBlob[], stopped: () => boolean): Promise<BytesRead | null> {
  const corrupt: string[] = []
  const arrived: { store: string; sha256: string }[] = []
  const failed: { store: string; sha256: string; code: 'unavailable' | 'out_of_space' }[] = []
  const waiting = blobs.filter(blob => lease.verify || blob.to !== null)
  const work = async (): Promise<void> => {
    while (!stopped()) {
      const blob = waiting.pop()
      if (blob === undefined) return
      const came = blob.to === null ? await verified(parts, blob) : await copied(parts, blob, blob.to)
      if (came === 'corrupt') corrupt.push(blob.sha256)
      else if (blob.to !== null && came === 'there') arrived.push({ store: blob.to, sha256: blob.sha256 })
      else if (blob.to !== null && came !== 'there') failed.push({ store: blob.to, sha256: blob.sha256, code: came })
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, work))
  return waiting.length > 0 ? null : { corrupt, copied: { arrived, failed } }
}

type Came = 'there' | 'corrupt' | 'unavailable' | 'out_of_space'

async function verified({ stores }: ChunkBytesParts, blob: ChunkBlob): Promise<Came> {
  return (await stores.named(blob.store).verify(blob.sha256)) ? 'there' : 'corrupt'
}

/** The stores themselves try again what may pass; what still fails is the item's, with its reason, and not the chunk's for ever. */
async function copied({ stores, clock, onError }: ChunkBytesParts, blob: ChunkBlob, to: string): Promise<Came> {
  const target = stores.named(to)
  try {
    if (await isFresh(target, blob, clock)) return 'there'
    await stream(stores.named(blob.store), target, blob)
    return 'there'
  } catch (error) {
    // bytes that are missing, too few, too many or others than were recorded
    const isSource = ['entry_not_found', 'digest_mismatch', 'incomplete_body', 'body_too_large'] as const
    if (isSource.some(code => isWaybillError(error, code))) return 'corrupt'
    if (isWaybillError(error, 'out_of_space')) return 'out_of_space'
    onError(error, `copying a blob from the store "${blob.store}" to "${to}"`)
    return 'unavailable'
  }
}

/** True for a blob that a store has, and that no sweep takes before it is named. */
export async function isFresh(store: BlobStore, { sha256, size }: Blob, clock: Clock): Promise<boolean> {
  const there = await store.stat(sha256)
  return there?.size === size && there.putAt > clock.now() - FRESH_MS
}

async function stream(source: BlobStore, target: BlobStore, { sha256, size }: ChunkBlob): Promise<void> {
  const body = await source.get(sha256)
  try {
    await target.put(body, { sha256, size, maxSize: size })
  } finally {
    body.destroy()
  }
}
