import { ITEM_STATES } from '../../../../model/item.ts'
import type { Look, LookSelection } from '../../../../ports/place-ledger.ts'
import type { Misfit } from '../../../../ports/place.ts'
import { reasonOfMisfit } from '../../../shared/attached.ts'
import { uuidBytes } from '../../../shared/codec.ts'
import type { Row } from '../../database.ts'
import { itemId } from '../../item-range.ts'
import { addEvent } from '../events.ts'
import { addChunk } from '../intake.ts'
import { jobRow, type Tx } from '../tx.ts'

/** The selection that is resolved next, where its place was not looked through to the end. A submitter who has lost the grant has nothing looked at (I9). */
const NEXT = `SELECT s.*, c.id AS collection FROM selection s CROSS JOIN collection c ON c.key = s.src_collection
  WHERE s.job = :job AND s.no = (SELECT min(no) FROM selection WHERE job = :job AND resolved = 0) AND s.looked = 0 AND c.attached = 1 AND c.deleted_at IS NULL
    AND EXISTS (SELECT 1 FROM access_grant g WHERE g.collection = c.key AND g.subject = :who)`

/** The look that must come before the job's next page is resolved; undefined when there is none. */
export function nextLook(tx: Tx, id: string): LookSelection | undefined {
  const job = tx.db.get('SELECT key, submitted_by, unresolved, retrying, cancelling FROM job WHERE id = :id', { id: uuidBytes(id) })
  if (job === undefined || job['unresolved'] === 0 || job['retrying'] !== 0 || job['cancelling'] === 1) return undefined
  const row = tx.db.get(NEXT, { job: job['key'] as number, who: job['submitted_by'] as string })
  if (row === undefined) return undefined
  return { job: id, no: row['no'] as number, collection: row['collection'] as string, prefix: row['src_prefix'] as string, after: row['look_cursor'] as string }
}

const ADVANCE = `UPDATE selection SET look_cursor = coalesce(:through, look_cursor), looked = :through IS NULL
  WHERE job = :job AND no = :no AND look_cursor = :after AND looked = 0`

/** The place was looked through up to `through` (null: to the end). Of two who did so, the second changes nothing. */
export function advanceLook(tx: Tx, { job: id, no, after, misfits }: NonNullable<Look['selection']>, through: string | null): void {
  const job = jobRow(tx, id)
  const advanced = tx.db.run(ADVANCE, { job: job['key'] as number, no, after, through })
  if (advanced > 0 && misfits.length > 0) failMisfits(tx, job, no, misfits)
}

const FAILED = ITEM_STATES.indexOf('failed')

const INSERT_MISFITS = `INSERT INTO item (id, src_collection, src_path, dst_collection, state, attempts, reason, started_at, finished_at)
  SELECT ${itemId(':first + m.key')}, s.src_collection, m.value ->> 0, s.dst_collection, ${FAILED}, 1, m.value ->> 1, :now, :now
  FROM json_each(:misfits) m CROSS JOIN selection s ON s.job = :job AND s.no = :no`

const COUNT_MISFITS = 'UPDATE job SET total = total + :n, failed = failed + :n, chunks = chunks + 1, change = change + 1 WHERE key = :job'

/** What lies in the place and is no file is not passed over in silence: an item that has failed stands for each. */
function failMisfits(tx: Tx, job: Row, no: number, misfits: readonly Misfit[]): void {
  const key = job['key'] as number
  const first = job['total'] as number
  const reasons = misfits.map(reasonOfMisfit)
  const rows = misfits.map(({ path }, at) => [path, JSON.stringify(reasons[at])])
  tx.db.run(INSERT_MISFITS, { job: key, no, first, now: tx.now, misfits: JSON.stringify(rows) })
  addChunk(tx, key, job['chunks'] as number, first, misfits.length, false, 0)
  tx.db.run(COUNT_MISFITS, { job: key, n: misfits.length })
  tx.work.settled({ failed: misfits.length })
  const collection = tx.db.get('SELECT c.id FROM selection s JOIN collection c ON c.key = s.src_collection WHERE s.job = :job AND s.no = :no', { job: key, no })
  misfits.forEach(({ path }, at) => {
    addEvent(tx, key, 'item.failed', { seq: first + at, source: { collection: collection?.['id'], path }, destination: null, reason: reasons[at] })
  })
}
