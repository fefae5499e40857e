import { constants } from 'node:fs'
import { copyFile, readdir } from 'node:fs/promises'
import { resolve } from 'node:path'
import { Readable } from 'node:stream'
import { WaybillError } from '../../model/errors.ts'
import type { ByteRange, PutExpectations } from '../../ports/blob-store.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Place, PlacedFile, PlacePage, PlaceQuery, Publication, Published, Removal, Removed, Staged } from '../../ports/place.ts'
import { fileError } from '../file-errors.ts'
import { pastTick, readStamped, sourceChanged } from './file-read.ts'
import { openFolder, type Folder } from './folder.ts'
import { FolderChain } from './folder-chain.ts'
import { FolderWalk, isForbidden } from './folder-walk.ts'
import { KeptWalks } from './kept-walks.ts'
import { folderOf, nameOf, OWN_FOLDER } from './own-folder.ts'
import { publishOne, removeOne } from './publish.ts'
import { Staging } from './staging.ts'
import { markOf, placedFile, stampOf } from './stamps.ts'

export interface DirectoryPlaceOptions {
  readonly name: string
  /** It may be a link; those that lie in it are never followed. */
  readonly directory: string
  readonly readonly: boolean
  /** True when other processes have the same directory attached (default: false). */
  readonly shared?: boolean
  readonly clock: Clock
}

/** Opens a directory as a place. Looks at nothing yet: one that is not there makes no server fail to start. Throws `unsupported` on another system than Linux. */
export function openDirectoryPlace(options: DirectoryPlaceOptions): Place {
  if (process.platform !== 'linux') {
    throw new WaybillError(
      'unsupported',
      `the store "${options.name}" attaches a directory, which is safe against links on Linux only; attach a bucket instead`,
    )
  }
  return new DirectoryPlace(options)
}

/**
 * Files of a directory, under their own names.
 *
 *     <any path>          files of the place, ours and others'
 *     .waybill/<uuid>     bytes that are not published yet; whatever a crash leaves here is swept
 *
 * Everything is looked up folder by folder from the root (folder.ts), so that no link leads out of it. Bytes are written under .waybill/, fsynced, and then given
 * their name: by link(2) where nothing may be there, which the system refuses when something is; by rename(2) over the file that is to be replaced, looked at in
 * the same tick of this process (another program's write between the two calls would be lost: POSIX has nothing that excludes it). The folders are fsynced.
 */
class DirectoryPlace implements Place {
  readonly name: string
  readonly readonly: boolean
  readonly shared: boolean
  readonly #directory: string
  readonly #clock: Clock
  /** Device and inode of the root when it was first seen: an empty mount point in its stead must not look as if all files were gone. */
  #identity: string | null = null
  readonly #walks: KeptWalks
  readonly #staging: Staging

  constructor({ name, directory, readonly, shared = false, clock }: DirectoryPlaceOptions) {
    this.name = name
    this.readonly = readonly
    this.shared = shared
    this.#directory = resolve(directory)
    this.#clock = clock
    this.#walks = new KeptWalks(clock)
    this.#staging = new Staging({ store: name, clock, root: () => this.#root() })
  }

  async list(query: PlaceQuery): Promise<PlacePage> {
    return this.#within(async chain => {
      const walk = this.#walks.take(query) ?? new FolderWalk(query, `${OWN_FOLDER}/`)
      const page = await walk.page(chain, query.limit)
      if (page.through !== null) this.#walks.keep({ ...query, after: page.through }, walk)
      return page
    })
  }

  async stat(paths: readonly string[]): Promise<readonly (PlacedFile | null | undefined)[]> {
    return this.#within(async chain => {
      const found: (PlacedFile | null | undefined)[] = []
      for (const path of paths) found.push(await lookAt(chain, path))
      return found
    })
  }

  async marked(path: string, mark: string): Promise<PlacedFile | null> {
    return this.#within(async chain => {
      const stats = await (await folderOf(chain, path))?.look(nameOf(path))
      return stats?.isFile() === true && markOf(stats) === mark ? placedFile(path, stats) : null
    })
  }

  async open(path: string, stamp: string, range?: ByteRange): Promise<Readable> {
    return this.#within(async chain => {
      const file = await (await folderOf(chain, path))?.openFile(nameOf(path))
      if (file == null) throw sourceChanged(path)
      return readStamped(file, path, stamp, this.#clock, range)
    })
  }

  async stage(body: Readable, expect: PutExpectations): Promise<Staged> {
    this.#refuseReadonly()
    return this.#files(() => this.#staging.body(body, expect))
  }

  async stageCopy(source: Place, wanted: Pick<PlacedFile, 'path' | 'size' | 'stamp'>): Promise<Staged | null> {
    this.#refuseReadonly()
    if (!(source instanceof DirectoryPlace)) return null
    return this.#files(() => this.#staging.copy(wanted.size, to => source.#copyOut(wanted, to)))
  }

  async publish(publications: readonly Publication[], mayGoOn: () => boolean): Promise<readonly Published[]> {
    this.#refuseReadonly()
    return this.#within(chain =>
      this.#staging.within(async own => {
        const published: Published[] = []
        for (const publication of publications) published.push(await publishOne(chain, own, publication, mayGoOn))
        for (const [index, { staged }] of publications.entries()) if ('file' in (published[index] ?? {})) this.#staging.forget(staged.id)
        return published
      }),
    )
  }

  async remove(removals: readonly Removal[], mayGoOn: () => boolean): Promise<readonly Removed[]> {
    this.#refuseReadonly()
    return this.#within(async chain => {
      const removed: Removed[] = []
      for (const removal of removals) removed.push(await removeOne(chain, removal, mayGoOn))
      return removed
    })
  }

  async discard({ id }: Staged): Promise<void> {
    await this.#files(() => this.#staging.discard(id))
  }

  async sweepUnfinished(before: number): Promise<number> {
    return this.readonly ? 0 : this.#files(() => this.#staging.sweep(before))
  }

  async health(): Promise<void> {
    if (!this.readonly) return this.#probe()
    await this.#within(async chain => readdir((await chain.enter(''))?.path ?? this.#directory))
  }

  async #probe(): Promise<void> {
    await this.discard(await this.stage(Readable.from(['probe'], { objectMode: false }), {}))
  }

  /** Copies a file, if it is still of that stamp at the end, without its bytes passing through here: shared blocks where the file system has them. */
  async #copyOut({ path, stamp }: Pick<PlacedFile, 'path' | 'stamp'>, to: string): Promise<void> {
    await this.#within(async chain => {
      const file = await (await folderOf(chain, path))?.openFile(nameOf(path))
      if (file == null) throw sourceChanged(path)
      try {
        await pastTick(file, this.#clock)
        const isThat = async (): Promise<boolean> => stampOf(await file.stat({ bigint: true })) === stamp
        if (!(await isThat())) throw sourceChanged(path)
        await copyFile(`/proc/self/fd/${file.fd}`, to, constants.COPYFILE_FICLONE)
        if (!(await isThat())) throw sourceChanged(path)
      } finally {
        await file.close()
      }
    })
  }

  #refuseReadonly(): void {
    if (this.readonly) throw new WaybillError('unsupported', `the store "${this.name}" is attached read-only; nothing is written to it`)
  }

  async #root(): Promise<Folder> {
    const root = await openFolder(this.#directory)
    const { dev, ino } = await root.stat()
    this.#identity ??= `${dev}-${ino}`
    if (`${dev}-${ino}` === this.#identity) return root
    await root.close()
    throw new WaybillError(
      'unavailable',
      `the directory of the store "${this.name}" is another one than it was; is it mounted? Start the server anew when it is meant`,
    )
  }

  /** Work on folders of the place, all of which are closed, and what was changed in them is durable, when it ends. */
  async #within<T>(work: (chain: FolderChain) => Promise<T>): Promise<T> {
    return this.#files(async () => {
      const chain = new FolderChain(await this.#root())
      try {
        return await work(chain)
      } finally {
        await chain.close()
      }
    })
  }

  async #files<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } catch (error) {
      throw fileError(error, this.name)
    }
  }
}

async function lookAt(chain: FolderChain, path: string): Promise<PlacedFile | null | undefined> {
  try {
    const stats = await (await folderOf(chain, path))?.look(nameOf(path))
    return stats?.isFile() === true ? placedFile(path, stats) : null
  } catch (error) {
    if (isForbidden(error)) return undefined
    throw error
  }
}
