import { OUTCOMES, outcomeOf } from '../../../model/job.ts'
import { toCounts } from '../../shared/codec.ts'
import type { Row } from '../../shared/row.ts'
import { mustClear } from './clear-folders.ts'
import { addEvent, jobRow, type Tx } from './tx.ts'

const FINISH =
  'UPDATE job SET state = 3, outcome = :outcome, paused = 0, cancelling = 0, finished_at = :now, expires_at = :expires, change = change + 1 WHERE key = :job'

/**
 * Finishes a running job with nothing left to do: outcome, times, retention and the finishing event. True while items wait for a turn. The row must be locked
 * by this transaction, and as it is now.
 */
export async function finishIfDone(tx: Tx, id: string, present?: Row): Promise<boolean> {
  const row = present ?? (await jobRow(tx, id))
  const counts = toCounts(row)
  if (row['state'] !== 2 || row['unresolved'] !== 0 || row['retrying'] !== 0 || counts.pending + counts.running > 0)
    return counts.pending > 0 || row['retrying'] !== 0
  if (await mustClear(tx, row)) return true
  const outcome = row['cancelling'] === 1 && counts.total === 0 ? 'cancelled' : outcomeOf(counts)
  const expires = tx.now + (row['retention_ms'] as number)
  await tx.db.run(FINISH, { job: row['key'], outcome: OUTCOMES.indexOf(outcome), now: tx.now, expires })
  addEvent(tx, row['key'] as number, 'job.finished', { outcome, counts })
  tx.work.finish(row, outcome, counts, tx.now)
  return false
}
