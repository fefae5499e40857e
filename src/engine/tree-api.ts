import type { Caller } from '../model/access.ts'
import type { Role } from '../model/collection.ts'
import type { Entry, Fields } from '../model/entry.ts'
import type { ChildFilter, Children } from '../ports/ledger.ts'

/**
 * Entries of addressable collections (model/collection.ts), by their ids and by folder. In such a collection every folder is an entry of kind `folder`,
 * made together with the first entry beneath it. An entity that does not exist and one in a collection the caller has no grant for both answer
 * `entry_not_found`; too weak a role answers `insufficient_role`. Folders of a collection that is not addressable are nobody's: `invalid_request`.
 */
export interface Tree {
  byId(caller: Caller, entityId: string, least?: Role): Promise<Entry>
  /** Those of the entities that exist and that the caller may read; the others are absent from the map. At most 1,000 ids. */
  manyById(caller: Caller, entityIds: readonly string[]): Promise<ReadonlyMap<string, Entry>>
  /** `folder` is a path without a "/" at its end; '' is the collection's root. `entry_not_found` when nothing is there. */
  children(
    caller: Caller,
    collection: string,
    folder: string,
    filter: ChildFilter,
    page: { readonly offset: number; readonly limit: number },
  ): Promise<Children>
  /** Makes a folder and the folders above it. `entry_exists` when something has that path. */
  createFolder(caller: Caller, collection: string, path: string, fields?: Fields): Promise<Entry>
}
