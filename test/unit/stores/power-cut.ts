import fs from 'node:fs'
import { open, type FileHandle } from 'node:fs/promises'
import { syncBuiltinESMExports } from 'node:module'
import { basename, dirname } from 'node:path'

type Callback = (error: NodeJS.ErrnoException | null) => void

/** How much longer each flush takes here than on this machine, in milliseconds: what must wait for one would else often come late enough by chance. */
const SLOW_MS = 3

/**
 * What a power cut would leave. POSIX promises the bytes of a file, and a name in a directory, only after an fsync of that file, or directory, which began when they
 * were there. It watches the calls of this process, so what is to be watched is imported after `watch`. Needs /proc.
 */
export class PowerCut {
  /** Of files, by inode: how many bytes were there when the last flush that has ended began. */
  readonly #bytes = new Map<number, number>()
  /** Of directories, by path: the inodes of the names that were there when the last flush that has ended began. */
  readonly #names = new Map<string, ReadonlyMap<string, number>>()
  /** Files that got a name in some directory before their bytes were flushed. */
  readonly named: string[] = []

  async watch(): Promise<void> {
    const { fsync, fsyncSync, renameSync, linkSync } = fs
    fs.fsync = ((fd: number, done: Callback) => {
      const ended = this.#begun(fd)
      fsync(fd, error => {
        setTimeout(() => {
          if (error === null) ended()
          done(error)
        }, SLOW_MS)
      })
    }) as typeof fs.fsync
    fs.fsyncSync = fd => {
      const ended = this.#begun(fd)
      fsyncSync(fd)
      ended()
    }
    fs.renameSync = (from, to) => {
      this.#name(String(from), String(to))
      renameSync(from, to)
    }
    fs.linkSync = (from, to) => {
      this.#name(String(from), String(to))
      linkSync(from, to)
    }
    await this.#watchHandles()
    syncBuiltinESMExports()
  }

  async #watchHandles(): Promise<void> {
    const some = await open('/proc/self/stat')
    await some.close()
    const handles = Object.getPrototypeOf(some) as FileHandle
    const { sync } = handles
    const begun = (fd: number): (() => void) => this.#begun(fd)
    handles.sync = async function (this: FileHandle) {
      const ended = begun(this.fd)
      await sync.call(this)
      ended()
    }
  }

  /** Of a flush that begins: what is to be called when it has ended. */
  #begun(fd: number): () => void {
    const stats = fs.fstatSync(fd)
    if (!stats.isDirectory()) return () => this.#bytes.set(stats.ino, stats.size)
    const path = fs.readlinkSync(`/proc/self/fd/${fd}`)
    const names = new Map(fs.readdirSync(path).map(name => [name, fs.lstatSync(`${path}/${name}`).ino]))
    return () => this.#names.set(path, names)
  }

  #name(from: string, to: string): void {
    const { ino, size } = fs.statSync(from)
    if (this.#bytes.get(ino) !== size) this.named.push(to)
  }

  /** What would be missing of a file after a power cut now: its bytes, or names on the way to it beneath `base`. Null: nothing. */
  missing(path: string, base: string): string | null {
    const { ino, size } = fs.statSync(path)
    if (this.#bytes.get(ino) !== size) return `the bytes of ${path}`
    for (let at = path; at !== base; at = dirname(at)) if (!this.keeps(at)) return `the name ${at}`
    return null
  }

  /** Whether what has this name now would have it after a power cut. */
  keeps(path: string): boolean {
    return this.#names.get(dirname(path))?.get(basename(path)) === fs.lstatSync(path).ino
  }

  /** Whether the name would be back after a power cut. */
  comesBack(path: string): boolean {
    return this.#names.get(dirname(path))?.has(basename(path)) !== false
  }
}
