import { OUTCOMES, outcomeOf } from '../../../model/job.ts'
import { toCounts } from '../../shared/codec.ts'
import { mustClear } from './clear-folders.ts'
import { addEvent } from './events.ts'
import { jobRow, type Tx } from './tx.ts'

/** Finishes a running job with nothing left to do: outcome, times, retention and the finishing event. True while items wait for a turn. */
export function finishIfDone(tx: Tx, id: string): boolean {
  const row = jobRow(tx, id)
  const counts = toCounts(row)
  if (row['state'] !== 2 || row['unresolved'] !== 0 || row['retrying'] !== 0 || counts.pending + counts.running > 0)
    return counts.pending > 0 || row['retrying'] !== 0
  if (mustClear(tx, row)) return true
  const outcome = row['cancelling'] === 1 && counts.total === 0 ? 'cancelled' : outcomeOf(counts)
  tx.db.run(
    'UPDATE job SET state = 3, outcome = :outcome, paused = 0, cancelling = 0, finished_at = :now, expires_at = :expires, change = change + 1 WHERE key = :job',
    {
      job: row['key'] as number,
      outcome: OUTCOMES.indexOf(outcome),
      now: tx.now,
      expires: tx.now + (row['retention_ms'] as number),
    },
  )
  addEvent(tx, row['key'] as number, 'job.finished', { outcome, counts })
  tx.work.finish(row, outcome, counts, tx.now)
  return false
}
