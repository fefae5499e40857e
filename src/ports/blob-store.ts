import type { Readable } from 'node:stream'

/** Immutable bytes, addressed by the SHA-256 (hex) of their content. */
export interface Blob {
  readonly sha256: string
  readonly size: number
}

/** A blob in a store, and when it was last put: epoch milliseconds, by the store's own clock. */
export interface StoredBlob extends Blob {
  readonly putAt: number
}

/** A half-open run of bytes: from `start` up to, not including, `end`. */
export interface ByteRange {
  readonly start: number
  readonly end: number
}

/** What a put checks before anything becomes visible. */
export interface PutExpectations {
  /** SHA-256 in hex that the bytes must have; otherwise `digest_mismatch`. */
  readonly sha256?: string
  /** Exact number of bytes that must arrive; otherwise `incomplete_body`. */
  readonly size?: number
  /** Most bytes that may arrive; otherwise `body_too_large`. */
  readonly maxSize?: number
}

/** A known blob that is elsewhere, and its bytes from an offset on. Whoever opens them destroys the stream. */
export interface BlobSource extends Blob {
  open(from: number): Promise<Readable>
}

/** How blobs are taken over from another store. */
export interface TakeOptions {
  /** A whole blob that was put at or after this time (epoch ms) may be left as it is: it is there. */
  readonly unlessPutSince: number
  /** Ends the work; what has arrived stays where the next try finds it. */
  readonly signal: AbortSignal
  /** Hears how many bytes of a blob are there by now, also those of an earlier try. Never after the end. */
  readonly onProgress?: (sha256: string, bytes: number) => void
  /** Waits for a turn among the transfers of both stores; for each blob whose bytes somebody moves. */
  readonly slot: <T>(work: () => Promise<T>) => Promise<T>
}

/** What a store can do beside moving bytes. */
export interface StoreCapabilities {
  /** `copyFrom` has the service copy by itself, where both stores are in one. */
  readonly serverSideCopy: boolean
  /** `copyFrom` gives the very same file a second name, where both stores are on one file system. */
  readonly link: boolean
}

/**
 * Where blobs live. Every implementation:
 * - MUST make a blob visible only whole, under its final name, after its bytes are durable (invariant I4);
 * - MUST leave nothing visible when a put fails or the source stream breaks off;
 * - MUST treat a put of bytes it already holds as success and renew the blob's age, so that a sweep spares it;
 * - MUST throw `unsupported` for a capability it does not claim, `out_of_space` for a full disk.
 */
export interface BlobStore {
  readonly name: string
  /** True when other processes may put into it at the same time: then what is unfinished may be theirs, and only what is old enough may be swept. */
  readonly shared: boolean
  readonly capabilities: StoreCapabilities
  put(body: Readable, expect?: PutExpectations): Promise<Blob>
  /**
   * Puts a known blob. What has arrived of a large one stays when the source breaks off, the signal aborts or the process dies, and the next call goes on from
   * there; the digest MUST be taken of the whole all the same. Throws as `put` does; after wrong bytes nothing stays.
   */
  receive(source: BlobSource, options: Omit<TakeOptions, 'slot'>): Promise<void>
  /**
   * Takes over blobs of another store without their bytes passing through this process. Returns the digests of those that are here now, whole and durable; the
   * others must go by `receive`, which tells what is wrong with them. Throws `unsupported` unless it claims a capability for it and the other store is within reach.
   */
  copyFrom(other: BlobStore, blobs: readonly Blob[], options: TakeOptions): Promise<ReadonlySet<string>>
  /** The bytes, or a range of them. Throws `entry_not_found` when the blob is not there. The caller destroys the stream when it stops early. */
  get(sha256: string, range?: ByteRange): Promise<Readable>
  /** Size, and when the blob was last put (epoch ms); null when it is not there. */
  stat(sha256: string): Promise<StoredBlob | null>
  /** Reads the blob again and returns true when its bytes still have this digest; false when they differ or are missing. */
  verify(sha256: string): Promise<boolean>
  /** Every blob with the time it was last put (epoch ms), in no order. */
  list(): AsyncIterable<StoredBlob>
  /** Deletes the blob unless it was put at or after `unlessPutSince`; true when it is gone. Atomic against a put of the same bytes. */
  delete(sha256: string, unlessPutSince: number): Promise<boolean>
  /** Removes what unfinished puts left behind before `before` (epoch ms), and what `receive` could go on from when it is older than `resumableBefore`; returns how many. */
  sweepUnfinished(before: number, resumableBefore?: number): Promise<number>
  /** Throws `unavailable` when the store cannot be used. */
  health(): Promise<void>
}
