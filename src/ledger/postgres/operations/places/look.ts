import { ITEM_STATES } from '../../../../model/item.ts'
import type { Look, LookSelection } from '../../../../ports/place-ledger.ts'
import type { Misfit } from '../../../../ports/place.ts'
import { reasonOfMisfit } from '../../../shared/attached.ts'
import type { Row } from '../../../shared/row.ts'
import { addChunk } from '../intake.ts'
import { addEvent, lockedJob, type Tx } from '../tx.ts'

/** The selection that is resolved next, where its place was not looked through to the end. A submitter who has lost the grant has nothing looked at (I9). */
const NEXT = `SELECT s.*, c.id AS collection FROM selection s JOIN collection c ON c.key = s.src_collection
  WHERE s.job = :job AND s.no = (SELECT min(no) FROM selection WHERE job = :job AND resolved = 0) AND s.looked = 0 AND c.attached = 1 AND c.deleted_at IS NULL
    AND EXISTS (SELECT 1 FROM access_grant g WHERE g.collection = c.key AND g.subject = :who)`

/** The look that must come before the next page of a job (its row) is resolved; undefined when there is none. */
export async function nextLook(tx: Tx, job: Row): Promise<LookSelection | undefined> {
  if (job['unresolved'] === 0 || job['retrying'] !== 0 || job['cancelling'] === 1) return undefined
  const row = await tx.db.get(NEXT, { job: job['key'], who: job['submitted_by'] })
  if (row === undefined) return undefined
  return {
    ...{ job: job['id'] as string, no: row['no'] as number, collection: row['collection'] as string },
    ...{ prefix: row['src_prefix'] as string, after: row['look_cursor'] as string },
  }
}

const ADVANCE = `UPDATE selection SET look_cursor = coalesce(:through, look_cursor), looked = CASE WHEN :through::text IS NULL THEN 1 ELSE 0 END
  WHERE job = :job AND no = :no AND look_cursor = :after AND looked = 0`

/** The place was looked through up to `through` (null: to the end). Of two who did so, the second changes nothing. */
export async function advanceLook(tx: Tx, { job: id, no, after, misfits }: NonNullable<Look['selection']>, through: string | null): Promise<void> {
  const job = await lockedJob(tx, id)
  const advanced = await tx.db.run(ADVANCE, { job: job['key'], no, after, through })
  if (advanced > 0 && misfits.length > 0) await failMisfits(tx, job, no, misfits)
}

const FAILED = ITEM_STATES.indexOf('failed')

const INSERT_MISFITS = `INSERT INTO item (job, seq, src_collection, src_path, dst_collection, state, attempts, reason, started_at, finished_at)
  SELECT s.job, :first::bigint + m.n - 1, s.src_collection, m.path, s.dst_collection, ${FAILED}, 1, m.reason, :now::bigint, :now::bigint
  FROM unnest(:paths::text[], :reasons::text[]) WITH ORDINALITY AS m (path, reason, n) JOIN selection s ON s.job = :job AND s.no = :no`

const COUNT_MISFITS = 'UPDATE job SET total = total + :n, failed = failed + :n, chunks = chunks + 1, change = change + 1 WHERE key = :job'
const COLLECTION = 'SELECT c.id FROM selection s JOIN collection c ON c.key = s.src_collection WHERE s.job = :job AND s.no = :no'

/** What lies in the place and is no file is not passed over in silence: an item that has failed stands for each. */
async function failMisfits(tx: Tx, job: Row, no: number, misfits: readonly Misfit[]): Promise<void> {
  const key = job['key'] as number
  const first = job['total'] as number
  const reasons = misfits.map(reasonOfMisfit)
  const paths = misfits.map(({ path }) => path)
  await tx.db.run(INSERT_MISFITS, { job: key, no, first, now: tx.now, paths, reasons: reasons.map(reason => JSON.stringify(reason)) })
  await addChunk(tx, key, job['chunks'] as number, first, misfits.length, false, 0)
  await tx.db.run(COUNT_MISFITS, { job: key, n: misfits.length })
  tx.work.settled({ failed: misfits.length })
  const collection = (await tx.db.get(COLLECTION, { job: key, no }))?.['id']
  paths.forEach((path, at) => addEvent(tx, key, 'item.failed', { seq: first + at, source: { collection, path }, destination: null, reason: reasons[at] }))
}
