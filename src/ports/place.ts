import type { Readable } from 'node:stream'
import type { ErrorCode } from '../model/errors.ts'
import type { ByteRange, PutExpectations } from './blob-store.ts'

/**
 * A file of a place as it was found. `stamp` is one text for the very bytes: whatever writes the file gives it another. `modifiedAt` is epoch milliseconds, as the
 * place says.
 */
export interface PlacedFile {
  readonly path: string
  readonly size: number
  readonly stamp: string
  readonly modifiedAt: number
}

/** Something in a place that is no file of it: a link, a device, a name that is no path. `path` is what can be shown of its name. */
export interface Misfit {
  readonly path: string
  readonly code: Extract<ErrorCode, 'unsupported' | 'invalid_path'>
  /** What it is, in words that follow its path ("is a symbolic link"). */
  readonly fault: string
}

/** Which files. `after`: only those behind this path, or behind the `through` of the page before. */
export interface PlaceQuery {
  readonly prefix: string
  readonly after: string
  readonly limit: number
  /** What lies beneath the next "/" after the prefix is told once, in `folders`. */
  readonly delimiter?: '/'
}

/** A page of a place, in the byte order of the paths. `through`: where it ends, to go on behind; null when there is no more. */
export interface PlacePage {
  readonly files: readonly PlacedFile[]
  readonly folders: readonly string[]
  readonly misfits: readonly Misfit[]
  readonly through: string | null
}

/** Bytes that are in the place, whole and durable, under no name yet. `sha256` null: they were copied without being read. */
export interface Staged {
  /** The place's own name of them. */
  readonly id: string
  /** What the file will be known by once it is published, whoever asks (`Place.marked`). */
  readonly mark: string
  readonly size: number
  readonly sha256: string | null
}

/** Staged bytes and where they go. `expect`: the stamp of the file that they replace; null: nothing may be there. */
export interface Publication {
  readonly staged: Staged
  readonly path: string
  readonly expect: string | null
}

/** A file to be removed, if it is still of this stamp. */
export interface Removal {
  readonly path: string
  readonly stamp: string
}

/** What came of a removal: null, or why it was left. */
export type Removed = { readonly error: unknown } | null

/** What came of a publication. */
export type Published = { readonly file: PlacedFile } | { readonly error: unknown }

/**
 * A directory or a part of a bucket whose files stay where they are, under their own names, for others to read and write. Every implementation:
 * - MUST make a file visible only whole, under its final name, after its bytes are durable (invariant I4), and leave nothing visible when that fails;
 * - MUST NOT read or write anything outside of the place, whatever links lie in it and whoever changes them meanwhile;
 * - MUST NOT give bytes of another file than that of the stamp it was asked for: `source_changed`;
 * - MUST NOT replace or remove a file that is not the expected one: `destination_changed`;
 * - MUST refuse paths that it cannot have: `invalid_path`; and a path where something else than a file is, or beneath a file: `entry_exists`.
 */
export interface Place {
  readonly name: string
  /** Nothing may be written: `stage`, `stageCopy`, `publish` and `remove` throw `unsupported`. */
  readonly readonly: boolean
  /** True when other processes may write into it in our way at the same time: then what is unfinished may be theirs. */
  readonly shared: boolean
  list(query: PlaceQuery): Promise<PlacePage>
  /** The files as they are now, in the order of the paths; null where there is none (what is no file counts as nothing), undefined where that cannot be told. */
  stat(paths: readonly string[]): Promise<readonly (PlacedFile | null | undefined)[]>
  /** The file when it is the one that was published with this mark, else null. */
  marked(path: string, mark: string): Promise<PlacedFile | null>
  /** The bytes of the file of that stamp, or a range of them. Throws `source_changed`, at once or in the stream, when it is another or gone. */
  open(path: string, stamp: string, range?: ByteRange): Promise<Readable>
  /** Takes bytes in, whole and durable, without showing them. Never destroys `body`. */
  stage(body: Readable, expect: PutExpectations): Promise<Staged>
  /** The same of a file of another place (or this one), without its bytes passing through here; null where there is no such way. Throws `source_changed`. */
  stageCopy(source: Place, file: Pick<PlacedFile, 'path' | 'size' | 'stamp'>): Promise<Staged | null>
  /**
   * Publishes one after the other, or some at once; resolves when all names are durable, with what came of each, in their order. Each is begun only while
   * `mayGoOn` is true, else it fails with `stale_lease`.
   */
  publish(publications: readonly Publication[], mayGoOn: () => boolean): Promise<readonly Published[]>
  /** Removes files one after the other, or some at once, as `publish` publishes them; folders that were emptied stay. `destination_changed` where the file is another, or gone. */
  remove(removals: readonly Removal[], mayGoOn: () => boolean): Promise<readonly Removed[]>
  /** Lets go of staged bytes that are not published. */
  discard(staged: Staged): Promise<void>
  /** Removes what unfinished work left behind before `before` (epoch ms); returns how many. */
  sweepUnfinished(before: number): Promise<number>
  /** Throws `unavailable` when the place cannot be used. */
  health(): Promise<void>
}
