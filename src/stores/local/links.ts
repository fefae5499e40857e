import { linkSync, mkdirSync, renameSync, statSync, utimesSync } from 'node:fs'
import { dirname } from 'node:path'
import type { Blob, TakeOptions } from '../../ports/blob-store.ts'
import { digestOfFile } from './file-digest.ts'
import { FileDigests } from './file-digests.ts'
import { errnoOf, unlessMissing } from '../file-errors.ts'

/** Where a file cannot get a second name: on another file system or mount, on one without links, where links to others' files are forbidden, or when it has too many. */
const NO_LINK: ReadonlySet<string> = new Set(['EXDEV', 'EPERM', 'EACCES', 'EMLINK', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'ENOENT'])
/** Files up to this size are hashed many at once on another thread; larger ones one by one, with progress. */
const HASHED_TOGETHER_BYTES = 1024 * 1024

/** One thread for all local stores. */
const digests = new FileDigests()

/** Where a blob lies, by its digest. */
export type PathOf = (sha256: string) => string

/** Which of these blobs are there with the bytes that their digests say. A damaged one must not get a second name. */
export async function whole(blobs: readonly Blob[], path: PathOf, { signal, slot, onProgress }: Omit<TakeOptions, 'unlessPutSince'>): Promise<string[]> {
  const small = blobs.filter(({ size }) => size <= HASHED_TOGETHER_BYTES).map(({ sha256 }) => sha256)
  const found = await digests.of(small.map(path))
  const good = small.filter((sha256, at) => found[at] === sha256)
  for (const { sha256, size } of blobs) {
    if (size <= HASHED_TOGETHER_BYTES) continue
    const onRead = (at: number): void => {
      signal.throwIfAborted()
      onProgress?.(sha256, at)
    }
    if ((await slot(() => unlessMissing(digestOfFile(path(sha256), onRead)))) === sha256) good.push(sha256)
  }
  return good
}

export interface Link {
  readonly from: string
  readonly to: string
  /** A name in the target's file system that is free. */
  readonly temporary: string
  /** When the blob is put (epoch ms). */
  readonly now: number
}

/**
 * Gives a file a second name, in place of whatever has it, in one tick of this process. False when that cannot be done: then it must be copied.
 * The time is the file's, not the name's: its other names get it, too.
 */
export function link(link: Link): boolean {
  try {
    giveName(link)
    utimesSync(link.to, link.now / 1000, link.now / 1000)
    return true
  } catch (error) {
    if (NO_LINK.has(errnoOf(error) ?? '')) return false
    throw error
  }
}

function giveName({ from, to, temporary }: Link): void {
  try {
    linkSync(from, to)
    return
  } catch (error) {
    if (errnoOf(error) === 'ENOENT' && mkdirSync(dirname(to), { recursive: true }) !== undefined) {
      linkSync(from, to)
      return
    }
    if (errnoOf(error) !== 'EEXIST') throw error
  }
  // Renaming one name of a file onto another of the same file would do nothing and leave both.
  if (isSameFile(from, to)) return
  linkSync(from, temporary)
  renameSync(temporary, to)
}

function isSameFile(one: string, other: string): boolean {
  const [a, b] = [one, other].map(path => statSync(path, { bigint: true }))
  return a?.ino === b?.ino && a?.dev === b?.dev
}
