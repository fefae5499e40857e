import { randomUUID } from 'node:crypto'
import { open, readdir, unlink } from 'node:fs/promises'
import type { Readable } from 'node:stream'
import { WaybillError } from '../../model/errors.ts'
import type { PutExpectations } from '../../ports/blob-store.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Staged } from '../../ports/place.ts'
import { BodyMeter, bodyChunks } from '../body-meter.ts'
import { errnoOf } from '../file-errors.ts'
import { UnfinishedFile } from '../unfinished-file.ts'
import type { Folder } from './folder.ts'
import { OWN_FOLDER } from './own-folder.ts'
import { markOf } from './stamps.ts'

/** Bytes in the place's own folder, which have no name yet. What its functions throw is the system's, or coded. */
export class Staging {
  readonly #store: string
  readonly #clock: Clock
  readonly #root: () => Promise<Folder>
  /** Names of this process: never swept by it. */
  readonly #kept = new Set<string>()

  /** `root` opens the root of the place; whoever gets it closes it. */
  constructor(parts: { readonly store: string; readonly clock: Clock; readonly root: () => Promise<Folder> }) {
    this.#store = parts.store
    this.#clock = parts.clock
    this.#root = parts.root
  }

  /** Takes a body in. Never destroys it. */
  body(body: Readable, expect: PutExpectations): Promise<Staged> {
    const meter = new BodyMeter(expect)
    return this.#make(async path => {
      const file = new UnfinishedFile(path)
      try {
        for await (const chunk of bodyChunks(body)) {
          meter.add(chunk)
          const written = file.write(chunk)
          if (written !== null) await written
        }
        const blob = meter.finish()
        // durable, and left where it is
        await file.publish(
          () => this.#clock.now(),
          () => undefined,
        )
        return blob
      } finally {
        await file.close()
      }
    })
  }

  /** The same of a file of `size` bytes that `copy` writes to a path, where an empty one is. */
  copy(size: number, copy: (to: string) => Promise<void>): Promise<Staged> {
    return this.#make(async path => {
      const file = await open(path, 'wx')
      try {
        const { mode } = await file.stat()
        await copy(path)
        // the system copies the rights, too: with them a file of another could run as this server's user
        await file.chmod(mode)
        await file.sync()
      } finally {
        await file.close()
      }
      return { sha256: null, size }
    })
  }

  async discard(id: string): Promise<void> {
    await this.within(own => unlinkIfThere(own.at(id)))
    this.forget(id)
  }

  /** What was staged has got its name. */
  forget(id: string): void {
    this.#kept.delete(id)
  }

  /** Makes no folder where there is none: the directory may be a mount point that nothing is mounted on yet. */
  async sweep(before: number): Promise<number> {
    if (!(await this.#isThere())) return 0
    return this.within(async own => {
      let swept = 0
      for (const name of await readdir(own.path)) {
        const stats = await own.look(name)
        if (stats?.isFile() !== true || this.#kept.has(name) || Number(stats.mtimeMs) >= before) continue
        await unlinkIfThere(own.at(name))
        swept += 1
      }
      return swept
    })
  }

  /** Work with the place's own folder, which is made where it is missing. */
  async within<T>(work: (own: Folder) => Promise<T>): Promise<T> {
    const own = await this.#own()
    try {
      return await work(own)
    } finally {
      await own.close()
    }
  }

  async #isThere(): Promise<boolean> {
    const root = await this.#root()
    try {
      return (await root.look(OWN_FOLDER)) !== null
    } finally {
      await root.close()
    }
  }

  async #own(): Promise<Folder> {
    const root = await this.#root()
    try {
      const own = await root.enter(OWN_FOLDER, true)
      if (own === null) throw new WaybillError('unavailable', `${OWN_FOLDER} in the store "${this.#store}" is no folder; the place needs that name for itself`)
      await root.sync()
      return own
    } finally {
      await root.close()
    }
  }

  /** Makes a file under a name of the place's own; what was made goes when that fails. */
  async #make(work: (path: string) => Promise<{ readonly sha256: string | null; readonly size: number }>): Promise<Staged> {
    const id = randomUUID()
    this.#kept.add(id)
    try {
      return await this.within(async own => {
        try {
          const made = await work(own.at(id))
          const stats = await own.look(id)
          if (stats === null) throw this.#gone()
          return { ...made, id, mark: markOf(stats) }
        } catch (error) {
          await unlinkIfThere(own.at(id))
          throw error
        }
      })
    } catch (error) {
      this.forget(id)
      throw error
    }
  }

  #gone(): WaybillError {
    return new WaybillError('unavailable', `bytes that were written to the store "${this.#store}" are gone; is something deleting its folder ${OWN_FOLDER}?`)
  }
}

async function unlinkIfThere(path: string): Promise<void> {
  try {
    await unlink(path)
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw error
  }
}
