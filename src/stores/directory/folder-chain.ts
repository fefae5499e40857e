import type { Folder } from './folder.ts'

/**
 * The way from a root down to the folder that was entered last: the next one is entered from where both part, so that paths in order open each folder once.
 * Folders that are left are made durable, where they were changed.
 */
export class FolderChain {
  readonly #root: Folder
  /** What was entered beneath the root, by name, the deepest last. */
  readonly #entered: { readonly name: string; readonly folder: Folder }[] = []

  /** From now on the root belongs to the chain. */
  constructor(root: Folder) {
    this.#root = root
  }

  /** The folder at a path ('': the root); null when there is none. `make`: it and those above it are made where nothing is. */
  async enter(path: string, make = false): Promise<Folder | null> {
    const names = path === '' ? [] : path.split('/')
    const common = this.#entered.findIndex(({ name }, depth) => name !== names[depth])
    await this.#leave(common === -1 ? Math.min(this.#entered.length, names.length) : common)
    for (const name of names.slice(this.#entered.length)) {
      const within = this.#deepest()
      const folder = await within.enter(name, make)
      if (folder === null) return null
      within.isChanged ||= make // also where it was there: whoever made it may not have made its name durable yet
      this.#entered.push({ name, folder })
    }
    return this.#deepest()
  }

  #deepest(): Folder {
    return this.#entered.at(-1)?.folder ?? this.#root
  }

  async #leave(depth: number): Promise<void> {
    await all(this.#entered.splice(depth).map(({ folder }) => left(folder)))
  }

  /** Leaves all of it, the root too. */
  async close(): Promise<void> {
    try {
      await this.#leave(0)
    } finally {
      await left(this.#root)
    }
  }
}

/** Resolves when all have ended, whatever becomes of some: none may stay open. */
async function all(endings: readonly Promise<void>[]): Promise<void> {
  const failed = (await Promise.allSettled(endings)).find(ending => ending.status === 'rejected')
  if (failed !== undefined) throw failed.reason
}

async function left(folder: Folder): Promise<void> {
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}
