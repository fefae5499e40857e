import type { Moved } from '../../../../ports/transfer.ts'
import { CODE_OF_FAULT } from '../../../shared/attached.ts'
import { FILE } from '../../../shared/codec.ts'
import { handsOn } from '../../../shared/job-row.ts'
import type { Reading } from '../../../shared/reading.ts'
import type { Row } from '../../../shared/row.ts'
import { CODES, JUDGED_BY_SOURCE } from '../../../shared/troubles.ts'
import type { Tx } from '../tx.ts'

/** Digests of files in places that were read for items: the version whose bytes they were has one from now on. */
const LEARN = `UPDATE entry SET digest = decode(m.sha256, 'hex') FROM unnest(:seqs::bigint[], :revisions::uuid[], :digests::text[]) AS m (seq, revision, sha256)
    JOIN item i ON i.job = :job AND i.seq = m.seq
  WHERE m.sha256 IS NOT NULL AND entry.collection = i.src_collection AND entry.path = i.src_path AND entry.digest IS NULL AND entry.stamp IS NOT NULL
    AND entry.revision = m.revision`

/** Writes down the digests that became known while bytes were moved. */
export async function learnDigests(tx: Tx, job: Row, moved: readonly Moved[]): Promise<void> {
  const read = there(moved)
  if (read.length === 0) return
  await tx.db.run(LEARN, {
    job: job['key'],
    seqs: read.map(({ seq }) => seq),
    revisions: read.map(each => each.revision),
    digests: read.map(each => each.sha256),
  })
}

function there(moved: readonly Moved[]): Extract<Moved, { revision: string }>[] {
  return moved.filter(each => 'revision' in each)
}

const GOING = `code IN (0, ${CODES.taken})`
const AT_PLACES = '(SELECT key FROM collection WHERE attached = 1 AND deleted_at IS NULL)'
/** Items of the plan with an end in a place. */
const WITH_PLACE = `${GOING} AND (src_collection IN ${AT_PLACES} OR t_collection IN ${AT_PLACES})`

/** A place holds files only: what has no bytes cannot be one. */
const REFUSE_OTHERS = `UPDATE plan SET code = ${CODES.missing} WHERE ${GOING} AND deleted = 0 AND kind <> ${FILE} AND t_collection IN ${AT_PLACES}`

const MARK_FAULTS = `UPDATE plan SET code = m.code FROM unnest(:seqs::bigint[], :codes::integer[]) AS m (seq, code)
  WHERE plan.seq = m.seq AND plan.${GOING} AND (plan.src_collection IN ${AT_PLACES} OR plan.t_collection IN ${AT_PLACES})`

const MARK_CHANGED = `UPDATE plan SET code = ${CODES.sourceChanged} WHERE ${WITH_PLACE} AND kind = ${FILE}
  AND NOT EXISTS (SELECT 1 FROM unnest(:seqs::bigint[], :revisions::uuid[]) AS m (seq, revision) WHERE m.seq = plan.seq AND m.revision = plan.src_revision)`

/** What goes to a place is done by its intent alone: the version is written when the file is there. */
const MARK_UNPUBLISHED = `UPDATE plan SET code = ${CODES.destinationChanged} WHERE ${GOING} AND kind = ${FILE} AND t_collection IN ${AT_PLACES}`

/** A source that is not known, or not as it should be, in a place that could not be looked at: it may well be there. */
const MARK_UNSURE = `UPDATE plan SET code = ${CODES.sourceUnavailable} FROM unnest(:collections::text[], :paths::text[]) AS u (collection, path)
    JOIN collection c ON c.id = u.collection AND c.deleted_at IS NULL
  WHERE plan.code IN (${JUDGED_BY_SOURCE}) AND plan.src_collection = c.key AND plan.src_path = u.path`

/** What another item is about to publish at the same path: between two writers of one file nobody could tell who was first. */
const MARK_INTENDED = `UPDATE plan SET code = ${CODES.destinationChanged} WHERE ${GOING} AND EXISTS
  (SELECT 1 FROM intent n WHERE n.t_collection = plan.t_collection AND n.t_path = plan.t_path AND (n.job <> :job OR n.seq <> plan.seq))`

/** Marks items with an end in a place: those that no place can hold, and, where bytes are to be moved, those of which that has not come to pass. */
export async function markPlaces(tx: Tx, job: Row, { moved = [], unsure = [], step = 'settle' }: Reading, changes: boolean): Promise<void> {
  await tx.db.run(REFUSE_OTHERS)
  if (!changes || step === 'ask') return
  await markNotMoved(tx, moved, handsOn(job))
  if (unsure.length > 0) await tx.db.run(MARK_UNSURE, { collections: unsure.map(({ collection }) => collection), paths: unsure.map(({ path }) => path) })
  if (step === 'settle') await tx.db.run(MARK_UNPUBLISHED)
  else await tx.db.run(MARK_INTENDED, { job: job['key'] })
}

/** Items of which no bytes have been moved, or others than the source has now. */
async function markNotMoved(tx: Tx, moved: readonly Moved[], needsBytes: boolean): Promise<void> {
  const faults = moved.flatMap(each => ('code' in each ? [each] : []))
  if (faults.length > 0) await tx.db.run(MARK_FAULTS, { seqs: faults.map(({ seq }) => seq), codes: faults.map(({ code }) => CODE_OF_FAULT[code]) })
  if (!needsBytes) return
  const read = there(moved)
  await tx.db.run(MARK_CHANGED, { seqs: read.map(({ seq }) => seq), revisions: read.map(({ revision }) => revision) })
}
