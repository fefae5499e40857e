import { prefixEnd } from '../../../model/paths.ts'
import { entityPrefix, FILE } from '../../shared/codec.ts'
import type { Row } from '../../shared/row.ts'
import { CONTENT } from '../../shared/entry-columns.ts'
import { NEW_REVISION } from '../entry-columns.ts'
import { isLocked } from './entity-folders.ts'
import { childOf } from './parents.ts'
import type { Tx } from './tx.ts'

/** Folders that one step looks at. */
const FOLDERS = 250

const NEXT = 'SELECT * FROM entity_selection WHERE job = :job AND clears = 1 LIMIT 1'
const CLEARED = 'UPDATE entity_selection SET clears = 2, cursor = NULL WHERE job = :job AND no = :no'
const ALL_CLEARED = 'UPDATE entity_selection SET clears = 2, cursor = NULL WHERE job = :job AND clears = 1'
const CLEAR_AGAIN = 'UPDATE entity_selection SET clears = 1, cursor = NULL WHERE job = :job AND clears = 2'

/** True while a job whose items are all settled has emptied folders to remove. What was cancelled removes none. */
export async function mustClear(tx: Tx, job: Row): Promise<boolean> {
  if (job['dry_run'] === 1 || (await tx.db.get(NEXT, { job: job['key'] })) === undefined) return false
  if (job['cancelling'] === 0) return true
  await tx.db.run(ALL_CLEARED, { job: job['key'] })
  return false
}

/** After a retry the folders are looked at again: more of them may be empty. */
export async function clearAgain(tx: Tx, job: number): Promise<void> {
  await tx.db.run(CLEAR_AGAIN, { job })
}

/** The last first, so that what lies in a folder is looked at before it. */
const FOLDERS_BENEATH = `SELECT path FROM entry WHERE collection = :collection AND collection < 0 AND deleted = 0 AND kind = 1
  AND path > :from AND path < :before ORDER BY path DESC LIMIT :limit`

const GRANT = 'SELECT 1 FROM access_grant WHERE collection = :collection AND subject = :who AND role > 0'

const ARRIVED = `SELECT 1 FROM entry WHERE collection = :key AND path = :path AND deleted = 0 AND kind <> ${FILE}`

const GO_ON = 'UPDATE entity_selection SET cursor = :cursor WHERE job = :job AND no = :no'

/** False for a folder that a move could not make at its destination (a file, a lock, too long a path): were it removed, it would be lost. */
async function hasArrived(tx: Tx, selection: Row, path: string): Promise<boolean> {
  const key = selection['dst_collection'] as number | null
  if (key === null || key >= 0) return true // a deletion, or where there are no folders
  const root = selection['src_path'] as string
  return (await tx.db.get(ARRIVED, { key, path: (selection['dst_path'] as string) + path.slice(root.length) })) !== undefined
}

/** Removes the next folders that a move or deletion has emptied. Those that still hold something stay, and those that did not arrive. */
export async function clearSome(tx: Tx, job: Row): Promise<void> {
  const key = job['key'] as number
  const selection = await tx.db.get(NEXT, { job: key })
  if (selection === undefined) return
  const collection = selection['src_collection'] as number
  const root = selection['src_path'] as string
  const no = selection['no']
  const who = job['submitted_by'] as string
  if ((await tx.db.get(GRANT, { collection, who })) === undefined) {
    await tx.db.run(CLEARED, { job: key, no })
    return
  }
  const before = selection['cursor'] ?? prefixEnd(`${root}/`)
  const rows = await tx.db.all(FOLDERS_BENEATH, { collection, from: `${root}/`, before, limit: FOLDERS })
  const removeFolder = async (path: string): Promise<void> => {
    if (await hasArrived(tx, selection, path)) await removeIfEmpty(tx, collection, path, who)
  }
  for (const row of rows) await removeFolder(row['path'] as string)
  if (rows.length === FOLDERS) {
    await tx.db.run(GO_ON, { job: key, no, cursor: rows.at(-1)?.['path'] })
    return
  }
  await removeFolder(root)
  await tx.db.run(CLEARED, { job: key, no })
}

const SUPERSEDE = `INSERT INTO history (collection, path, ${CONTENT}) SELECT collection, path, ${CONTENT} FROM entry
  WHERE collection = :collection AND path = :path AND deleted = 0 AND kind = 1`
const REMOVE = `UPDATE entry SET version = version + 1, revision = ${NEW_REVISION}, deleted = 1, fields = NULL, modified_at = :now, modified_by = :who
  WHERE collection = :collection AND path = :path`

async function removeIfEmpty(tx: Tx, collection: number, path: string, who: string): Promise<void> {
  if ((await childOf(tx, collection, path)) !== undefined || (await isLocked(tx, collection, path, who))) return
  if ((await tx.db.run(SUPERSEDE, { collection, path })) > 0) await tx.db.run(REMOVE, { collection, path, now: tx.now, who, newEntity: entityPrefix(tx.now) })
}
