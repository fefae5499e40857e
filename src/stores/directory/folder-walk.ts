import type { BigIntStats } from 'node:fs'
import type { Misfit, PlacedFile, PlacePage, PlaceQuery } from '../../ports/place.ts'
import { errnoOf } from '../file-errors.ts'
import type { Folder } from './folder.ts'
import type { FolderChain } from './folder-chain.ts'
import { namesIn, type Found } from './folder-names.ts'
import { placedFile } from './stamps.ts'

/** What is left of a folder that the walk is in. */
interface Level {
  /** The folder's path with "/" at its end; '' for the root. */
  readonly beneath: string
  readonly names: readonly Found[]
  next: number
}

/** Files looked at together. */
const AT_ONCE = 64

/**
 * A walk over the files of a directory in the byte order of their paths, a page at a time: the names of the folders that it is in are kept between pages, so that
 * a large one is read once and not once a page. What was added to those since is not found by this walk.
 */
export class FolderWalk {
  /** When it began, by the time that this process is up. */
  readonly begun = performance.now()
  readonly #query: PlaceQuery
  readonly #levels: Level[] = []
  /** The place's own folder, with "/" at its end. */
  readonly #hidden: string
  #begun = false

  constructor(query: PlaceQuery, hidden: string) {
    this.#query = query
    this.#hidden = hidden
  }

  /** The next page, of at most `limit` files, folders and misfits together. `chain` leads from the root of the place. */
  async page(chain: FolderChain, limit: number): Promise<PlacePage> {
    if (!this.#begun) await this.#begin(chain)
    const files: PlacedFile[] = []
    const folders: string[] = []
    const misfits: Misfit[] = []
    let through = ''
    while (files.length + folders.length + misfits.length < limit) {
      const level = this.#levels.at(-1)
      if (level === undefined) return { files, folders, misfits, through: null }
      const run = this.#run(level, limit - files.length - folders.length - misfits.length)
      const last = run.at(-1)
      if (last === undefined) {
        this.#levels.pop()
        continue
      }
      through = last.key
      if (last.kind === 'file') files.push(...(await lookAll(chain, level, run)))
      else if (last.misfit !== undefined) misfits.push(last.misfit)
      else if (this.#query.delimiter !== undefined) folders.push(last.key)
      else misfits.push(...(await this.#enter(chain, last)))
    }
    return { files, folders, misfits, through }
  }

  /** What comes next in a folder: one name that is no file, or some files in a row. */
  #run(level: Level, most: number): Found[] {
    const from = level.next
    let to = from
    while (to < level.names.length && to - from < Math.min(most, AT_ONCE) && level.names[to]?.kind === 'file') to += 1
    level.next = to === from ? Math.min(from + 1, level.names.length) : to
    return level.names.slice(from, level.next)
  }

  async #begin(chain: FolderChain): Promise<void> {
    this.#begun = true
    const { prefix } = this.#query
    if (prefix.startsWith(this.#hidden)) return
    const beneath = prefix.slice(0, prefix.lastIndexOf('/') + 1)
    const folder = await chain.enter(beneath.slice(0, -1))
    if (folder !== null) await this.#descend(folder, beneath)
  }

  /** Goes into a folder that was listed; what it is instead when it cannot be read. */
  async #enter(chain: FolderChain, { key }: Found): Promise<Misfit[]> {
    try {
      const folder = await chain.enter(key.slice(0, -1))
      if (folder !== null) await this.#descend(folder, key)
      return []
    } catch (error) {
      if (!isForbidden(error)) throw error
      return [{ path: key.slice(0, -1), code: 'unsupported', fault: 'is a folder that the server may not read' }]
    }
  }

  async #descend(folder: Folder, beneath: string): Promise<void> {
    const names = (await namesIn(folder, beneath)).filter(found => this.#isWanted(found))
    this.#levels.push({ beneath, names, next: 0 })
  }

  #isWanted({ key, kind }: Found): boolean {
    const { prefix, after } = this.#query
    if (!key.startsWith(prefix) || key === this.#hidden) return false
    if (after === '' || isAfter(key, after)) return true
    // the listing goes on in the middle of this folder
    return kind === 'folder' && after.startsWith(key) && after !== key
  }
}

/** Behind a path, or behind all that lies beneath it when it ends with "/". */
function isAfter(key: string, after: string): boolean {
  if (after.endsWith('/') && key.startsWith(after)) return false
  return Buffer.compare(Buffer.from(key), Buffer.from(after)) > 0
}

/** Names that are gone, or no files any more, are left out. */
async function lookAll(chain: FolderChain, { beneath }: Level, run: readonly Found[]): Promise<PlacedFile[]> {
  const folder = await chain.enter(beneath.slice(0, -1))
  if (folder === null) return []
  const looks = await Promise.all(run.map(({ name }) => folder.look(name)))
  return run.flatMap(({ key }, index) => {
    const stats: BigIntStats | null = looks[index] ?? null
    return stats?.isFile() === true ? [placedFile(key, stats)] : []
  })
}

/** True when the system refuses to show what is there. */
export function isForbidden(error: unknown): boolean {
  return errnoOf(error) === 'EACCES' || errnoOf(error) === 'EPERM'
}
