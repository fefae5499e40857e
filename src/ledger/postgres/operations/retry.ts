import { ITEM_STATES, type ItemState } from '../../../model/item.ts'
import type { Job } from '../../../model/job.ts'
import { toJob } from '../../shared/codec.ts'
import { jobCancelling } from '../../shared/refusals.ts'
import type { Row } from '../../shared/row.ts'
import { maskOf, statesOf } from '../../shared/state-mask.ts'
import { recordJob } from './audit.ts'
import { clearAgain } from './clear-folders.ts'
import { resolveAgain } from './entity-again.ts'
import { finishIfDone } from './finish.ts'
import { jobRow, lockedJob, wake, type Tx } from './tx.ts'

/** Items that one transaction wakes, about. The rest of a big job's retry goes on in its turns, so that nobody waits for it. */
const WAKE_ITEMS = 5_000
/** Chunks that one transaction looks at: those of a huge job may hold nothing to wake for long stretches. */
const LOOK_CHUNKS = 500

/** I2: a terminal state changes only by an explicit retry, which is a new attempt. */
export async function retry(tx: Tx, id: string, states: readonly ItemState[]): Promise<Job> {
  const job = await lockedJob(tx, id)
  if (job['cancelling'] === 1) throw jobCancelling(id)
  const key = job['key'] as number
  if ((await tx.db.get(ANY, { job: key, states: states.map(state => ITEM_STATES.indexOf(state)) })) === undefined) return toJob(job)
  await clearAgain(tx, key)
  await tx.db.run('UPDATE job SET retrying = :wanted, retry_from = 0 WHERE key = :key', { key, wanted: (job['retrying'] as number) | maskOf(states) })
  await recordJob(tx, 'job.retry', job, { states })
  await wakeSome(tx, id)
  wake(tx, job)
  return toJob(await jobRow(tx, id))
}

/** Whether there is anything to wake: else a finished job of many chunks would run again for nothing. */
const ANY = 'SELECT 1 FROM item WHERE job = :job AND state > 2 AND state = ANY(:states::smallint[]) LIMIT 1'

/** Wakes the next items that a retry asked for; the last ones end it. A cancel ends it, too. The job's row must be locked. */
export async function wakeSome(tx: Tx, id: string): Promise<void> {
  const job = await jobRow(tx, id)
  const key = job['key'] as number
  const states = statesOf(job['cancelling'] === 1 ? 0 : (job['retrying'] as number))
  const chunks = states.length === 0 ? [] : await tx.db.all(CHUNKS, { job: key, from: job['retry_from'], limit: LOOK_CHUNKS })
  let woken = 0
  let next: number | null = null
  for (const chunk of chunks) {
    if (woken >= WAKE_ITEMS) break
    next = (chunk['no'] as number) + 1
    for (const state of states) {
      const reopened = await reopen(tx, key, chunk, state)
      woken += reopened
    }
    await resolveAgain(tx, job, chunk)
  }
  const more = next !== null && (await tx.db.get(ANY_CHUNK, { job: key, from: next })) !== undefined
  await tx.db.run('UPDATE job SET retrying = :left, retry_from = :next WHERE key = :key', { key, left: more ? job['retrying'] : 0, next: next ?? 0 })
  if (woken > 0 || more) await tx.db.run(RUN_AGAIN, { key })
  await finishIfDone(tx, id)
}

/** A chunk that is still being worked on, under a lease or by a transaction, settles first: this retry passes it over. */
const CHUNKS = 'SELECT * FROM chunk WHERE job = :job AND no >= :from AND state <> 1 ORDER BY no LIMIT :limit FOR UPDATE SKIP LOCKED'
const ANY_CHUNK = 'SELECT 1 FROM chunk WHERE job = :job AND no >= :from AND state <> 1 LIMIT 1'

const RUN_AGAIN =
  'UPDATE job SET state = least(state, 2::smallint), outcome = NULL, finished_at = NULL, expires_at = NULL, change = change + 1 WHERE key = :key'

const REOPEN_ITEMS = `UPDATE item SET state = 0, reason = NULL, finished_at = NULL, started_at = NULL, dst_entity = NULL, dst_version = NULL, dst_revision = NULL
  WHERE job = :job AND seq BETWEEN :first AND :last AND state = :state AND state > 2`

const REOPEN_CHUNK = 'UPDATE chunk SET state = 0, waiting = waiting + :n, worker = NULL, expires_at = NULL WHERE job = :job AND no = :no'

async function reopen(tx: Tx, job: number, chunk: Row, state: ItemState): Promise<number> {
  const { no, first_seq: first, last_seq: last } = chunk
  const n = await tx.db.run(REOPEN_ITEMS, { job, state: ITEM_STATES.indexOf(state), first, last })
  if (n === 0) return 0
  await tx.db.run(REOPEN_CHUNK, { job, no, n })
  await tx.db.run(`UPDATE job SET pending = pending + :n, ${state} = ${state} - :n WHERE key = :job`, { job, n })
  return n
}
