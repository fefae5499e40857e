import type { ErrorCode } from '../../../model/errors.ts'
import type { Reason } from '../../../model/item.ts'
import { pathFault } from '../../../model/paths.ts'
import { ROLES } from '../../../model/collection.ts'
import { liveEntity } from '../addressable.ts'
import { uuidText, FILE, FOLDER } from '../codec.ts'
import type { Row } from '../database.ts'
import { kindOf } from './decide.ts'
import type { Tx } from './tx.ts'

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

const ENTITY = `SELECT e.collection, e.path, e.kind, e.size, c.id, g.role FROM entry e CROSS JOIN collection c ON c.key = e.collection AND c.deleted_at IS NULL
  LEFT JOIN access_grant g ON g.collection = e.collection AND g.subject = :who WHERE ${liveEntity('e', ':entity')}`

const COLLECTION = `SELECT c.key, g.role FROM collection c CROSS JOIN access_grant g ON g.collection = c.key AND g.subject = :who
  WHERE c.id = :id AND c.deleted_at IS NULL`

/** Looks an entity of a job up, and its destination: as they are now, with the grants that the submitter has now (I9). */
export function lookUpEntity(tx: Tx, job: Row, selection: Row): Found {
  const kind = kindOf(job)
  const id = uuidText(selection['entity'])
  const there = entity(tx, job, selection['entity'])
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
  const folder = destinationFolder(tx, job, selection)
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

/** The folder that the entity goes into; path '' is a collection's root. */
function destinationFolder(tx: Tx, job: Row, selection: Row): Place | Reason {
  if (selection['dst_id'] !== null) {
    const id = JSON.stringify(selection['dst_id'])
    const row = tx.db.get(COLLECTION, { id: selection['dst_id'] as string, who: job['submitted_by'] as string })
    // one that does not exist and one without a grant are told apart by nothing (I9)
    if (row === undefined || (row['role'] as number) < READWRITE) {
      return reason('insufficient_role', 'destination', `There is no collection ${id} that the submitter may write to.`)
    }
    return { collection: row['key'] as number, path: '' }
  }
  const id = uuidText(selection['dst_folder'])
  const row = entity(tx, job, selection['dst_folder'])
  if (row === undefined) return reason('destination_not_found', 'destination', `There is no destination folder with the id ${id}.`)
  const role = row['role'] as number | null
  if (role === null || role < READWRITE)
    return reason('insufficient_role', 'destination', `The submitter may not write to the destination folder with the id ${id}.`)
  if (row['kind'] === FILE) return reason('destination_not_folder', 'destination', `The destination with the id ${id} is no folder.`)
  return { collection: row['collection'] as number, path: row['path'] as string }
}

function entity(tx: Tx, job: Row, id: unknown): Row | undefined {
  return tx.db.get(ENTITY, { entity: id as Uint8Array, who: job['submitted_by'] as string })
}

function reason(code: ErrorCode, end: 'source' | 'destination', message: string): Reason {
  return { code, message, end }
}
