import { constants, lstatSync, type BigIntStats } from 'node:fs'
import { lstat, mkdir, open, type FileHandle } from 'node:fs/promises'
import { errnoOf } from '../file-errors.ts'

const { O_DIRECTORY, O_NOFOLLOW, O_NONBLOCK, O_RDONLY } = constants

/**
 * An open folder. Everything in it is named through its descriptor, which Linux shows in /proc as the directory itself: whatever becomes of the path that led
 * there, and whatever links are put in its way, names are looked up in this very folder. That is what openat(2) and its kin do, which Node.js does not have.
 */
export class Folder {
  readonly #handle: FileHandle
  /** Names in it were added or replaced, and are not durable yet. */
  isChanged = false

  constructor(handle: FileHandle) {
    this.#handle = handle
  }

  /** A path of what has this name in the folder. It must be one name, without slashes. */
  at(name: string): string {
    return `/proc/self/fd/${this.#handle.fd}/${name}`
  }

  /** The folder itself, for listing it. */
  get path(): string {
    return `/proc/self/fd/${this.#handle.fd}`
  }

  stat(): Promise<BigIntStats> {
    return this.#handle.stat({ bigint: true })
  }

  /** What has this name, links not followed; null when nothing has. System errors pass unchanged. */
  async look(name: string): Promise<BigIntStats | null> {
    return unlessMissing(lstat(this.at(name), { bigint: true }))
  }

  /** The same at once. */
  lookNow(name: string): BigIntStats | null {
    return lstatSync(this.at(name), { bigint: true, throwIfNoEntry: false }) ?? null
  }

  /** The folder of this name in it; null when there is none, a link to one included. `make`: made when nothing has the name. */
  async enter(name: string, make: boolean): Promise<Folder | null> {
    if (make) await this.#make(name)
    const handle = await unlessMissing(open(this.at(name), O_RDONLY | O_DIRECTORY | O_NOFOLLOW))
    return handle === null ? null : new Folder(handle)
  }

  async #make(name: string): Promise<void> {
    try {
      await mkdir(this.at(name))
      this.isChanged = true
    } catch (error) {
      if (errnoOf(error) !== 'EEXIST') throw error
    }
  }

  /** Opens what has this name for reading, unless it is a link; a pipe does not hold it up. Null when nothing has the name. */
  openFile(name: string): Promise<FileHandle | null> {
    return unlessMissing(open(this.at(name), O_RDONLY | O_NOFOLLOW | O_NONBLOCK))
  }

  /** Makes the names in it durable, where some were changed. */
  async sync(): Promise<void> {
    if (!this.isChanged) return
    try {
      await this.#handle.sync()
    } catch (error) {
      // some network file systems have no fsync of directories and answer so: there it is theirs to keep names
      if (errnoOf(error) !== 'EINVAL') throw error
    }
    this.isChanged = false
  }

  close(): Promise<void> {
    return this.#handle.close()
  }
}

/** Opens a folder by its path, which may lead through links: it is the operator's own word. System errors pass unchanged. */
export async function openFolder(path: string): Promise<Folder> {
  return new Folder(await open(path, O_RDONLY | O_DIRECTORY))
}

/** What says that there is nothing of this name, or nothing that is meant: a link where a folder or file is looked for, or a name longer than any can be. */
const NOTHING: ReadonlySet<string | null> = new Set(['ENOENT', 'ENOTDIR', 'ELOOP', 'ENAMETOOLONG', 'ENXIO'])

async function unlessMissing<T>(operation: Promise<T>): Promise<T | null> {
  try {
    return await operation
  } catch (error) {
    if (NOTHING.has(errnoOf(error))) return null
    throw error
  }
}
