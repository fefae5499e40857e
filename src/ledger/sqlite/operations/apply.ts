import { ITEM_STATES } from '../../../model/item.ts'
import type { CopiedBlobs, Lease } from '../../../ports/ledger.ts'
import { translateSqliteError, type Params, type Row } from '../database.ts'
import { itemId, itemsBetween } from '../item-range.ts'
import { unwritten, type List } from '../unwritten.ts'
import { decideList, decideRows, tallyPlan, type Tally } from './decide.ts'
import { addEvent } from './events.ts'
import { finishIfDone } from './finish.ts'
import { held } from './lease.ts'
import { CREATE_PLAN, PUT_PLANNED } from './plan.ts'
import { OutOfOrder } from './plan-tree.ts'
import { NOTHING_READ, type Reading } from '../../shared/reading.ts'
import { settleList, settleRows } from './settle.ts'
import { tellTroubles } from './troubles.ts'
import type { Tx } from './tx.ts'
import { writeEntries } from './write-entries.ts'
import { writeRows } from './write-items.ts'

/**
 * Plans, applies and settles a leased chunk in one transaction: a stale lease is refused before anything is read (I7), and because the
 * entries, the items' states and the counters commit together, no crash can apply an item twice (I6) or count it wrongly (I3).
 */
export function applyChunk(tx: Tx, lease: Lease, corrupt: readonly string[], copied: CopiedBlobs = NOTHING_READ.copied): boolean {
  const { job, chunk } = held(tx, lease)
  if (job['cancelling'] === 1) cancelChunk(tx, job, chunk)
  else workChunk(tx, job, chunk, { corrupt, copied })
  tx.db.run('UPDATE chunk SET state = 2, waiting = 0, worker = NULL, expires_at = NULL, progress = NULL WHERE job = :job AND no = :no', {
    job: job['key'] as number,
    no: chunk['no'] as number,
  })
  return finishIfDone(tx, lease.job)
}

function cancelChunk(tx: Tx, job: Row, chunk: Row): void {
  writeRows(tx, job, chunk)
  const at = { job: job['key'] as number, first: chunk['first_seq'] as number, last: chunk['last_seq'] as number, now: tx.now }
  const n = tx.db.run(
    `UPDATE item SET state = ${ITEM_STATES.indexOf('cancelled')}, finished_at = :now WHERE ${itemsBetween('item', ':first', ':last')} AND state = 0`,
    at,
  )
  tx.db.run('UPDATE job SET running = running - :n, cancelled = cancelled + :n, change = change + 1 WHERE key = :job', { job: at.job, n })
  tx.work.settled({ cancelled: n })
}

function workChunk(tx: Tx, job: Row, chunk: Row, read: Reading): void {
  tx.db.exec(CREATE_PLAN)
  const list = unwritten(tx.db, job['key'] as number, chunk['no'] as number)
  if (list !== undefined) {
    if (attempt(tx, () => workList(tx, job, chunk, list, read)) === null) return
    writeRows(tx, job, chunk)
  }
  workRows(tx, job, chunk, read)
}

/** Decides, writes and settles the waiting items of a chunk, from its first seq to its last, that are rows. */
export function workRows(tx: Tx, job: Row, chunk: Row, read: Reading): void {
  const first = chunk['first_seq'] as number
  const last = chunk['last_seq'] as number
  const fault = chunk['serial'] === 0 ? attempt(tx, () => workRun(tx, job, chunk, first, last, read)) : new OutOfOrder()
  if (fault === null) return
  if (fault instanceof OutOfOrder && job['dry_run'] === 1 && attempt(tx, () => rehearse(tx, job, chunk, read)) === null) return
  for (let seq = first; seq <= last; seq++) {
    const own = attempt(tx, () => workRun(tx, job, chunk, seq, seq, read))
    if (own !== null) failItem(tx, job, seq, own)
  }
}

/**
 * Runs work in a savepoint; what went wrong, or null. A statement that fails on one item must not hold up its whole chunk for ever: the chunk is then worked
 * item by item, and that item fails alone. Troubles of the disk are not the items': they end the transaction.
 */
function attempt(tx: Tx, work: () => void): Error | null {
  tx.db.exec('SAVEPOINT attempt')
  try {
    work()
    tx.db.exec('RELEASE attempt')
    return null
  } catch (error) {
    if (!tx.db.inTransaction || translateSqliteError(error) !== error || !(error instanceof Error)) throw error
    tx.db.exec('ROLLBACK TO attempt; RELEASE attempt')
    return error
  }
}

const FAIL_ITEM = `UPDATE item SET state = ${ITEM_STATES.indexOf('failed')}, attempts = attempts + 1, reason = :reason, finished_at = :now
  WHERE id = ${itemId(':seq')} AND state = 0`

function failItem(tx: Tx, job: Row, seq: number, fault: Error): void {
  const reason = { code: 'internal', message: `The item could not be worked on: ${fault.message}.` }
  const key = job['key'] as number
  if (tx.db.run(FAIL_ITEM, { job: key, seq, reason: JSON.stringify(reason), now: tx.now }) === 0) return
  tx.db.run('UPDATE job SET running = running - 1, failed = failed + 1, change = change + 1 WHERE key = :key', { key })
  tx.work.settled({ failed: 1 })
  addEvent(tx, key, 'item.failed', { seq, reason })
}

/** Items that do not touch each other's paths: decided together, then written together. */
function workRun(tx: Tx, job: Row, chunk: Row, first: number, last: number, read: Reading): void {
  const tally = decideRows(tx, job, first, last, read)
  carryOut(tx, job, tally)
  settleRows(tx, job, chunk, first, last, tally)
}

/** The same for items that are a list as yet: they become rows now, in their final state. */
function workList(tx: Tx, job: Row, chunk: Row, list: List, read: Reading): void {
  const tally = decideList(tx, job, list, read)
  carryOut(tx, job, tally)
  settleList(tx, job, chunk, list, tally)
}

/** Writes what the plan decided, and tells of what it did not. */
export function carryOut(tx: Tx, job: Row, tally: Tally): void {
  if (tally.done < tally.items) tellTroubles(tx, job['key'] as number)
  if (job['dry_run'] === 0) writeEntries(tx, job, tally)
}

/**
 * A dry run of items that touch each other: each is decided on what those before it would have left, as in earnest. All of that is then undone, and only the
 * decisions are written down.
 */
function rehearse(tx: Tx, job: Row, chunk: Row, read: Reading): void {
  const first = chunk['first_seq'] as number
  const last = chunk['last_seq'] as number
  const decided: Row[] = []
  tx.db.exec('SAVEPOINT rehearsal')
  for (let seq = first; seq <= last; seq++) {
    writeEntries(tx, job, decideRows(tx, job, seq, seq, read))
    decided.push(...tx.db.all('SELECT * FROM plan'))
  }
  tx.db.exec('ROLLBACK TO rehearsal; RELEASE rehearsal')
  tx.db.run('DELETE FROM plan')
  for (const row of decided) tx.db.run(PUT_PLANNED, row as Params)
  tellTroubles(tx, job['key'] as number)
  settleRows(tx, job, chunk, first, last, tallyPlan(tx))
}
