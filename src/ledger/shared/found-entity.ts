import { ROLES } from '../../model/collection.ts'
import type { ErrorCode } from '../../model/errors.ts'
import type { Reason } from '../../model/item.ts'
import type { JobKind } from '../../model/job.ts'
import { pathFault } from '../../model/paths.ts'
import { FILE, FOLDER, uuidText } from './codec.ts'
import type { Row } from './row.ts'

const READONLY = ROLES.indexOf('readonly')
const READWRITE = ROLES.indexOf('readwrite')

/** A place: a collection's key and a path in it. */
export interface Place {
  readonly collection: number
  readonly path: string
}

/** An entity as its job finds it: where it is and where it goes, or why nothing can be done with it. `source` null: the submitter may not know. */
export type Found =
  | { readonly source: Place; readonly destination: Place | null; readonly isFolder: boolean; readonly size: number }
  | { readonly source: Place | null; readonly reason: Reason }

/**
 * What a job of a kind finds of a selection by entity. `there`: the live entry (`collection`, `path`, `kind`, `size`, `id` of its collection, `role` of the
 * submitter), `target`: the destination's collection (`key`, `role`), or its folder's entry as `there`.
 */
export function foundEntity(kind: JobKind, selection: Row, there: Row | undefined, target: Row | undefined): Found {
  const id = uuidText(selection['entity'])
  if (there === undefined) return { source: null, reason: reason('entry_not_found', 'source', `There is no entry with the id ${id}.`) }
  const role = there['role'] as number | null
  if (role === null)
    return { source: null, reason: reason('insufficient_role', 'source', `The submitter has no grant that the entry with the id ${id} needs.`) }
  const source = { collection: there['collection'] as number, path: there['path'] as string }
  const where = `${JSON.stringify(source.path)} in ${JSON.stringify(there['id'])}`
  if (role < (kind === 'copy' ? READONLY : READWRITE)) {
    return { source, reason: reason('insufficient_role', 'source', `The submitter's role is too weak to ${kind} ${where}.`) }
  }
  const found = { source, isFolder: there['kind'] === FOLDER, size: there['size'] as number }
  if (kind === 'delete') return { ...found, destination: null }
  const folder = destinationFolder(selection, target)
  if ('code' in folder) return { source, reason: folder }
  const name = (selection['name'] as string | null) ?? source.path.slice(source.path.lastIndexOf('/') + 1)
  const destination = { collection: folder.collection, path: folder.path === '' ? name : `${folder.path}/${name}` }
  const fault = name.includes('/') ? 'a name has no "/"' : pathFault(destination.path)
  if (fault !== null) return { source, reason: reason('invalid_path', 'destination', `The name ${JSON.stringify(name)} is not good: ${fault}.`) }
  if (found.isFolder && destination.collection === source.collection && destination.path.startsWith(`${source.path}/`)) {
    return { source, reason: reason('folder_into_itself', 'destination', `The folder ${where} cannot go into itself.`) }
  }
  return { ...found, destination }
}

/**
 * What a job of a kind turns out to touch, by the keys of the collections, and whether it writes there. A source that it may not work on is told by an item all
 * the same, so its collection is named, too: else the job would be seen by those who have no grant there (I9).
 */
export function collectionsOf(kind: JobKind, found: Found): ReadonlyMap<number, boolean> {
  const named = new Map<number, boolean>()
  const works = !('reason' in found)
  if (found.source !== null) named.set(found.source.collection, works && kind !== 'copy')
  if (works && found.destination !== null) named.set(found.destination.collection, true)
  return named
}

/** The folder that the entity goes into; path '' is a collection's root. */
function destinationFolder(selection: Row, target: Row | undefined): Place | Reason {
  if (selection['dst_id'] !== null) {
    // one that does not exist and one without a grant are told apart by nothing (I9)
    if (target === undefined || (target['role'] as number) < READWRITE) {
      return reason('insufficient_role', 'destination', `There is no collection ${JSON.stringify(selection['dst_id'])} that the submitter may write to.`)
    }
    return { collection: target['key'] as number, path: '' }
  }
  const id = uuidText(selection['dst_folder'])
  if (target === undefined) return reason('destination_not_found', 'destination', `There is no destination folder with the id ${id}.`)
  const role = target['role'] as number | null
  if (role === null || role < READWRITE)
    return reason('insufficient_role', 'destination', `The submitter may not write to the destination folder with the id ${id}.`)
  if (target['kind'] === FILE) return reason('destination_not_folder', 'destination', `The destination with the id ${id} is no folder.`)
  return { collection: target['collection'] as number, path: target['path'] as string }
}

/** Why a folder whose retry was asked for is not made into items: that is done only once. */
export function folderHoldsSomething(entity: unknown): Reason {
  const message = `The folder with the id ${uuidText(entity)} holds something; submit it anew to have it resolved into its files.`
  return reason('folder_not_empty', 'source', message)
}

function reason(code: ErrorCode, end: 'source' | 'destination', message: string): Reason {
  return { code, message, end }
}
