import type { Misfit, PlacedFile } from './place.ts'
import type { BytesRead, Lease } from './lease.ts'
import type { Moved, PlacePath, Transfer } from './transfer.ts'

/** Part of a place: what lies behind `after` (in the sense of a place's pages) up to and with `through`; null: to the end of the prefix. */
export interface LookRange {
  readonly prefix: string
  readonly after: string
  readonly through: string | null
}

/** What was found in a place, when it was looked at. */
export interface Look {
  readonly collection: string
  /** Of the collection, asked before the place was looked at. */
  readonly edition: number
  /** What was looked at: what of it was not found is gone. */
  readonly scope: LookRange | { readonly paths: readonly string[] }
  readonly found: readonly PlacedFile[]
  /** Paths within the scope of which nothing could be told. */
  readonly unsure: readonly string[]
  /** The selection that the place is looked through for: its cursor and the items that stand for misfits are part of the transaction. */
  readonly selection?: LookSelection & { readonly misfits: readonly Misfit[] }
}

/** A selection of a job over an attached collection, and how far the place was looked through for it. */
export interface LookSelection {
  readonly job: string
  readonly no: number
  readonly collection: string
  readonly prefix: string
  readonly after: string
}

/** A file that is to be published for an item, or (`removes`) removed; `expect`: the stamp of the one that is there before, null where nothing may be. */
export interface Intent extends PlacePath {
  readonly seq: number
  readonly removes: boolean
  readonly mark: string
  readonly expect: string | null
}

/** A file that was published for an item, or (null) removed. */
export interface PublishedItem {
  readonly seq: number
  readonly stamp: string | null
}

/** Items of a leased chunk, by their numbers, both included. */
export interface Run {
  readonly first: number
  readonly last: number
}

/**
 * What the ledger knows of files that lie in places: it mirrors them as entries with their stamps, the digest null until somebody has read the bytes, and it is
 * told of what others did to them by looks. Part of `Ledger`; each writing method is one transaction.
 *
 * - A look MUST be refused (false) when files of the collection were written or looked at since its edition was asked: what it says may be older than what is known.
 * - A look MUST pass over paths for which there is an intent: what is found there may be ours.
 * - A file that was published MUST become the version that its intent says, whatever became of source, grants or locks since: it is there.
 * - `planTransfers`, `intend`, `settlePublished`, `applyRun` and `unsettled` MUST refuse a lease that is over, with `stale_lease` (I7).
 */
export interface PlaceLedger {
  /** A number of an attached collection that grows whenever its files are found, written or gone. Throws `collection_not_found`. */
  edition(collection: string): Promise<number>
  /** The live files of an attached collection behind `after`, in path order, and their stamps. */
  placedFiles(
    collection: string,
    range: { readonly prefix: string; readonly after: string },
    limit: number,
  ): Promise<readonly { path: string; stamp: string }[]>
  /** The stamps of those of the paths that are live files. */
  stamps(collection: string, paths: readonly string[]): Promise<ReadonlyMap<string, string>>
  /** Makes what was found new versions, and tombstones of what is gone. False when the place must be looked at again. */
  reconcile(look: Look): Promise<boolean>
  /** The places that waiting items of a leased chunk speak of. */
  chunkPaths(lease: Lease, run: Run): Promise<readonly PlacePath[]>
  /** The bytes that must be moved before the run can be applied, as it would be planned now. None for a job that is being cancelled. */
  planTransfers(lease: Lease, run: Run): Promise<readonly Transfer[]>
  /**
   * Plans the run with the bytes that were moved, and writes down what is to be published, or, by a deletion, removed: from now on these paths are looked at by nobody else, and nobody else
   * can intend to write them.
   */
  intend(lease: Lease, run: Run, moved: readonly Moved[]): Promise<readonly Intent[]>
  /** Settles the items whose files were published, also of a job that is being cancelled. The intents of the run are over. The chunk stays leased. */
  settlePublished(lease: Lease, run: Run, published: readonly PublishedItem[]): Promise<void>
  /**
   * Plans, applies and settles the waiting items of a run; of a job that is being cancelled none. Those with an end in a place are done only when `read.moved` says
   * that their bytes are there, and never when they go to a place. The chunk stays leased.
   */
  applyRun(lease: Lease, run: Run, read: BytesRead): Promise<void>
  /** Intents of a leased chunk that were not settled: a worker before this one may have published their files. */
  unsettled(lease: Lease): Promise<readonly Intent[]>
}
