import type { Caller } from '../model/access.ts'
import { roleAtLeast, type Role } from '../model/collection.ts'
import type { Entry, Fields } from '../model/entry.ts'
import { WaybillError } from '../model/errors.ts'
import { checkPath } from '../model/paths.ts'
import type { ChildFilter, Children, Ledger } from '../ports/ledger.ts'
import type { LedgerOf } from '../ports/recording.ts'
import { tooWeak, type Access } from './access.ts'
import { checkDescription } from './write-checks.ts'
import type { Tree } from './tree-api.ts'

/** Ids of one call: a page, and more than any dialect takes at once. */
const MOST_IDS = 1_000

/** Entries by their ids and by folder. */
export class TreeService implements Tree {
  readonly #ledger: Ledger
  readonly #by: LedgerOf
  readonly #access: Access

  constructor(parts: { ledger: Ledger; by: LedgerOf; access: Access }) {
    this.#ledger = parts.ledger
    this.#by = parts.by
    this.#access = parts.access
  }

  async byId(caller: Caller, entityId: string, least: Role = 'readonly'): Promise<Entry> {
    const [entry] = await this.#ledger.entriesById([entityId], caller.subject)
    // I9: what the caller has no grant for answers exactly as what does not exist, and after the same work
    const role = await this.#ledger.role(caller.subject, entry?.collection ?? '')
    if (entry === undefined || role === null)
      throw new WaybillError('entry_not_found', `there is no entry ${JSON.stringify(entityId.slice(0, 64))} that you may see`)
    if (!roleAtLeast(role, least)) throw tooWeak(entry.collection, role, least)
    return entry
  }

  async manyById(caller: Caller, entityIds: readonly string[]): Promise<ReadonlyMap<string, Entry>> {
    if (entityIds.length > MOST_IDS)
      throw new WaybillError('invalid_request', `${entityIds.length} ids were asked for at once; at most ${MOST_IDS} are answered`)
    const found = await this.#ledger.entriesById(entityIds, caller.subject)
    return new Map(found.map(entry => [entry.entityId, entry]))
  }

  async children(
    caller: Caller,
    collection: string,
    folder: string,
    filter: ChildFilter,
    page: { readonly offset: number; readonly limit: number },
  ): Promise<Children> {
    await this.#addressable(caller, collection, 'readonly')
    if (folder !== '') checkPath(folder)
    const found = await this.#ledger.children(collection, folder, filter, page)
    if (found.total === 0 && folder !== '') await this.#mustExist(collection, folder)
    return found
  }

  async createFolder(caller: Caller, collection: string, path: string, fields?: Fields): Promise<Entry> {
    await this.#addressable(caller, collection, 'readwrite')
    checkDescription(fields === undefined ? {} : { fields })
    return this.#by(caller).createFolder({ collection, path: checkPath(path), subject: caller.subject, fields: fields ?? null })
  }

  async #addressable(caller: Caller, id: string, least: Role): Promise<void> {
    const { addressable } = await this.#access.require(caller, id, least)
    if (!addressable) throw new WaybillError('invalid_request', `the collection ${JSON.stringify(id)} is not addressable: it has paths, but no folders`)
  }

  async #mustExist(collection: string, folder: string): Promise<void> {
    const entry = await this.#ledger.entry(collection, folder)
    if (entry === null || entry.deleted) throw new WaybillError('entry_not_found', `there is no folder ${JSON.stringify(folder)}`)
  }
}
