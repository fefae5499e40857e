import type { JobKind } from '../../../model/job.ts'
import { FILE, FOLDER } from '../../shared/codec.ts'
import type { Row } from '../../shared/row.ts'
import { TROUBLES } from '../../shared/troubles.ts'
import { liveChildren } from '../addressable.ts'
import { FILE_IN_THE_WAY, findParents, makeFound } from './parents.ts'
import { keptRows, type Tx } from './tx.ts'

/** Thrown when items of a plan depend on each other by their folders: they must be worked on one after the other. */
export class OutOfOrder extends Error {
  constructor() {
    super('items depend on each other by their folders')
  }
}

const { blocked, exists, noFolders, notEmpty, skip, taken } = TROUBLES
/** Items that would be done, perhaps under another name. */
const GOING = `code IN (0, ${taken.no})`

/** Folders are a matter of addressable collections only: other jobs pay for this one look. */
const ANY_TREE = 'SELECT 1 FROM job_collection WHERE job = :job AND collection < 0 LIMIT 1'

async function hasTree(tx: Tx, job: Row): Promise<boolean> {
  return (await keptRows(tx, 'tree', job['key'] as number, ANY_TREE, { job: job['key'] })).length > 0
}

/** A folder that goes where a folder is, is that one: done, and nothing is written; its source still goes (`writes` 2). Whatever the conflict policy says. */
const MERGE_FOLDERS = `UPDATE plan SET code = 0, writes = 2, t_entity = d.entity, t_version = d.version, t_revision = d.revision FROM entry d
  WHERE plan.code IN (0, ${skip.no}, ${exists.no}, ${taken.no}) AND plan.kind = ${FOLDER} AND plan.deleted = 0 AND plan.t_collection < 0
    AND d.collection = plan.t_collection AND d.path = plan.t_path AND d.deleted = 0 AND d.kind = ${FOLDER}`

/** A plain collection has paths, but no folders. */
const REFUSE_FOLDERS = `UPDATE plan SET code = ${noFolders.no} WHERE ${GOING} AND kind = ${FOLDER} AND t_collection >= 0`

/** No file takes the place of what holds entries, and no folder that of anything else. */
const REFUSE_OTHER_KINDS = `UPDATE plan SET code = ${blocked.no} FROM entry d
  WHERE plan.code = 0 AND plan.writes = 1 AND plan.deleted = 0 AND plan.t_collection < 0 AND d.collection = plan.t_collection AND d.path = plan.t_path AND d.deleted = 0
    AND CASE plan.kind WHEN ${FOLDER} THEN NOT :isUpdate::boolean
      WHEN ${FILE} THEN d.kind = ${FOLDER} OR (d.kind <> ${FILE} AND EXISTS (SELECT 1 FROM ${liveChildren('e', 'd.collection', 'd.path')})) ELSE false END`

/** Folders that their job empties, and removes at its end (clear-folders.ts): until then they stay. */
const KEEP_EMPTIED = `UPDATE plan SET writes = 0 FROM entity_selection f
  WHERE plan.code = 0 AND (plan.writes = 2 OR :anyhow::boolean) AND plan.kind = ${FOLDER} AND f.job = :job AND f.clears = 1 AND f.src_collection = plan.src_collection AND f.src_path = plan.src_path`

const REFUSE_FULL_FOLDERS = `UPDATE plan SET code = ${notEmpty.no} WHERE ${GOING} AND writes > 0 AND kind = ${FOLDER} AND src_collection < 0
  AND EXISTS (SELECT 1 FROM ${liveChildren('e', 'plan.src_collection', 'plan.src_path')})`

const TARGETS = `SELECT t_collection AS collection, t_path AS path FROM plan WHERE ${GOING} AND writes = 1 AND deleted = 0 AND t_collection < 0`

/** A file of the plan itself where another item of it needs a folder. */
const FILE_TO_COME = `SELECT 1 FROM plan p JOIN parent f ON f.collection = p.t_collection AND f.path = p.t_path WHERE p.code = 0 AND p.kind = ${FILE} LIMIT 1`

const SEVERAL = 'SELECT count(*) > 1 AS several FROM plan'
const LEAVING_FOLDER = `SELECT 1 FROM plan WHERE code = 0 AND writes > 0 AND kind <> ${FILE} AND src_collection < 0 LIMIT 1`
const REFUSE_BENEATH_FILE = `UPDATE plan SET code = ${blocked.no} WHERE ${GOING} AND writes = 1 AND deleted = 0 AND t_collection < 0`

/**
 * Marks the items that would break the tree of an addressable collection. Throws `OutOfOrder` when several are planned together and one may depend on what
 * another does to a folder.
 */
export async function keepTree(tx: Tx, job: Row, kind: JobKind): Promise<void> {
  if (!(await hasTree(tx, job))) return
  const several = (await tx.db.get(SEVERAL))?.['several'] === true
  if (kind === 'copy' || kind === 'move') {
    await tx.db.run(REFUSE_FOLDERS)
    await tx.db.run(MERGE_FOLDERS)
  }
  if (kind === 'move' || kind === 'delete') {
    // a dry run has made no folder for the kept one to be, but would have
    await tx.db.run(KEEP_EMPTIED, { job: job['key'], anyhow: kind === 'delete' || job['dry_run'] === 1 })
    if ((await tx.db.run(REFUSE_FULL_FOLDERS)) > 0 && several) throw new OutOfOrder()
  }
  if (kind === 'delete') return
  await tx.db.run(REFUSE_OTHER_KINDS, { isUpdate: kind === 'update' })
  await findParents(tx, TARGETS)
  const inTheWay = (await tx.db.get(FILE_IN_THE_WAY)) !== undefined
  if (several && (inTheWay || (await hasRow(tx, FILE_TO_COME)) || (kind === 'move' && (await hasRow(tx, LEAVING_FOLDER))))) throw new OutOfOrder()
  if (inTheWay) await tx.db.run(REFUSE_BENEATH_FILE)
}

async function hasRow(tx: Tx, sql: string): Promise<boolean> {
  return (await tx.db.get(sql)) !== undefined
}

/** A free name that a file was given may be that of a folder which another item of the plan needs. Throws `OutOfOrder` then. */
export async function keepTreeOfNames(tx: Tx, job: Row): Promise<void> {
  if (!(await hasTree(tx, job))) return
  await findParents(tx, TARGETS)
  if (await hasRow(tx, FILE_TO_COME)) throw new OutOfOrder()
}

/** What left a place that still holds something: a folder takes it. */
const LEFT_BEHIND = `SELECT src_collection, src_path || '/' FROM plan WHERE code = 0 AND writes > 0 AND kind <> ${FILE} AND src_collection < 0
  AND EXISTS (SELECT 1 FROM ${liveChildren('e', 'plan.src_collection', 'plan.src_path')})`

/** Makes the folders above what was written, and those that must stay where objects went; an update that deletes leaves a tombstone even there. */
export async function completeTree(tx: Tx, job: Row, kind: JobKind): Promise<void> {
  if (!(await hasTree(tx, job))) return
  await findParents(tx, kind === 'copy' || kind === 'update' ? TARGETS : `${TARGETS} UNION ALL ${LEFT_BEHIND}`)
  await makeFound(tx, job['submitted_by'] as string)
}
