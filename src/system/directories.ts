import { closeSync, fsyncSync, mkdirSync, openSync, statSync } from 'node:fs'
import { dirname } from 'node:path'

/**
 * Makes a directory, and those above it that are missing. Throws the system's own error where that cannot be done, also where Node's recursive form would try
 * for ever: where a directory is there and says that it is not as soon as something is made in it, as /proc does.
 * Its name and those in it are on the disk when this returns, or a power cut could take what is made durable in it. A new one is its owner's alone: what lies in
 * it is for those whom the server lets at it, not for everybody on the machine. One that is there stays as it is.
 */
export function makeDirectory(path: string): void {
  make(path, 0o700)
  // also where all was there: whoever made it may have been killed before its name was durable
  syncNames(dirname(path))
  syncNames(path)
}

/** Those above it have what is usual: other things may come to lie in them. */
function make(path: string, mode: number): void {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory() === true) return
  const above = dirname(path)
  if (above !== path) make(above, 0o777)
  try {
    mkdirSync(path, { mode })
    syncNames(above)
  } catch (error) {
    // somebody else may have made it in between
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST' || !statSync(path).isDirectory()) throw error
  }
}

/** What a directory answers to fsync on some network file systems, which keep names by themselves; and one that may be written to, but not read. */
const CANNOT_SYNC: ReadonlySet<string | undefined> = new Set(['EINVAL', 'EACCES'])

/** Makes the names in a directory durable. */
export function syncNames(directory: string): void {
  try {
    const opened = openSync(directory, 'r')
    try {
      fsyncSync(opened)
    } finally {
      closeSync(opened)
    }
  } catch (error) {
    if (!CANNOT_SYNC.has((error as NodeJS.ErrnoException).code)) throw error
  }
}
