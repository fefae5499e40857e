import { entityPrefix } from '../../shared/codec.ts'
import { kindOf } from '../../shared/job-row.ts'
import type { Row } from '../../shared/row.ts'
import { Interfered } from '../connection/faults.ts'
import { CONTENT, contentOf } from '../../shared/entry-columns.ts'
import { NEW_REVISION, REPLACE_ENTRY } from '../entry-columns.ts'
import type { Tally } from './decide.ts'
import { completeTree } from './plan-tree.ts'
import type { Tx } from './tx.ts'

/** The versions that the plan supersedes, locked, each in the order of the paths; and of how many it is still true that they are the present ones. */
function lockSuperseded(ofSources: boolean): string {
  const targets = 'SELECT t_collection AS collection, t_path AS path, t_version - 1 AS version FROM plan WHERE code = 0 AND writes = 1 AND t_version > 1'
  const sources = 'SELECT src_collection, src_path, src_version FROM plan WHERE code = 0 AND writes > 0'
  return `SELECT count(*) FILTER (WHERE present) AS n FROM (
    SELECT e.version = v.version AS present FROM (${ofSources ? `${targets} UNION ALL ${sources}` : targets}) v
      JOIN entry e ON e.collection = v.collection AND e.path = v.path ORDER BY e.collection, e.path FOR NO KEY UPDATE OF e) held`
}

const LOCK_TARGETS = lockSuperseded(false)
const LOCK_BOTH = lockSuperseded(true)

const SUPERSEDE_TARGETS = `INSERT INTO history (collection, path, ${CONTENT}) SELECT d.collection, d.path, ${contentOf('d')}
  FROM plan p JOIN entry d ON d.collection = p.t_collection AND d.path = p.t_path WHERE p.code = 0 AND p.writes = 1 AND p.t_version > 1`

/** Where all of it is new, a path that another made meanwhile is a unique_violation. */
const WRITE_NEW = `INSERT INTO entry (collection, path, ${CONTENT})
  SELECT t_collection, t_path, t_entity, t_version, t_revision, kind, deleted, size, digest, media_type, fields, t_created, coalesce(t_modified, :now::bigint), :who::text, stamp
  FROM plan WHERE code = 0 AND writes = 1`

const WRITE_TARGETS = `${WRITE_NEW} ORDER BY t_collection, t_path ${REPLACE_ENTRY}`

const SUPERSEDE_SOURCES = `INSERT INTO history (collection, path, ${CONTENT}) SELECT d.collection, d.path, ${contentOf('d')}
  FROM plan p JOIN entry d ON d.collection = p.src_collection AND d.path = p.src_path WHERE p.code = 0 AND p.writes > 0`

/** What moved away leaves a tombstone: the entity itself goes on under its new path. */
const VACATE_SOURCES = `UPDATE entry SET version = entry.version + 1, revision = ${NEW_REVISION}, deleted = 1, size = 0, digest = NULL, fields = NULL, stamp = NULL,
    modified_at = :now, modified_by = :who
  FROM plan p WHERE p.code = 0 AND p.writes > 0 AND entry.collection = p.src_collection AND entry.path = p.src_path`

/**
 * Writes the versions that the plan decided on; those before them go to the history. Throws Interfered where another wrote what the plan relied on: others may
 * write to the same plain collection at the same time.
 */
export async function writeEntries(tx: Tx, job: Row, tally: Tally): Promise<void> {
  const by = { now: tx.now, who: job['submitted_by'], newEntity: entityPrefix(tx.now) }
  const isMove = kindOf(job) === 'move'
  const superseded = tally.replaced + (isMove ? tally.leaving : 0)
  if (superseded > 0 && (await tx.db.get(isMove ? LOCK_BOTH : LOCK_TARGETS))?.['n'] !== superseded) throw new Interfered()
  if (tally.replaced > 0) await tx.db.run(SUPERSEDE_TARGETS)
  if (tally.written > 0 && (await tx.db.run(tally.replaced > 0 ? WRITE_TARGETS : WRITE_NEW, by)) !== tally.written) throw new Interfered()
  if (isMove && tally.leaving > 0) {
    await tx.db.run(SUPERSEDE_SOURCES)
    await tx.db.run(VACATE_SOURCES, by)
  }
  await completeTree(tx, job, kindOf(job))
}
