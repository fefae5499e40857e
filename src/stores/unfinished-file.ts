import { close, fsync, futimesSync, open, rm, write, writeSync } from 'node:fs'
import { promisify } from 'node:util'

const openFile = promisify(open)
const closeFile = promisify(close)
const removeFile = promisify(rm)
const fsyncFile = promisify(fsync)
const writeSome = promisify(write)

/**
 * Bytes gathered before a write. Bodies that fit are written in one go and on the main thread: into the page cache that takes some
 * tens of microseconds, less than the way to the thread pool and back. What may wait for the disk never is: neither fsync nor the making of
 * the file, which waits for the file system's journal while others are flushed.
 */
const BATCH_BYTES = 256 * 1024

/** A file on its way: bytes under a temporary name, until `publish` gives it the final one or `close` removes it. */
export class UnfinishedFile {
  readonly #path: string
  readonly #fd: Promise<number>
  #batch: Uint8Array[] = []
  #gathered = 0
  /** Where the next bytes go: said with each write, so that another process which still writes the same bytes to the same file changes nothing. */
  #at: number
  #left = false

  /**
   * Opens the file at once, while the first bytes arrive: a new one (`wx`), one in place of what may be there (`w`), or one that is there (`r+`), to go on with
   * behind its first `at` bytes.
   */
  constructor(path: string, flags: 'wx' | 'w' | 'r+' = 'wx', at = 0) {
    this.#path = path
    this.#at = at
    this.#fd = openFile(path, flags)
    // whoever needs the file hears of a failure; a body that fails first must not leave it unheard
    this.#fd.catch((error: unknown) => error)
  }

  /** Takes the next bytes; a promise where the caller must wait for the disk. The chunk must not change afterwards. */
  write(chunk: Uint8Array): Promise<void> | null {
    this.#batch.push(chunk)
    this.#gathered += chunk.byteLength
    return this.#gathered < BATCH_BYTES ? null : this.#flush()
  }

  async #flush(): Promise<void> {
    const fd = await this.#fd
    for (let data = this.#takeBatch(); data.byteLength > 0;) {
      const { bytesWritten } = await writeSome(fd, data, 0, data.byteLength, this.#at)
      data = this.#written(data, bytesWritten)
    }
  }

  #flushNow(fd: number): void {
    for (let data = this.#takeBatch(); data.byteLength > 0;) data = this.#written(data, writeSync(fd, data, 0, data.byteLength, this.#at))
  }

  /** What is left to write: the system may take less than all of it. */
  #written(data: Uint8Array, bytes: number): Uint8Array {
    this.#at += bytes
    return data.subarray(bytes)
  }

  /** Makes the bytes durable, then calls `rename` with the temporary path; in the same tick, the file's time becomes `now` (epoch ms). */
  async publish(now: () => number, rename: (from: string) => void): Promise<void> {
    const fd = await this.#fd
    this.#flushNow(fd)
    await fsyncFile(fd)
    const seconds = now() / 1000
    futimesSync(fd, seconds, seconds)
    rename(this.#path)
    this.#left = true
  }

  /** Closes the file, and removes it unless it was published or is to be kept. A file that could not be made needs neither. */
  async close(keep = false): Promise<void> {
    const fd = await this.#fd.then(
      made => made,
      () => null, // `write` and `publish` have told
    )
    if (fd === null) return
    await closeFile(fd)
    if (!this.#left && !keep) await removeFile(this.#path, { force: true }) // another process may have taken it
  }

  #takeBatch(): Uint8Array {
    const [first, ...rest] = this.#batch
    const data = first !== undefined && rest.length === 0 ? first : Buffer.concat(this.#batch)
    this.#batch = []
    this.#gathered = 0
    return data
  }
}
