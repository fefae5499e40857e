import { closeSync, fsync, futimesSync, openSync, unlinkSync, writeFile, writeFileSync } from 'node:fs'
import { promisify } from 'node:util'

const fsyncFile = promisify(fsync)
const writeAll: (fd: number, data: Uint8Array) => Promise<void> = promisify(writeFile)

/**
 * Bytes gathered before a write. Bodies that fit are written in one go and on the main thread: into the page cache that takes some
 * tens of microseconds, less than the way to the thread pool and back (measured: a quarter more puts a second). The slow part, fsync, never is.
 */
const BATCH_BYTES = 256 * 1024

/** A blob on its way: bytes under a temporary name, until `publish` gives it the final one or `discard` removes it. */
export class UnfinishedBlob {
  readonly #path: string
  #fd: number | null = null
  #batch: Uint8Array[] = []
  #gathered = 0
  #left = false

  constructor(path: string) {
    this.#path = path
  }

  /** Takes the next bytes; a promise where the caller must wait for the disk. The chunk must not change afterwards. */
  write(chunk: Uint8Array): Promise<void> | null {
    this.#batch.push(chunk)
    this.#gathered += chunk.byteLength
    if (this.#gathered < BATCH_BYTES) return null
    return writeAll(this.#open(), this.#takeBatch())
  }

  /** Makes the bytes durable, then calls `rename` with the temporary path; in the same tick, the file's time becomes `now` (epoch ms). */
  async publish(now: () => number, rename: (from: string) => void): Promise<void> {
    const fd = this.#open()
    if (this.#batch.length > 0) writeFileSync(fd, this.#takeBatch())
    await fsyncFile(fd)
    const seconds = now() / 1000
    futimesSync(fd, seconds, seconds)
    rename(this.#path)
    this.#left = true
  }

  /** Closes the file, and removes it unless it was published. */
  close(): void {
    if (this.#fd === null) return
    closeSync(this.#fd)
    this.#fd = null
    if (!this.#left) unlinkSync(this.#path)
  }

  #open(): number {
    this.#fd ??= openSync(this.#path, 'wx')
    return this.#fd
  }

  #takeBatch(): Uint8Array {
    const [first, ...rest] = this.#batch
    const data = first !== undefined && rest.length === 0 ? first : Buffer.concat(this.#batch)
    this.#batch = []
    this.#gathered = 0
    return data
  }
}
