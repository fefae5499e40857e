import type { JobKind } from '../model/job.ts'
import type { Moved, PlacePath } from './transfer.ts'

/** A run of a job's items that one worker holds until `expiresAt`. `token` fences: each lease of a chunk has a higher one. */
export interface Lease {
  readonly job: string
  readonly chunk: number
  readonly firstSeq: number
  readonly lastSeq: number
  readonly token: number
  readonly worker: string
  readonly expiresAt: number
  readonly kind: JobKind
  /** The bytes of its sources must be read again before it is applied (`verify: digest`). */
  readonly verify: boolean
  /** Items may go from one store to another: their bytes must be there before it is applied. */
  readonly crosses: boolean
  /** Items have ends in places, which must be looked at before they are planned (`look`), and bytes to be moved from or to them, or files to be removed (`move`). */
  readonly places: 'none' | 'look' | 'move'
  /** Its items touch each other: each must be applied before the next one is planned. */
  readonly serial: boolean
}

/** What came of copying a chunk's blobs to other stores: a store and a digest each. */
export interface CopiedBlobs {
  readonly arrived: readonly { readonly store: string; readonly sha256: string }[]
  readonly failed: readonly { readonly store: string; readonly sha256: string; readonly code: 'unavailable' | 'out_of_space' }[]
}

/** What was found when the bytes of a chunk were read: digests of bad ones, and what came of those to be copied. */
export interface BytesRead {
  readonly corrupt: readonly string[]
  readonly copied: CopiedBlobs
  /** What came of the bytes of items with an end in a place. */
  readonly moved?: readonly Moved[]
  /** Paths of places of which nothing could be told: whether a source there is missing, or another one, is not known. */
  readonly unsure?: readonly Pick<PlacePath, 'collection' | 'path'>[]
}
