import type { Moved } from '../../../../ports/transfer.ts'
import type { Reading } from '../../../shared/reading.ts'
import { FILE } from '../../../shared/codec.ts'
import { CODE_OF_FAULT } from '../../../shared/attached.ts'
import { handsOn } from '../../../shared/job-row.ts'
import { CODES, JUDGED_BY_SOURCE } from '../../../shared/troubles.ts'
import type { Row } from '../../database.ts'
import { itemId } from '../../item-range.ts'
import type { Tx } from '../tx.ts'

/** Digests of files in places that were read for items: the version whose bytes they were has one from now on. */
const LEARN = `UPDATE entry SET digest = unhex(m.value ->> 'sha256') FROM json_each(:moved) m CROSS JOIN item i ON i.id = ${itemId("(m.value ->> 'seq')")}
  WHERE m.value ->> 'sha256' IS NOT NULL AND entry.collection = i.src_collection AND entry.path = i.src_path AND entry.digest IS NULL AND entry.stamp IS NOT NULL
    AND entry.revision = unhex(m.value ->> 'revision')`

/** Writes down the digests that became known while bytes were moved. */
export function learnDigests(tx: Tx, job: Row, moved: readonly Moved[]): void {
  if (moved.length > 0) tx.db.run(LEARN, { job: job['key'] as number, moved: JSON.stringify(moved) })
}

const GOING = `code IN (0, ${CODES.taken})`
const AT_PLACES = 'SELECT key FROM collection WHERE attached = 1 AND deleted_at IS NULL'
/** Items of the plan with an end in a place. */
const WITH_PLACE = `${GOING} AND (src_collection IN (${AT_PLACES}) OR t_collection IN (${AT_PLACES}))`

/** A place holds files only: what has no bytes cannot be one. */
const REFUSE_OTHERS = `UPDATE plan SET code = ${CODES.missing} WHERE ${GOING} AND deleted = 0 AND kind <> ${FILE} AND t_collection IN (${AT_PLACES})`

const MARK_FAULTS = `UPDATE plan SET code = m.value ->> 1 FROM json_each(:faults) m WHERE plan.seq = m.value ->> 0 AND ${WITH_PLACE}`

const MARK_CHANGED = `UPDATE plan SET code = ${CODES.sourceChanged} WHERE ${WITH_PLACE} AND kind = ${FILE}
  AND seq NOT IN (SELECT p.seq FROM json_each(:moved) m CROSS JOIN plan p ON p.seq = m.value ->> 'seq' WHERE p.src_revision = unhex(m.value ->> 'revision'))`

/** What goes to a place is done by its intent alone: the version is written when the file is there. */
const MARK_UNPUBLISHED = `UPDATE plan SET code = ${CODES.destinationChanged} WHERE ${GOING} AND kind = ${FILE} AND t_collection IN (${AT_PLACES})`

/** A source that is not known, or not as it should be, in a place that could not be looked at: it may well be there. */
const MARK_UNSURE = `UPDATE plan SET code = ${CODES.sourceUnavailable} FROM json_each(:unsure) u CROSS JOIN collection c ON c.id = u.value ->> 'collection' AND c.deleted_at IS NULL
  WHERE plan.code IN (${JUDGED_BY_SOURCE}) AND plan.src_collection = c.key AND plan.src_path = u.value ->> 'path'`

/** What another item is about to publish at the same path: between two writers of one file nobody could tell who was first. */
const MARK_INTENDED = `UPDATE plan SET code = ${CODES.destinationChanged} WHERE ${GOING} AND EXISTS
  (SELECT 1 FROM intent n WHERE n.t_collection = plan.t_collection AND n.t_path = plan.t_path AND (n.job <> :job OR n.seq <> plan.seq))`

/** Marks items with an end in a place: those that no place can hold, and, where bytes are to be moved, those of which that has not come to pass. */
export function markPlaces(tx: Tx, job: Row, { moved = [], unsure = [], step = 'settle' }: Reading, changes: boolean): void {
  tx.db.run(REFUSE_OTHERS)
  if (!changes || step === 'ask') return
  markNotMoved(tx, moved, handsOn(job))
  if (unsure.length > 0) tx.db.run(MARK_UNSURE, { unsure: JSON.stringify(unsure) })
  if (step === 'settle') tx.db.run(MARK_UNPUBLISHED)
  else tx.db.run(MARK_INTENDED, { job: job['key'] as number })
}

/** Items of which no bytes have been moved, or others than the source has now. */
function markNotMoved(tx: Tx, moved: readonly Moved[], needsBytes: boolean): void {
  const faults = moved.flatMap(each => ('code' in each ? [[each.seq, CODE_OF_FAULT[each.code]]] : []))
  if (faults.length > 0) tx.db.run(MARK_FAULTS, { faults: JSON.stringify(faults) })
  if (needsBytes) tx.db.run(MARK_CHANGED, { moved: JSON.stringify(moved) })
}
