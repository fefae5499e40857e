import { liveChildren, parentExpression } from '../addressable.ts'
import { entityPrefix, FILE, FOLDER, FOLDER_MEDIA_TYPE } from '../../shared/codec.ts'
import { pathTaken } from '../../shared/refusals.ts'
import type { Params } from '../database.ts'
import { CONTENT } from '../../shared/entry-columns.ts'
import { NEW_ENTITY, NEW_REVISION, REPLACE_ENTRY } from '../entry-columns.ts'
import type { Tx } from './tx.ts'

/** Folders that are missing above what is written, in memory. */
const CREATE_PARENTS = 'CREATE TEMP TABLE IF NOT EXISTS parent (collection INTEGER NOT NULL, path TEXT NOT NULL, PRIMARY KEY (collection, path)) WITHOUT ROWID'

/** True where something live holds entries already: a folder, an object or a link. Nothing can be missing above it. */
const HOLDS = `EXISTS (SELECT 1 FROM entry e WHERE e.collection = up.collection AND e.path = up.path AND e.deleted = 0 AND e.kind <> ${FILE})`

/** The folders above these places (a select of collection and path), each once, up to the first that is there. A file in the way is among them. */
function fillParents(places: string): string {
  return `INSERT INTO parent (collection, path)
    WITH RECURSIVE up (collection, path) AS (
      SELECT collection, ${parentExpression('path')} FROM (${places})
      UNION SELECT up.collection, ${parentExpression('up.path')} FROM up WHERE up.path <> '' AND NOT ${HOLDS})
    SELECT collection, path FROM up WHERE path <> '' AND NOT ${HOLDS}`
}

/** A file where a folder is needed, of those found. */
export const FILE_IN_THE_WAY = `SELECT p.path FROM parent p CROSS JOIN entry e ON e.collection = p.collection AND e.path = p.path WHERE e.deleted = 0 LIMIT 1`

const SUPERSEDE_TOMBSTONES = `INSERT INTO history (collection, path, ${CONTENT})
  SELECT e.collection, e.path, ${CONTENT} FROM parent p CROSS JOIN entry e ON e.collection = p.collection AND e.path = p.path`

/** What comes after a tombstone is another thing under the same name. */
const MAKE_FOLDERS = `INSERT INTO entry (collection, path, ${CONTENT})
  SELECT p.collection, p.path, ${NEW_ENTITY}, coalesce(e.version, 0) + 1, ${NEW_REVISION}, ${FOLDER}, 0, 0, NULL, :mediaType, NULL, :now, :now, :who, NULL
  FROM parent p LEFT JOIN entry e ON e.collection = p.collection AND e.path = p.path WHERE true
  ${REPLACE_ENTRY}`

/** Makes the folders above one place of an addressable collection; of others nothing. Throws `entry_exists` when one of them is a file. */
export function makeParents(tx: Tx, key: number, path: string, subject: string): void {
  if (key >= 0 || !path.includes('/')) return
  findParents(tx, 'SELECT :key AS collection, :path AS path', { key, path })
  const file = tx.db.get(FILE_IN_THE_WAY)
  if (file !== undefined) throw pathTaken(file['path'] as string, 'is a file, and nothing can lie beneath one')
  makeFound(tx, subject)
}

/** Fills the table `parent` with the folders that are missing above these places (a select of collection and path), and files that are in their way. */
export function findParents(tx: Tx, places: string, params: Params = {}): void {
  tx.db.exec(CREATE_PARENTS)
  tx.db.run('DELETE FROM parent')
  tx.db.run(fillParents(places), params)
}

/** Makes the folders found missing; none of them may be a file. */
export function makeFound(tx: Tx, subject: string): void {
  tx.db.run(SUPERSEDE_TOMBSTONES)
  tx.db.run(MAKE_FOLDERS, { newEntity: entityPrefix(tx.now), mediaType: FOLDER_MEDIA_TYPE, now: tx.now, who: subject })
}

const ANY_CHILD = `SELECT e.path FROM ${liveChildren('e', ':key', ':path')} LIMIT 1`

/** The path of something live that lies directly in a place of an addressable collection, or undefined. */
export function childOf(tx: Tx, key: number, path: string): string | undefined {
  return key >= 0 ? undefined : (tx.db.get(ANY_CHILD, { key, path })?.['path'] as string | undefined)
}

const SET_FIELDS = 'UPDATE entry SET fields = :fields WHERE collection = :key AND path = :path'

/** Makes a folder with these fields, and those above it, where nothing live is and no file in the way. */
export function ensureFolder(tx: Tx, key: number, path: string, fields: string | null, subject: string): void {
  const there = tx.db.get('SELECT 1 FROM entry WHERE collection = :key AND path = :path AND deleted = 0', { key, path })
  if (there !== undefined) return
  findParents(tx, `SELECT :key AS collection, :path || '/' AS path`, { key, path })
  if (tx.db.get(FILE_IN_THE_WAY) !== undefined) return
  makeFound(tx, subject)
  if (fields !== null) tx.db.run(SET_FIELDS, { key, path, fields })
}
