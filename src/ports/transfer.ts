import type { ErrorCode } from '../model/errors.ts'

/** A path of an attached collection. */
export interface PlacePath {
  readonly collection: string
  readonly store: string
  readonly path: string
}

/** One end of a transfer. */
export interface TransferEnd extends PlacePath {
  readonly attached: boolean
}

/** Bytes that an item wants moved, because one of its ends lies in a place. */
export interface Transfer {
  readonly seq: number
  readonly source: TransferEnd & { readonly revision: string; readonly stamp: string | null; readonly sha256: string | null; readonly size: number }
  readonly target: TransferEnd
}

/** Why the bytes of an item could not be moved. */
export type MoveFault = Extract<
  ErrorCode,
  'source_changed' | 'destination_changed' | 'digest_mismatch' | 'unavailable' | 'out_of_space' | 'entry_exists' | 'invalid_path'
>

/**
 * What came of a transfer: the bytes of that revision of the source are where they are needed; `sha256` null when nobody has read them, `mark` where they wait in a
 * place to be published.
 */
export type Moved =
  | { readonly seq: number; readonly revision: string; readonly sha256: string | null; readonly mark: string | null }
  | { readonly seq: number; readonly code: MoveFault }
