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
  readonly capabilities: { readonly serverSideCopy: boolean; readonly reflink: boolean; readonly conditionalWrite: boolean }
  put(body: Readable, expect?: PutExpectations): Promise<Blob>
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
  /** Removes what unfinished puts left behind before `before` (epoch ms); returns how many. */
  sweepUnfinished(before: number): Promise<number>
  /** Throws `unavailable` when the store cannot be used. */
  health(): Promise<void>
}
