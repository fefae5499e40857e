import { isWaybillError } from '../model/errors.ts'
import { isOfWrongBytes } from '../model/wrong-bytes.ts'
import type { Blob, BlobStore } from '../ports/blob-store.ts'
import type { Clock } from '../ports/clock.ts'
import type { BytesRead, ChunkBlob, Lease } from '../ports/ledger.ts'
import { atOnce } from './at-once.ts'
import type { Stores } from './stores.ts'
import type { Transfers } from './transfers.ts'

/** Blobs read again at once: enough to keep a disk or a service busy, few enough to leave it to others. */
const VERIFIED_AT_ONCE = 4
/** A blob that was put within this time is surely there when its items are done: a sweep spares what is younger than a day (upkeep.ts). */
const FRESH_MS = 12 * 3600 * 1000

export interface ChunkBytesParts {
  readonly stores: Stores
  readonly transfers: Transfers
  readonly clock: Clock
  readonly onError: (error: unknown, what: string) => void
}

/** What watches and ends the reading of a chunk. */
export interface ChunkWatch {
  readonly signal: AbortSignal
  /** Hears how many bytes of a blob are in the other store by now. */
  readonly onProgress: (sha256: string, bytes: number) => void
}

/** A blob that goes to another store. */
type CrossingBlob = ChunkBlob & { readonly to: string }

/**
 * Reads the bytes that a leased chunk needs read: those that go to another store are taken there, and published whole; others, where the job asks for it, are
 * hashed again. Null when it was stopped before the end: what has arrived is found by who takes the chunk over.
 */
export async function readChunk(parts: ChunkBytesParts, lease: Lease, blobs: readonly ChunkBlob[], watch: ChunkWatch): Promise<BytesRead | null> {
  const crossing = blobs.filter((blob): blob is CrossingBlob => blob.to !== null)
  const staying = lease.verify ? blobs.filter(blob => blob.to === null) : []
  const read: Read = { corrupt: [], copied: { arrived: [], failed: [] } }
  // all of them end, also when one fails: nothing goes on unseen
  const ends = await Promise.allSettled([verify(parts, staying, read, watch), ...pairs(crossing).map(pair => cross(parts, pair, lease.verify, read, watch))])
  if (watch.signal.aborted) return null
  const failure = ends.find(end => end.status === 'rejected')
  if (failure !== undefined) throw failure.reason
  return read
}

/** `BytesRead`, while it grows. */
interface Read {
  readonly corrupt: string[]
  readonly copied: { readonly arrived: Place[]; readonly failed: (Place & { readonly code: 'unavailable' | 'out_of_space' })[] }
}

interface Place {
  readonly store: string
  readonly sha256: string
}

/** The blobs that go from one store to the same other one, together. */
function pairs(blobs: readonly CrossingBlob[]): CrossingBlob[][] {
  return [...Map.groupBy(blobs, ({ store, to }) => JSON.stringify([store, to])).values()]
}

async function verify({ stores }: ChunkBytesParts, blobs: readonly ChunkBlob[], { corrupt }: Read, { signal }: ChunkWatch): Promise<void> {
  await atOnce(VERIFIED_AT_ONCE, blobs, signal, async ({ store, sha256 }) => {
    if (!(await stores.named(store).verify(sha256))) corrupt.push(sha256)
  })
}

/** Within one service by the service, where the job does not want the bytes to be read; all others by their bytes. */
async function cross(parts: ChunkBytesParts, blobs: readonly CrossingBlob[], verify: boolean, { corrupt, copied }: Read, watch: ChunkWatch): Promise<void> {
  const [first] = blobs
  if (first === undefined) return
  const { store, to } = first
  const here = verify ? new Set<string>() : await copiedWithin(parts, first, blobs, watch)
  for (const sha256 of here) copied.arrived.push({ store: to, sha256 })
  const others = blobs.filter(({ sha256 }) => !here.has(sha256))
  // a copy that is there, however fresh, tells nothing of the source
  const unlessPutSince = verify ? Number.MAX_SAFE_INTEGER : parts.clock.now() - FRESH_MS
  await atOnce(parts.transfers.most(store, to), others, watch.signal, async blob => {
    const came = await parts.transfers.run([store, to], () => receive(parts, blob, unlessPutSince, watch))
    if (came === 'there') copied.arrived.push({ store: to, sha256: blob.sha256 })
    else if (came === 'corrupt') corrupt.push(blob.sha256)
    else copied.failed.push({ store: to, sha256: blob.sha256, code: came })
  })
}

/** What the stores' own service has copied; nothing where they have none in common. */
async function copiedWithin(
  { stores, transfers, clock, onError }: ChunkBytesParts,
  { store, to }: CrossingBlob,
  blobs: readonly CrossingBlob[],
  { signal, onProgress }: ChunkWatch,
): Promise<ReadonlySet<string>> {
  const target = stores.named(to)
  const { serverSideCopy, link } = target.capabilities
  if (!serverSideCopy && !link) return new Set()
  const slot = <T>(work: () => Promise<T>): Promise<T> => transfers.run([store, to], work)
  try {
    return await target.copyFrom(stores.named(store), blobs, { unlessPutSince: clock.now() - FRESH_MS, signal, onProgress, slot })
  } catch (error) {
    // by their bytes, then, which tells of each blob what is wrong
    if (!isWaybillError(error, 'unsupported') && !signal.aborted) onError(error, `having blobs copied from the store "${store}" to "${to}"`)
    return new Set()
  }
}

type Came = 'there' | 'corrupt' | 'unavailable' | 'out_of_space'

/** The stores themselves try again what may pass; what still fails is the item's, with its reason, and not the chunk's for ever. */
async function receive(
  { stores, transfers, onError }: ChunkBytesParts,
  blob: CrossingBlob,
  unlessPutSince: number,
  { signal, onProgress }: ChunkWatch,
): Promise<Came> {
  const { store, to } = blob
  try {
    const source = transfers.source(stores.named(store), to, blob, signal)
    await stores.named(to).receive(source, { unlessPutSince, signal, onProgress })
    return 'there'
  } catch (error) {
    if (isWaybillError(error, 'entry_not_found') || isOfWrongBytes(error)) return 'corrupt'
    if (isWaybillError(error, 'out_of_space')) return 'out_of_space'
    if (!signal.aborted) onError(error, `copying a blob from the store "${store}" to "${to}"`)
    return 'unavailable'
  }
}

/** True for a blob that a store has, and that no sweep takes before it is named. */
export async function isFresh(store: BlobStore, { sha256, size }: Blob, clock: Clock): Promise<boolean> {
  const there = await store.stat(sha256)
  return there?.size === size && there.putAt > clock.now() - FRESH_MS
}
