import { randomUUID } from 'node:crypto'
import { readdir, rename, stat, utimes } from 'node:fs/promises'
import { join } from 'node:path'
import { isDigest } from '../digest.ts'
import { errnoOf } from '../file-errors.ts'

/** Who writes to a file does so more often than this; a file that was silent for longer has lost its process. */
const SILENT_MS = 60_000
const DIGEST_LENGTH = 64

/** The digest that a resumable file's name begins with. */
export function digestIn(name: string): string {
  return name.slice(0, DIGEST_LENGTH)
}

/** True for the names of files that a later try may go on with: a digest, and where several processes write, one's own mark behind it. */
export function isResumable(name: string): boolean {
  return isDigest(digestIn(name)) && (name.length === DIGEST_LENGTH || name[DIGEST_LENGTH] === '-')
}

/**
 * Where a process that is not alone writes a blob: in a file of its own, for two must not write to one. What a dead process has left of the same blob becomes
 * that file: renaming it is what only one of several can do.
 */
export async function ownResumedFile(temporary: string, sha256: string, now: number): Promise<string> {
  const own = join(temporary, `${sha256}-${randomUUID()}`)
  for (const name of await readdir(temporary)) {
    if (!name.startsWith(`${sha256}-`)) continue
    try {
      const left = join(temporary, name)
      if ((await stat(left)).mtimeMs >= now - SILENT_MS) continue
      await rename(left, own)
      await utimes(own, now / 1000, now / 1000) // or others would take it for one that was left, too
      return own
    } catch (error) {
      if (errnoOf(error) !== 'ENOENT') throw error // taken by another process meanwhile
    }
  }
  return own
}

/** Lets others go on with a file at once, if it is there still. */
export async function leaveToOthers(own: string, now: number): Promise<void> {
  try {
    const free = (now - SILENT_MS - 1) / 1000
    await utimes(own, free, free)
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw error // it is whole and published, or it was removed
  }
}
