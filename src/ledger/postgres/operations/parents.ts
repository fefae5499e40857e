import { entityPrefix, FILE, FOLDER, FOLDER_MEDIA_TYPE } from '../../shared/codec.ts'
import { pathTaken } from '../../shared/refusals.ts'
import { liveChildren } from '../addressable.ts'
import type { Params } from '../connection/queries.ts'
import { CONTENT, contentOf } from '../../shared/entry-columns.ts'
import { NEW_ENTITY, NEW_REVISION, REPLACE_ENTRY } from '../entry-columns.ts'
import { emptyWorkTable } from '../work-tables.ts'
import type { Tx } from './tx.ts'

/** True where something live holds entries already: a folder, an object or a link. Nothing can be missing above it. */
const HOLDS = `EXISTS (SELECT 1 FROM entry e WHERE e.collection = up.collection AND e.path = up.path AND e.deleted = 0 AND e.kind <> ${FILE})`

/** The folders above these places (a select of collection and path), each once, up to the first that is there. A file in the way is among them. */
function fillParents(places: string): string {
  return `INSERT INTO parent (collection, path)
    WITH RECURSIVE up (collection, path) AS (
      SELECT collection, parent_of(path) COLLATE "C" FROM (${places}) place
      UNION SELECT up.collection, parent_of(up.path) COLLATE "C" FROM up WHERE up.path <> '' AND NOT ${HOLDS})
    SELECT collection, path FROM up WHERE path <> '' AND NOT ${HOLDS}`
}

/** A file where a folder is needed, of those found. */
export const FILE_IN_THE_WAY = `SELECT p.path FROM parent p JOIN entry e ON e.collection = p.collection AND e.path = p.path WHERE e.deleted = 0 LIMIT 1`

const SUPERSEDE_TOMBSTONES = `INSERT INTO history (collection, path, ${CONTENT})
  SELECT e.collection, e.path, ${contentOf('e')} FROM parent p JOIN entry e ON e.collection = p.collection AND e.path = p.path`

/** What comes after a tombstone is another thing under the same name. */
const MAKE_FOLDERS = `INSERT INTO entry (collection, path, ${CONTENT})
  SELECT p.collection, p.path, ${NEW_ENTITY}, coalesce(e.version, 0) + 1, ${NEW_REVISION}, ${FOLDER}, 0, 0, NULL, :mediaType::text, NULL, :now::bigint, :now::bigint, :who::text, NULL
  FROM parent p LEFT JOIN entry e ON e.collection = p.collection AND e.path = p.path
  ${REPLACE_ENTRY}`

/** Makes the folders above one place of an addressable collection; of others nothing. Throws `entry_exists` when one of them is a file. */
export async function makeParents(tx: Tx, key: number, path: string, subject: string): Promise<void> {
  if (key >= 0 || !path.includes('/')) return
  await findParents(tx, 'SELECT :key::integer AS collection, :path::text AS path', { key, path })
  const file = await tx.db.get(FILE_IN_THE_WAY)
  if (file !== undefined) throw pathTaken(file['path'] as string, 'is a file, and nothing can lie beneath one')
  await makeFound(tx, subject)
}

/** Fills the table `parent` with the folders that are missing above these places (a select of collection and path), and files that are in their way. */
export async function findParents(tx: Tx, places: string, params: Params = {}): Promise<void> {
  await emptyWorkTable(tx.db, 'parent')
  await tx.db.run(fillParents(places), params)
}

/** Makes the folders found missing; none of them may be a file. */
export async function makeFound(tx: Tx, subject: string): Promise<void> {
  await tx.db.run(SUPERSEDE_TOMBSTONES)
  await tx.db.run(MAKE_FOLDERS, { newEntity: entityPrefix(tx.now), mediaType: FOLDER_MEDIA_TYPE, now: tx.now, who: subject })
}

const ANY_CHILD = `SELECT e.path FROM ${liveChildren('e', ':key', ':path')} LIMIT 1`

/** The path of something live that lies directly in a place of an addressable collection, or undefined. */
export async function childOf(tx: Tx, key: number, path: string): Promise<string | undefined> {
  return key >= 0 ? undefined : ((await tx.db.get(ANY_CHILD, { key, path }))?.['path'] as string | undefined)
}

const LIVE = 'SELECT 1 FROM entry WHERE collection = :key AND path = :path AND deleted = 0'
const SET_FIELDS = 'UPDATE entry SET fields = :fields WHERE collection = :key AND path = :path'

/** Makes a folder with these fields, and those above it, where nothing live is and no file in the way. */
export async function ensureFolder(tx: Tx, key: number, path: string, fields: string | null, subject: string): Promise<void> {
  if ((await tx.db.get(LIVE, { key, path })) !== undefined) return
  await findParents(tx, `SELECT :key::integer AS collection, :path::text || '/' AS path`, { key, path })
  if ((await tx.db.get(FILE_IN_THE_WAY)) !== undefined) return
  await makeFound(tx, subject)
  if (fields !== null) await tx.db.run(SET_FIELDS, { key, path, fields })
}
