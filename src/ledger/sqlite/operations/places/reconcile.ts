import { DEFAULT_MEDIA_TYPE } from '../../../../model/entry.ts'
import { laterOf, prefixEnd } from '../../../../model/paths.ts'
import type { Look } from '../../../../ports/place-ledger.ts'
import { entityPrefix, FILE } from '../../../shared/codec.ts'
import { OUTSIDE } from '../../../shared/attached.ts'
import type { Params } from '../../database.ts'
import { CONTENT, contentOf } from '../../../shared/entry-columns.ts'
import { NEW_ENTITY, NEW_REVISION, REPLACE_ENTRY } from '../../entry-columns.ts'
import type { Tx } from '../tx.ts'
import { attachedKey, newEdition } from './attached.ts'
import { advanceLook } from './look.ts'

/** Tables in memory, made once a connection: what was found, and from then on what is new of it; and what is gone. */
const CREATE_TABLES = `CREATE TEMP TABLE IF NOT EXISTS found (path TEXT PRIMARY KEY, size INTEGER NOT NULL, stamp TEXT NOT NULL, modified INTEGER NOT NULL) WITHOUT ROWID;
  CREATE TEMP TABLE IF NOT EXISTS gone (path TEXT PRIMARY KEY) WITHOUT ROWID; DELETE FROM found; DELETE FROM gone`

const FILL_FOUND = `INSERT OR REPLACE INTO found (path, size, stamp, modified)
  SELECT value ->> 'path', value ->> 'size', value ->> 'stamp', value ->> 'modifiedAt' FROM json_each(:found)`

/** A worker may be writing there: what it has done is settled with its intent. */
const INTENDED = 'SELECT t_path FROM intent WHERE t_collection = :key'

/** One lower bound only: of two, the index may take the one that starts from the beginning. */
const GONE_IN_RANGE = `INSERT INTO gone SELECT path FROM entry WHERE collection = :key AND path >= :from AND path <> :after AND (:end IS NULL OR path < :end)
  AND (:through IS NULL OR path <= :through) AND deleted = 0 AND kind = ${FILE}
  AND path NOT IN (SELECT path FROM found) AND path NOT IN (SELECT value FROM json_each(:unsure)) AND path NOT IN (${INTENDED})`

const GONE_OF_PATHS = `INSERT INTO gone SELECT e.path FROM json_each(:paths) p CROSS JOIN entry e ON e.collection = :key AND e.path = p.value
  WHERE e.deleted = 0 AND e.kind = ${FILE} AND e.path NOT IN (SELECT path FROM found) AND e.path NOT IN (SELECT value FROM json_each(:unsure))
    AND e.path NOT IN (${INTENDED})`

const DROP_KNOWN = `DELETE FROM found WHERE path IN (${INTENDED})
  OR EXISTS (SELECT 1 FROM entry e WHERE e.collection = :key AND e.path = found.path AND e.deleted = 0 AND e.stamp = found.stamp)`

const SUPERSEDE = `INSERT INTO history (collection, path, ${CONTENT}) SELECT e.collection, e.path, ${contentOf('e')}
  FROM (SELECT path FROM found UNION ALL SELECT path FROM gone) f CROSS JOIN entry e ON e.collection = :key AND e.path = f.path`

/** What is known of a file beside its bytes goes on; what comes after a tombstone is another thing under the same name. */
const WRITE_FOUND = `INSERT INTO entry (collection, path, ${CONTENT})
  SELECT :key, f.path, CASE WHEN e.deleted = 0 THEN e.entity ELSE ${NEW_ENTITY} END, coalesce(e.version, 0) + 1, ${NEW_REVISION}, ${FILE}, 0, f.size, NULL,
    CASE WHEN e.deleted = 0 THEN e.media_type ELSE :mediaType END, CASE WHEN e.deleted = 0 THEN e.fields END,
    CASE WHEN e.deleted = 0 THEN e.created_at ELSE f.modified END, f.modified, :who, f.stamp
  FROM found f LEFT JOIN entry e ON e.collection = :key AND e.path = f.path WHERE true ${REPLACE_ENTRY}`

const BURY_GONE = `UPDATE entry SET version = version + 1, revision = ${NEW_REVISION}, deleted = 1, size = 0, digest = NULL, fields = NULL, stamp = NULL,
  modified_at = :now, modified_by = :who WHERE collection = :key AND path IN (SELECT path FROM gone)`

/** Makes the files that were found in a place new versions where they are new or others, and those that are gone tombstones. False when the look may be too old. */
export function reconcile(tx: Tx, look: Look): boolean {
  const { key, edition } = attachedKey(tx, look.collection)
  if (edition !== look.edition) return false
  tx.db.exec(CREATE_TABLES)
  tx.db.run(FILL_FOUND, { found: JSON.stringify(look.found) })
  const gone = findGone(tx, key, look)
  tx.db.run(DROP_KNOWN, { key })
  const by = { key, now: tx.now, who: OUTSIDE, newEntity: entityPrefix(tx.now), mediaType: DEFAULT_MEDIA_TYPE }
  tx.db.run(SUPERSEDE, by)
  const written = tx.db.run(WRITE_FOUND, by)
  if (gone > 0) tx.db.run(BURY_GONE, by)
  if (written + gone > 0) newEdition(tx, key)
  if (look.selection !== undefined) advanceLook(tx, look.selection, 'through' in look.scope ? look.scope.through : null)
  return true
}

function findGone(tx: Tx, key: number, { scope, unsure }: Look): number {
  const where: Params = { key, unsure: JSON.stringify(unsure) }
  if ('paths' in scope) return tx.db.run(GONE_OF_PATHS, { ...where, paths: JSON.stringify(scope.paths) })
  const { prefix, after, through } = scope
  return tx.db.run(GONE_IN_RANGE, { ...where, from: laterOf(prefix, after), after, end: prefixEnd(prefix), through })
}
