import { isWaybillError } from '../../model/errors.ts'
import type { BytesRead, Lease, Ledger } from '../../ports/ledger.ts'
import type { Intent, PublishedItem, Run } from '../../ports/place-ledger.ts'
import type { Moved, PlacePath, Transfer } from '../../ports/transfer.ts'
import type { Published, Staged } from '../../ports/place.ts'
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
  readonly stopped: () => boolean
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
    if (chunk.stopped()) return false
    const run = { first, last: Math.min(first + most - 1, lease.lastSeq) }
    const done = lease.places === 'move' ? await workRun(parts, chunk, run) : await lookOnly(parts, lease, run)
    if (done === null) return false
    first = done.last + 1
  }
  return true
}

/** What a worker before may have published and could not settle any more: a file with the mark of its intent is ours, and its item done. */
async function settleLeft({ ledger, stores }: PlaceWorkParts, lease: Lease): Promise<void> {
  const published: PublishedItem[] = []
  const left = await ledger.unsettled(lease)
  for (const { seq, store, path, mark } of left) {
    const file = await stores.place(store).marked(path, mark)
    if (file !== null) published.push({ seq, stamp: file.stamp })
  }
  if (left.length > 0) await ledger.settlePublished(lease, { first: lease.firstSeq, last: lease.lastSeq }, published)
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
  const { moved, staged, ended } = await moveBytes(parts, transfers, { verify: lease.verify, isUnsure, stopped: chunk.stopped })
  try {
    if (!ended) return null
    const after = staged.size === 0 ? moved : await publishAll(parts, chunk, run, { transfers, paths, moved, staged })
    await ledger.applyRun(lease, run, { ...read, moved: after })
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

/** Publishes what was staged, as the ledger decides now; returns what was moved, with those that could not be published among the faults. */
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
  const published: PublishedItem[] = []
  const faults = new Map<number, Moved>()
  for (const [store, wishes] of Map.groupBy(intents, intent => intent.store)) {
    const results = await parts.stores.place(store).publish(
      wishes.map(intent => publicationOf(intent, staged)),
      holds,
    )
    results.forEach((result, index) => {
      const { seq, path } = wishes[index] as Intent
      if ('file' in result) {
        published.push({ seq, stamp: result.file.stamp })
        staged.delete(seq)
      } else faults.set(seq, { seq, code: publishFault(parts, result, path, store) })
    })
  }
  await parts.ledger.settlePublished(lease, run, published)
  return moved.map(each => faults.get(each.seq) ?? each)
}

function publicationOf(
  { seq, path, expect }: Intent,
  staged: ReadonlyMap<number, Staged>,
): { readonly staged: Staged; readonly path: string; readonly expect: string | null } {
  const bytes = staged.get(seq)
  if (bytes === undefined) throw new Error(`nothing was staged for item ${seq}`)
  return { staged: bytes, path, expect }
}

function publishFault(
  parts: PlaceWorkParts,
  result: Exclude<Published, { file: unknown }>,
  path: string,
  store: string,
): Extract<Moved, { code: unknown }>['code'] {
  // whoever holds the lease now does it
  if (isWaybillError(result.error, 'stale_lease')) throw result.error
  return moveFault(result.error, false, error => parts.onError(error, `publishing ${JSON.stringify(path)} in the store "${store}"`))
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
