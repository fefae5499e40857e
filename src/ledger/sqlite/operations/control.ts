import { WaybillError } from '../../../model/errors.ts'
import { ITEM_STATES, type ItemState } from '../../../model/item.ts'
import type { Job } from '../../../model/job.ts'
import { toJob } from '../codec.ts'
import type { Row } from '../database.ts'
import { itemsBetween } from '../item-range.ts'
import { finishIfDone } from './finish.ts'
import { jobRow, type Tx } from './tx.ts'

/** Cancelling is a mark: the job's turns then settle its chunks as cancelled, so that no transaction grows with the job. A paused job goes on, to its end. */
export function cancel(tx: Tx, id: string): Job {
  const job = jobRow(tx, id)
  if (job['state'] === 3) {
    if (toJob(job).outcome === 'cancelled') return toJob(job)
    throw finished(id)
  }
  tx.db.run('UPDATE job SET cancelling = 1, paused = 0, change = change + 1 WHERE key = :key AND cancelling = 0', { key: job['key'] as number })
  return toJob(jobRow(tx, id))
}

export function pause(tx: Tx, id: string): Job {
  return setPaused(tx, id, 1)
}

export function resume(tx: Tx, id: string): Job {
  return setPaused(tx, id, 0)
}

function setPaused(tx: Tx, id: string, paused: 0 | 1): Job {
  const job = jobRow(tx, id)
  if (job['state'] === 3) throw finished(id)
  // a job that is being cancelled cannot be held up: there is only its end left
  tx.db.run('UPDATE job SET paused = :paused, change = change + 1 WHERE key = :key AND paused <> :paused AND cancelling = 0', {
    key: job['key'] as number,
    paused,
  })
  return toJob(jobRow(tx, id))
}

function finished(id: string): WaybillError {
  return new WaybillError('job_finished', `job ${id} is finished; retry its items, or submit a new job`)
}

/** I2: a terminal state changes only by an explicit retry, which is a new attempt. Only settled chunks are reopened. */
export function retry(tx: Tx, id: string, states: readonly ItemState[]): Job {
  const job = jobRow(tx, id)
  if (job['cancelling'] === 1) throw new WaybillError('job_not_finished', `job ${id} is being cancelled; retry when it is finished`, { retryAfterSeconds: 1 })
  const key = job['key'] as number
  let woken = 0
  // a chunk that is still being worked on settles first: retry then wakes its items, not now
  for (const chunk of tx.db.all('SELECT * FROM chunk WHERE job = :job AND state <> 1', { job: key })) {
    for (const state of states) woken += reopen(tx, key, chunk, state)
  }
  if (woken > 0) {
    tx.db.run(`UPDATE job SET state = min(state, 2), outcome = NULL, finished_at = NULL, expires_at = NULL, change = change + 1 WHERE key = :key`, { key })
  }
  finishIfDone(tx, id)
  return toJob(jobRow(tx, id))
}

const REOPEN_ITEMS = `UPDATE item SET state = 0, reason = NULL, finished_at = NULL, started_at = NULL, dst_entity = NULL, dst_version = NULL, dst_revision = NULL
  WHERE ${itemsBetween('item', ':first', ':last')} AND state = :state AND state > 2`

function reopen(tx: Tx, job: number, chunk: Row, state: ItemState): number {
  const n = tx.db.run(REOPEN_ITEMS, {
    job,
    state: ITEM_STATES.indexOf(state),
    first: chunk['first_seq'] as number,
    last: chunk['last_seq'] as number,
  })
  if (n === 0) return 0
  tx.db.run('UPDATE chunk SET state = 0, waiting = waiting + :n, worker = NULL, expires_at = NULL WHERE job = :job AND no = :no', {
    job,
    no: chunk['no'] as number,
    n,
  })
  tx.db.run(`UPDATE job SET pending = pending + :n, ${state} = ${state} - :n WHERE key = :job`, { job, n })
  return n
}
