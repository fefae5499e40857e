import { DEFAULT_MEDIA_TYPE } from '../../../../model/entry.ts'
import { laterOf, prefixEnd } from '../../../../model/paths.ts'
import type { Look } from '../../../../ports/place-ledger.ts'
import { entityPrefix, FILE } from '../../../shared/codec.ts'
import { OUTSIDE } from '../../../shared/attached.ts'
import type { Params } from '../../connection/queries.ts'
import { emptyWorkTable } from '../../work-tables.ts'
import { CONTENT, contentOf } from '../../../shared/entry-columns.ts'
import { NEW_ENTITY, NEW_REVISION, REPLACE_ENTRY } from '../../entry-columns.ts'
import type { Tx } from '../tx.ts'
import { lockedAttached, newEdition } from './attached.ts'
import { advanceLook } from './look.ts'

const FILL_FOUND = `INSERT INTO found (path, size, stamp, modified)
  SELECT DISTINCT ON (path) * FROM unnest(:paths::text[], :sizes::bigint[], :stamps::text[], :times::bigint[]) AS f (path, size, stamp, modified)`

/** A worker may be writing there: what it has done is settled with its intent. */
function intended(path: string): string {
  return `EXISTS (SELECT 1 FROM intent n WHERE n.t_collection = :key AND n.t_path = ${path})`
}

const NOT_FOUND = `e.deleted = 0 AND e.kind = ${FILE} AND NOT EXISTS (SELECT 1 FROM found f WHERE f.path = e.path) AND e.path <> ALL(:unsure::text[])
  AND NOT ${intended('e.path')}`

function goneInRange(ended: boolean, isCut: boolean): string {
  return `INSERT INTO gone SELECT e.path FROM entry e WHERE e.collection = :key AND e.path >= :from::text AND e.path <> :after::text
    ${ended ? 'AND e.path < :end::text' : ''} ${isCut ? 'AND e.path <= :through::text' : ''} AND ${NOT_FOUND}`
}

const GONE_OF_PATHS = `INSERT INTO gone SELECT e.path FROM unnest(:paths::text[]) AS p (path) JOIN entry e ON e.collection = :key AND e.path = p.path WHERE ${NOT_FOUND}`

const DROP_KNOWN = `DELETE FROM found WHERE ${intended('found.path')}
  OR EXISTS (SELECT 1 FROM entry e WHERE e.collection = :key AND e.path = found.path AND e.deleted = 0 AND e.stamp = found.stamp)`

const SUPERSEDE = `INSERT INTO history (collection, path, ${CONTENT}) SELECT e.collection, e.path, ${contentOf('e')}
  FROM (SELECT path FROM found UNION ALL SELECT path FROM gone) f JOIN entry e ON e.collection = :key AND e.path = f.path`

/** What is known of a file beside its bytes goes on; what comes after a tombstone is another thing under the same name. */
const WRITE_FOUND = `INSERT INTO entry (collection, path, ${CONTENT})
  SELECT :key::integer, f.path, CASE WHEN e.deleted = 0 THEN e.entity ELSE ${NEW_ENTITY} END, coalesce(e.version, 0) + 1, ${NEW_REVISION}, ${FILE}, 0, f.size, NULL,
    CASE WHEN e.deleted = 0 THEN e.media_type ELSE :mediaType::text END, CASE WHEN e.deleted = 0 THEN e.fields END,
    CASE WHEN e.deleted = 0 THEN e.created_at ELSE f.modified END, f.modified, :who::text, f.stamp
  FROM found f LEFT JOIN entry e ON e.collection = :key AND e.path = f.path ${REPLACE_ENTRY}`

const BURY_GONE = `UPDATE entry SET version = entry.version + 1, revision = ${NEW_REVISION}, deleted = 1, size = 0, digest = NULL, fields = NULL, stamp = NULL,
  modified_at = :now, modified_by = :who FROM gone g WHERE entry.collection = :key AND entry.path = g.path`

/** Makes the files that were found in a place new versions where they are new or others, and those that are gone tombstones. False when the look may be too old. */
export async function reconcile(tx: Tx, look: Look): Promise<boolean> {
  const { key, edition } = await lockedAttached(tx, look.collection)
  if (edition !== look.edition) return false
  const { found } = look
  await emptyWorkTable(tx.db, 'found')
  await emptyWorkTable(tx.db, 'gone')
  await tx.db.run(FILL_FOUND, {
    paths: found.map(({ path }) => path),
    sizes: found.map(({ size }) => size),
    stamps: found.map(({ stamp }) => stamp),
    times: found.map(({ modifiedAt }) => modifiedAt),
  })
  const gone = await findGone(tx, key, look)
  await tx.db.run(DROP_KNOWN, { key })
  const by = { key, now: tx.now, who: OUTSIDE, newEntity: entityPrefix(tx.now), mediaType: DEFAULT_MEDIA_TYPE }
  await tx.db.run(SUPERSEDE, by)
  const written = await tx.db.run(WRITE_FOUND, by)
  if (gone > 0) await tx.db.run(BURY_GONE, by)
  if (written + gone > 0) await newEdition(tx, key)
  if (look.selection !== undefined) await advanceLook(tx, look.selection, 'through' in look.scope ? look.scope.through : null)
  return true
}

async function findGone(tx: Tx, key: number, { scope, unsure }: Look): Promise<number> {
  const where: Params = { key, unsure }
  if ('paths' in scope) return tx.db.run(GONE_OF_PATHS, { ...where, paths: scope.paths })
  const { prefix, after, through } = scope
  const end = prefixEnd(prefix)
  return tx.db.run(goneInRange(end !== null, through !== null), { ...where, from: laterOf(prefix, after), after, end, through })
}
