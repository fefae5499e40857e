import { close, fsync, open } from 'node:fs'
import { promisify } from 'node:util'
import { errnoOf } from '../file-errors.ts'

const openFile = promisify(open)
const closeFile = promisify(close)
const fsyncFile = promisify(fsync)

/** A directory's flush that runs, and the one that begins when it ends (shared by all who asked in the meantime). */
interface Flushes {
  running: Promise<void>
  queued: Promise<void> | null
}

/**
 * Makes changes of directories (renames, new names) durable: POSIX promises a name only after an fsync of its directory.
 * Callers of one directory share flushes: at most one runs and one waits, however many puts end there at once.
 */
export class DirectorySync {
  readonly #flushes = new Map<string, Flushes>()

  /** Resolves when everything changed in the directory before this call is durable. */
  sync(directory: string): Promise<void> {
    const flushes = this.#flushes.get(directory)
    if (flushes === undefined) return this.#run(directory)
    // The running flush may have begun before the caller's change: only the next one is sure to carry it.
    flushes.queued ??= flushes.running.then(
      () => this.#run(directory),
      () => this.#run(directory), // the running one's callers hear of its failure themselves
    )
    return flushes.queued
  }

  #run(directory: string): Promise<void> {
    const flushes: Flushes = { running: flushDirectory(directory), queued: null }
    this.#flushes.set(directory, flushes)
    const forget = (): void => {
      if (flushes.queued === null) this.#flushes.delete(directory)
    }
    flushes.running.then(forget, forget)
    return flushes.running
  }
}

async function flushDirectory(directory: string): Promise<void> {
  const fd = await openFile(directory, 'r')
  try {
    await fsyncFile(fd)
  } catch (error) {
    // Some network file systems have no fsync of directories and answer so: there it is theirs to keep names.
    if (errnoOf(error) !== 'EINVAL') throw error
  } finally {
    await closeFile(fd)
  }
}
