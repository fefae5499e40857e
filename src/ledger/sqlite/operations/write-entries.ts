import type { Row } from '../database.ts'
import { entityPrefix } from '../../shared/codec.ts'
import { CONTENT, contentOf } from '../../shared/entry-columns.ts'
import { NEW_REVISION, REPLACE_ENTRY } from '../entry-columns.ts'
import { kindOf } from '../../shared/job-row.ts'
import type { Tally } from './decide.ts'
import { completeTree } from './plan-tree.ts'
import type { Tx } from './tx.ts'

const SUPERSEDE_TARGETS = `INSERT INTO history (collection, path, ${CONTENT}) SELECT d.collection, d.path, ${contentOf('d')}
  FROM plan p CROSS JOIN entry d ON d.collection = p.t_collection AND d.path = p.t_path WHERE p.code = 0 AND p.writes = 1 AND p.t_version > 1`

const WRITE_TARGETS = `INSERT INTO entry (collection, path, ${CONTENT})
  SELECT t_collection, t_path, t_entity, t_version, t_revision, kind, deleted, size, digest, media_type, fields, t_created, coalesce(t_modified, :now), :who, stamp
  FROM plan WHERE code = 0 AND writes = 1
  ${REPLACE_ENTRY}`

const SUPERSEDE_SOURCES = `INSERT INTO history (collection, path, ${CONTENT}) SELECT d.collection, d.path, ${contentOf('d')}
  FROM plan p CROSS JOIN entry d ON d.collection = p.src_collection AND d.path = p.src_path WHERE p.code = 0 AND p.writes > 0`

/** What moved away leaves a tombstone: the entity itself goes on under its new path. */
const VACATE_SOURCES = `UPDATE entry SET version = version + 1, revision = ${NEW_REVISION}, deleted = 1, size = 0, digest = NULL, fields = NULL, stamp = NULL,
    modified_at = :now, modified_by = :who
  FROM plan p WHERE p.code = 0 AND p.writes > 0 AND entry.collection = p.src_collection AND entry.path = p.src_path`

/** Writes the versions that the plan decided on; those before them go to the history. */
export function writeEntries(tx: Tx, job: Row, tally: Tally): void {
  const by = { now: tx.now, who: job['submitted_by'] as string, newEntity: entityPrefix(tx.now) }
  if (tally.replaces) tx.db.run(SUPERSEDE_TARGETS, by)
  tx.db.run(WRITE_TARGETS, by)
  if (kindOf(job) === 'move') {
    tx.db.run(SUPERSEDE_SOURCES, by)
    tx.db.run(VACATE_SOURCES, by)
  }
  completeTree(tx, job, kindOf(job))
}
