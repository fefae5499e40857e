import { ITEM_STATES, type ItemState } from '../../../model/item.ts'
import type { Job } from '../../../model/job.ts'
import { toJob } from '../../shared/codec.ts'
import { maskOf, statesOf } from '../../shared/state-mask.ts'
import { jobCancelling } from '../../shared/refusals.ts'
import type { Row } from '../database.ts'
import { itemsBetween } from '../item-range.ts'
import { recordJob } from './audit.ts'
import { clearAgain } from './clear-folders.ts'
import { resolveAgain } from './entity-again.ts'
import { finishIfDone } from './finish.ts'
import { jobRow, type Tx } from './tx.ts'

/** Items that one transaction wakes, about: some 20 ms. The rest of a big job's retry goes on in its turns, so that nobody waits for it. */
const WAKE_ITEMS = 5_000
/** Chunks looked at in one transaction: in most there is nothing to wake. */
const LOOK_CHUNKS = 500

/** I2: a terminal state changes only by an explicit retry, which is a new attempt. */
export function retry(tx: Tx, id: string, states: readonly ItemState[]): Job {
  const job = jobRow(tx, id)
  if (job['cancelling'] === 1) throw jobCancelling(id)
  if (tx.db.get(ANY, { job: job['key'] as number, states: JSON.stringify(states.map(state => ITEM_STATES.indexOf(state))) }) === undefined) return toJob(job)
  clearAgain(tx, job['key'] as number)
  const wanted = (job['retrying'] as number) | maskOf(states)
  tx.db.run('UPDATE job SET retrying = :wanted, retry_from = 0 WHERE key = :key', { key: job['key'] as number, wanted })
  recordJob(tx, 'job.retry', job, { states })
  wakeSome(tx, id)
  return toJob(jobRow(tx, id))
}

/** Whether there is anything to wake: else a finished job of many chunks would run again for nothing. */
const ANY = 'SELECT 1 FROM item WHERE job = :job AND state > 2 AND state IN (SELECT value FROM json_each(:states)) LIMIT 1'

/** Wakes the next items that a retry asked for; the last ones end it. A cancel ends it, too. */
export function wakeSome(tx: Tx, id: string): void {
  const job = jobRow(tx, id)
  const key = job['key'] as number
  const states = statesOf(job['cancelling'] === 1 ? 0 : (job['retrying'] as number))
  const chunks = states.length === 0 ? [] : tx.db.all(CHUNKS, { job: key, from: job['retry_from'] as number, limit: LOOK_CHUNKS })
  let woken = 0
  let next: number | null = null
  for (const chunk of chunks) {
    if (woken >= WAKE_ITEMS) break
    next = (chunk['no'] as number) + 1
    for (const state of states) woken += reopen(tx, key, chunk, state)
    resolveAgain(tx, job, chunk)
  }
  const more = next !== null && tx.db.get(CHUNKS, { job: key, from: next, limit: 1 }) !== undefined
  tx.db.run('UPDATE job SET retrying = iif(:more, retrying, 0), retry_from = coalesce(:next, 0) WHERE key = :key', { key, more: more ? 1 : 0, next })
  if (woken > 0 || more) tx.db.run(RUN_AGAIN, { key })
  finishIfDone(tx, id)
}

/** A chunk that is still being worked on settles first: this retry passes it over. */
const CHUNKS = 'SELECT * FROM chunk WHERE job = :job AND no >= :from AND state <> 1 ORDER BY no LIMIT :limit'

const RUN_AGAIN = 'UPDATE job SET state = min(state, 2), outcome = NULL, finished_at = NULL, expires_at = NULL, change = change + 1 WHERE key = :key'

const REOPEN_ITEMS = `UPDATE item SET state = 0, reason = NULL, finished_at = NULL, started_at = NULL, dst_entity = NULL, dst_version = NULL, dst_revision = NULL
  WHERE ${itemsBetween('item', ':first', ':last')} AND state = :state AND state > 2`

function reopen(tx: Tx, job: number, chunk: Row, state: ItemState): number {
  const at = { job, no: chunk['no'] as number }
  const n = tx.db.run(REOPEN_ITEMS, { job, state: ITEM_STATES.indexOf(state), first: chunk['first_seq'] as number, last: chunk['last_seq'] as number })
  if (n === 0) return 0
  tx.db.run('UPDATE chunk SET state = 0, waiting = waiting + :n, worker = NULL, expires_at = NULL WHERE job = :job AND no = :no', { ...at, n })
  tx.db.run(`UPDATE job SET pending = pending + :n, ${state} = ${state} - :n WHERE key = :job`, { job, n })
  return n
}
