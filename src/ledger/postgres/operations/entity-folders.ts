import { MAX_PATH_LENGTH, prefixEnd } from '../../../model/paths.ts'
import type { Place } from '../../shared/found-entity.ts'
import type { Row } from '../../shared/row.ts'
import { LOCKS_OVER } from '../reads/locks.ts'
import { ensureFolder } from './parents.ts'
import { lockCollections, toWrite, type Tx } from './tx.ts'

/** Folders that one step makes at the destination: some statements each. */
const FOLDERS = 250

const FOLDERS_BENEATH = `SELECT path, fields FROM entry WHERE collection = :collection AND collection < 0 AND deleted = 0 AND kind = 1
  AND path > :after AND path < :end ORDER BY path LIMIT :limit`
const FOLDER = 'SELECT path, fields FROM entry WHERE collection = :collection AND path = :path AND deleted = 0'
const FOLDERS_DONE = 'UPDATE entity_selection SET cursor = :cursor, folders = :done WHERE job = :job AND no = :no'

/** Makes the next folders at the destination that the source has, with their fields; where something is already it stays as it is. */
export async function foldersMade(tx: Tx, job: Row, selection: Row): Promise<void> {
  const collection = selection['src_collection'] as number
  const root = selection['src_path'] as string
  const cursor = selection['cursor'] as string | null
  await lockCollections(tx, [toWrite(tx, selection['dst_collection'] as number)])
  const first = cursor === null ? await tx.db.all(FOLDER, { collection, path: root }) : []
  const rest = await tx.db.all(FOLDERS_BENEATH, { collection, after: cursor ?? `${root}/`, end: prefixEnd(`${root}/`), limit: FOLDERS })
  for (const folder of [...first, ...rest]) await makeAtDestination(tx, job, selection, folder)
  const ended = rest.length < FOLDERS
  await tx.db.run(FOLDERS_DONE, { job: job['key'], no: selection['no'], cursor: ended ? null : rest.at(-1)?.['path'], done: ended ? 1 : 0 })
}

/** Whatever is in the way (a file, a lock, too long a path) is told by the items that would go there. */
async function makeAtDestination(tx: Tx, job: Row, selection: Row, folder: Row): Promise<void> {
  const who = job['submitted_by'] as string
  const key = selection['dst_collection'] as number
  const path = (selection['dst_path'] as string) + (folder['path'] as string).slice((selection['src_path'] as string).length)
  if (key >= 0 || path.length > MAX_PATH_LENGTH || (await isLocked(tx, key, path, who))) return
  await ensureFolder(tx, key, path, folder['fields'] as string | null, who)
}

/** True when somebody else holds a lock over the path. */
export async function isLocked(tx: Tx, key: number, path: string, who: string): Promise<boolean> {
  return (await tx.db.all(LOCKS_OVER, { key, path, now: tx.now })).some(lock => lock['holder'] !== who)
}

const FILES = `SELECT path, size FROM entry WHERE collection = :collection AND path > :after AND path < :end AND deleted = 0 AND kind <> 1 ORDER BY path LIMIT :limit`
const FILES_FOUND = 'UPDATE entity_selection SET cursor = :cursor, files = files + :n WHERE job = :job AND no = :no'

/** What one page of a folder's files is. `any`: there are some, here or on a page before. */
interface FilePage {
  readonly files: readonly { readonly source: Place; readonly destination: Place | null; readonly size: number }[]
  readonly ended: boolean
  readonly any: boolean
}

/** The next live files beneath a folder, with their destinations. */
export async function filesBeneath(tx: Tx, job: Row, selection: Row, limit: number): Promise<FilePage> {
  const collection = selection['src_collection'] as number
  const root = selection['src_path'] as string
  const after = (selection['cursor'] as string | null) ?? `${root}/`
  const rows = await tx.db.all(FILES, { collection, after, end: prefixEnd(`${root}/`), limit })
  await tx.db.run(FILES_FOUND, { job: job['key'], no: selection['no'], n: rows.length, cursor: rows.at(-1)?.['path'] ?? after })
  const dstCollection = selection['dst_collection'] as number | null
  const files = rows.map(row => {
    const path = row['path'] as string
    const destination = dstCollection === null ? null : { collection: dstCollection, path: (selection['dst_path'] as string) + path.slice(root.length) }
    return { source: { collection, path }, destination, size: row['size'] as number }
  })
  return { files, ended: rows.length < limit, any: rows.length > 0 || (selection['files'] as number) > 0 }
}
