import { isWaybillError } from '../../model/errors.ts'
import { isOfWrongBytes } from '../../model/wrong-bytes.ts'
import type { Readable } from 'node:stream'
import type { Clock } from '../../ports/clock.ts'
import type { MoveFault, Moved, Transfer } from '../../ports/transfer.ts'
import type { Staged } from '../../ports/place.ts'
import { atOnce } from '../at-once.ts'
import { isFresh } from '../chunk-bytes.ts'
import type { Stores } from '../stores.ts'
import type { Transfers } from '../transfers.ts'

export interface MovesParts {
  readonly stores: Stores
  readonly transfers: Transfers
  readonly clock: Clock
  readonly onError: (error: unknown, what: string) => void
}

/** How a run's bytes are to be moved. */
export interface MoveWish {
  /** Bytes are read, and hashed, whatever is known of them. */
  readonly verify: boolean
  /** True for a source of which nothing could be told just now: nothing that is known of it may be relied on. */
  readonly isUnsure: (source: Transfer['source']) => boolean
  readonly signal: AbortSignal
}

/** What was moved, and what waits in places to be published, by the items' numbers. */
export interface MovedBytes {
  readonly moved: readonly Moved[]
  readonly staged: Map<number, Staged>
  /** False when the work was stopped before its end. */
  readonly ended: boolean
}

/** Moves bytes from and to places: into a managed store under their digest, into a place without a name yet. */
export async function moveBytes(parts: MovesParts, wishes: readonly Transfer[], wish: MoveWish): Promise<MovedBytes> {
  const moved: Moved[] = []
  const staged = new Map<number, Staged>()
  const move = async ({ seq, source, target }: Transfer): Promise<void> => {
    try {
      const { sha256, bytes } = await parts.transfers.run([source.store, target.store], () => moveOne(parts, { seq, source, target }, wish))
      if (bytes !== null) staged.set(seq, bytes)
      moved.push({ seq, revision: source.revision, sha256, mark: bytes?.mark ?? null })
    } catch (error) {
      const hear = (fault: unknown): void => parts.onError(fault, `copying from the store "${source.store}" to "${target.store}"`)
      if (!wish.signal.aborted) moved.push({ seq, code: moveFault(error, source.attached, hear) })
    }
  }
  const most = ([first]: readonly Transfer[]): number => (first === undefined ? 0 : parts.transfers.most(first.source.store, first.target.store))
  // all of them end, also when the work is stopped: what is staged is known, and removed
  await Promise.all([...byStores(wishes).values()].map(some => atOnce(most(some), some, wish.signal, move)))
  return { moved, staged, ended: !wish.signal.aborted }
}

/** Those that go from one store to the same other one, together. */
function byStores(wishes: readonly Transfer[]): Map<string, Transfer[]> {
  return Map.groupBy(wishes, ({ source, target }) => JSON.stringify([source.store, target.store]))
}

async function moveOne(
  { stores, transfers, clock }: MovesParts,
  { source, target }: Transfer,
  { verify, isUnsure, signal }: MoveWish,
): Promise<{ readonly sha256: string | null; readonly bytes: Staged | null }> {
  const { path, sha256, size } = source
  const stamp = source.stamp ?? ''
  const limited = (body: Readable): Readable => transfers.limited(body, [source.store, target.store], signal)
  const expect = { size, maxSize: size, ...(sha256 === null ? {} : { sha256 }) }
  if (!target.attached) {
    const store = stores.named(target.store)
    if (sha256 !== null && !verify && !isUnsure(source) && (await isFresh(store, { sha256, size }, clock))) return { sha256, bytes: null }
    const blob = await reading(limited(await stores.place(source.store).open(path, stamp)), body => store.put(body, expect))
    return { sha256: blob.sha256, bytes: null }
  }
  const place = stores.place(target.store)
  if (source.attached && !verify) {
    const bytes = await place.stageCopy(stores.place(source.store), { path, size, stamp })
    if (bytes !== null) return { sha256, bytes }
  }
  const body = source.attached ? await stores.place(source.store).open(path, stamp) : await stores.named(source.store).get(sha256 ?? '')
  const bytes = await reading(limited(body), read => place.stage(read, expect))
  return { sha256: bytes.sha256, bytes }
}

async function reading<T>(body: Readable, work: (body: Readable) => Promise<T>): Promise<T> {
  try {
    return await work(body)
  } finally {
    body.destroy()
  }
}

const PASSED_ON = ['source_changed', 'destination_changed', 'digest_mismatch', 'out_of_space', 'entry_exists', 'invalid_path'] as const

/** Why an item's bytes are not moved. What is no fault of the item's is told to `hear`: the stores themselves have tried again what may pass. */
export function moveFault(error: unknown, sourceIsFile: boolean, hear: (error: unknown) => void): MoveFault {
  const fault = PASSED_ON.find(code => isWaybillError(error, code))
  if (fault !== undefined) return fault
  // of immutable bytes it is damage, of a file in a place a change
  if (isWaybillError(error, 'entry_not_found') || isOfWrongBytes(error)) return sourceIsFile ? 'source_changed' : 'digest_mismatch'
  hear(error)
  return 'unavailable'
}
