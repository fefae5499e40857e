import type { Engine } from '../../engine/api.ts'
import type { Caller } from '../../model/access.ts'
import type { Role } from '../../model/collection.ts'
import type { Entry } from '../../model/entry.ts'
import { isWaybillError } from '../../model/errors.ts'
import { CODES } from './codes.ts'
import type { Code } from './codes.ts'
import { Refusal, badRequest, withLines } from './errors.ts'
import { fileObject } from './file-object.ts'
import type { FileObject } from './file-object.ts'
import { entityIdOf, fileIdOf, rootIdOf } from './ids.ts'
import type { Place } from './request.ts'
import { folderOf } from './words.ts'

/** Ids of folders remembered in one answer: a job's files mostly lie in few. */
const MOST_REMEMBERED = 10_000

/** A folder of a project: `path` has no "/" at its end, and is '' for the root. */
export interface Folder {
  readonly project: string
  readonly path: string
  readonly id: string
}

/** Finds the folder a place names, with at least this role on its project. */
export async function findFolder(engine: Engine, caller: Caller, place: Place, least: Role): Promise<Folder> {
  if ('project' in place) {
    const project = await withLines(engine.collections.get(caller, place.project, least), { insufficient_role: CODES.projectForbidden })
    return { project: project.id, path: '', id: rootIdOf(project.id) }
  }
  const lines = { unknown: CODES.noSuchParent, forbidden: CODES.projectForbidden }
  const entry = await findFile(engine, caller, place.folder, least, lines)
  if (entry.kind !== 'folder') throw badRequest(CODES.parentIsNoFolder, `${place.folder} is not a folder`)
  return { project: entry.collection, path: entry.path, id: fileIdOf(entry.entityId) }
}

/** Finds a file or folder by the id that clients know it by; root folders are none. `lines` of the table: what is refused when it is unknown or may not be written. */
export async function findFile(
  engine: Engine,
  caller: Caller,
  id: string,
  least: Role = 'readonly',
  lines: { readonly unknown: Code; readonly forbidden: Code } = { unknown: CODES.noSuchFile, forbidden: CODES.fileForbidden },
): Promise<Entry> {
  try {
    return await engine.tree.byId(caller, entityIdOf(id), least)
  } catch (error) {
    if (isWaybillError(error, 'entry_not_found')) throw new Refusal(error.code, lines.unknown, noSuchFile(id), { cause: error })
    if (isWaybillError(error, 'insufficient_role')) throw new Refusal(error.code, lines.forbidden, error.message, { cause: error })
    throw error
  }
}

/** What is told of an unknown file. One that the caller has no grant for is told of in the same words. */
export function noSuchFile(id: string): string {
  return `there is no file ${JSON.stringify(id.slice(0, 140))} that you have access to`
}

/** Makes the file objects of one answer. An entry knows its path but not its folder's id: each folder is looked up once. */
export class FileObjects {
  readonly #engine: Engine
  readonly #caller: Caller
  readonly #base: string
  readonly #parents = new Map<string, string | null>()

  constructor(engine: Engine, caller: Caller, base: string) {
    this.#engine = engine
    this.#caller = caller
    this.#base = base
  }

  get base(): string {
    return this.#base
  }

  /** Remembers a folder that is known already. */
  know({ project, path, id }: Folder): void {
    this.#parents.set(`${project}:${path}`, id)
  }

  async of(entry: Entry): Promise<FileObject> {
    return fileObject(entry, await this.#parentId(entry.collection, folderOf(entry.path)), this.#base)
  }

  async #parentId(collection: string, folder: string): Promise<string | null> {
    if (folder === '') return rootIdOf(collection)
    const key = `${collection}:${folder}`
    const known = this.#parents.get(key)
    if (known !== undefined) return known
    if (this.#parents.size >= MOST_REMEMBERED) this.#parents.clear()
    const found = await this.#look(collection, folder)
    this.#parents.set(key, found)
    return found
  }

  /** Null for a folder that has gone, or that the caller may no longer see, since its entry was read. */
  async #look(collection: string, folder: string): Promise<string | null> {
    try {
      return fileIdOf((await this.#engine.entries.stat(this.#caller, collection, folder)).entityId)
    } catch (error) {
      if (isWaybillError(error, 'entry_not_found') || isWaybillError(error, 'collection_not_found')) return null
      throw error
    }
  }
}
