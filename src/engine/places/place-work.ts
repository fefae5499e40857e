import { isWaybillError, WaybillError } from '../../model/errors.ts'
import type { BytesRead, Lease, Ledger } from '../../ports/ledger.ts'
import type { Intent, PublishedItem, Run } from '../../ports/place-ledger.ts'
import type { MoveFault, Moved, PlacePath, Transfer } from '../../ports/transfer.ts'
import type { Place, Published, Removed, Staged } from '../../ports/place.ts'
import type { Looks } from './looks.ts'
import { moveBytes, moveFault, type MovesParts } from './moves.ts'

/** Items whose bytes are moved, and then applied, together: what a crash makes them move again. */
const RUN_ITEMS = 250
/** Bytes after which a run ends. */
const RUN_BYTES = 1024 ** 3

export interface PlaceWorkParts extends MovesParts {
  readonly ledger: Ledger
  readonly looks: Looks
}

/** A leased chunk that is worked on. */
export interface PlaceChunk {
  readonly lease: Lease
  /** What was read of its managed blobs. */
  readonly read: BytesRead
  /** True while the lease surely holds: nothing may be published afterwards. */
  readonly holds: () => boolean
  readonly signal: AbortSignal
}

/**
 * Works on a leased chunk with ends in places, run by run: looks at the places, moves the bytes, writes down what will be published, publishes it, and applies
 * the run (docs/decisions/0036-files-are-published-by-intents.md). False when it was stopped before the end.
 */
export async function workPlaces(parts: PlaceWorkParts, chunk: PlaceChunk): Promise<boolean> {
  const { lease } = chunk
  await settleLeft(parts, lease)
  const most = lease.serial ? 1 : RUN_ITEMS
  for (let first = lease.firstSeq; first <= lease.lastSeq;) {
    if (chunk.signal.aborted) return false
    const run = { first, last: Math.min(first + most - 1, lease.lastSeq) }
    const done = lease.places === 'move' ? await workRun(parts, chunk, run) : await lookOnly(parts, lease, run)
    if (done === null) return false
    first = done.last + 1
  }
  return true
}

/** What a worker before may have done and could not settle any more: a file with the mark of its intent is ours, and one to be removed that is not there is gone. */
async function settleLeft({ ledger, stores }: PlaceWorkParts, lease: Lease): Promise<void> {
  const left = await ledger.unsettled(lease)
  const published: PublishedItem[] = []
  for (const intent of left) {
    const stamp = await stampAfter(stores.place(intent.store), intent)
    if (stamp !== undefined) published.push({ seq: intent.seq, stamp })
  }
  if (left.length > 0) await ledger.settlePublished(lease, { first: lease.firstSeq, last: lease.lastSeq }, published)
}

/** The stamp of the file that an intent has published, null for one that it has removed; undefined when it has not come to that. */
async function stampAfter(place: Place, { path, mark, removes, expect }: Intent): Promise<string | null | undefined> {
  if (!removes) return (await place.marked(path, mark))?.stamp
  const [file] = await place.stat([path])
  if (file === undefined) throw new WaybillError('unavailable', `the store "${place.name}" does not tell whether ${JSON.stringify(path)} is there`)
  return file?.stamp === expect ? undefined : null
}

async function lookOnly(parts: PlaceWorkParts, lease: Lease, run: Run): Promise<Run> {
  await lookAt(parts, await parts.ledger.chunkPaths(lease, run))
  return run
}

/** Works on a run, or its first part where that has bytes enough; null when it was stopped. */
async function workRun(parts: PlaceWorkParts, chunk: PlaceChunk, wish: Run): Promise<Run | null> {
  const { ledger } = parts
  const { lease, read } = chunk
  const paths = await ledger.chunkPaths(lease, wish)
  const unsure = await lookAt(parts, paths)
  const planned = await ledger.planTransfers(lease, wish)
  const run = { first: wish.first, last: lastOf(planned, wish) }
  const transfers = planned.filter(({ seq }) => seq <= run.last)
  const isUnsure = (source: Transfer['source']): boolean => unsure.has(keyOf(source))
  const { moved, staged, ended } = await moveBytes(parts, transfers, { verify: lease.verify, isUnsure, signal: chunk.signal })
  try {
    if (!ended) return null
    const mayChange = staged.size > 0 || lease.kind === 'delete'
    const after = !mayChange ? moved : await publishAll(parts, chunk, run, { transfers, paths, moved, staged })
    await ledger.applyRun(lease, run, { ...read, moved: after, unsure: paths.filter(path => unsure.has(keyOf(path))) })
    return run
  } finally {
    await discardAll(parts, transfers, staged)
  }
}

/** Where a run ends: with the item whose bytes make it large enough. */
function lastOf(transfers: readonly Transfer[], { last }: Run): number {
  let bytes = 0
  for (const { seq, source } of transfers) {
    bytes += source.size
    if (bytes >= RUN_BYTES) return seq
  }
  return last
}

interface StagedRun {
  readonly transfers: readonly Transfer[]
  readonly paths: readonly PlacePath[]
  readonly moved: readonly Moved[]
  readonly staged: Map<number, Staged>
}

/** Publishes what was staged, or removes what is to be deleted, as the ledger decides now; returns what was moved, with those that could not be published among the faults. */
async function publishAll(
  parts: PlaceWorkParts,
  { lease, holds }: PlaceChunk,
  run: Run,
  { transfers, paths, moved, staged }: StagedRun,
): Promise<readonly Moved[]> {
  // staging takes its time: what others did since is judged as it is now, under the names that items have got meanwhile
  const targets = transfers.flatMap(({ target }) => (target.attached ? [target] : []))
  await lookAt(parts, [...paths, ...targets])
  const intents = await parts.ledger.intend(lease, run, moved)
  if (intents.length === 0) return moved
  const published: PublishedItem[] = []
  const faults = new Map<number, Moved>()
  for (const [store, wishes] of Map.groupBy(intents, intent => intent.store)) {
    const results = await carriedOut(parts.stores.place(store), wishes, staged, holds)
    results.forEach((result, index) => {
      const { seq, path } = wishes[index] as Intent
      if (result === null || 'file' in result) {
        published.push({ seq, stamp: result?.file.stamp ?? null })
        staged.delete(seq)
      } else faults.set(seq, { seq, code: publishFault(parts, result.error, path, store) })
    })
  }
  await parts.ledger.settlePublished(lease, run, published)
  return [...moved.filter(({ seq }) => !faults.has(seq)), ...faults.values()]
}

/** Publishes or removes what intents of one place say: those of a run are all of one kind. */
function carriedOut(
  place: Place,
  intents: readonly Intent[],
  staged: ReadonlyMap<number, Staged>,
  holds: () => boolean,
): Promise<readonly (Published | Removed)[]> {
  if (intents.some(({ removes }) => removes))
    return place.remove(
      intents.map(({ path, expect }) => ({ path, stamp: expect ?? '' })),
      holds,
    )
  return place.publish(
    intents.map(intent => publicationOf(intent, staged)),
    holds,
  )
}

function publicationOf(
  { seq, path, expect }: Intent,
  staged: ReadonlyMap<number, Staged>,
): { readonly staged: Staged; readonly path: string; readonly expect: string | null } {
  const bytes = staged.get(seq)
  if (bytes === undefined) throw new Error(`nothing was staged for item ${seq}`)
  return { staged: bytes, path, expect }
}

function publishFault(parts: PlaceWorkParts, error: unknown, path: string, store: string): MoveFault {
  // whoever holds the lease now does it
  if (isWaybillError(error, 'stale_lease')) throw error
  return moveFault(error, false, fault => parts.onError(fault, `changing ${JSON.stringify(path)} in the store "${store}"`))
}

async function discardAll(parts: PlaceWorkParts, transfers: readonly Transfer[], staged: ReadonlyMap<number, Staged>): Promise<void> {
  for (const { seq, target } of transfers) {
    const bytes = staged.get(seq)
    if (bytes === undefined) continue
    try {
      await parts.stores.place(target.store).discard(bytes)
    } catch (error) {
      parts.onError(error, `removing bytes that were not published from the store "${target.store}"`) // a sweep takes them
    }
  }
}

/** Looks at places; returns those of which nothing could be told. A place that is out of reach fails the items that need its bytes, and not the chunk for ever. */
async function lookAt({ looks, onError }: PlaceWorkParts, places: readonly PlacePath[]): Promise<ReadonlySet<string>> {
  const unsure = new Set<string>()
  for (const [collection, its] of Map.groupBy(places, place => place.collection)) {
    const paths = [...new Set(its.map(({ path }) => path))]
    const { store } = its[0] as PlacePath
    const lost = await looks.paths({ collection, store }, paths).catch((error: unknown) => {
      if (!isWaybillError(error)) throw error
      onError(error, `looking at the store "${store}"`)
      return paths
    })
    for (const path of lost) unsure.add(keyOf({ collection, path }))
  }
  return unsure
}

function keyOf({ collection, path }: Pick<PlacePath, 'collection' | 'path'>): string {
  return `${collection}:${path}`
}
