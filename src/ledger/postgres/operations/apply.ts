import { WaybillError } from '../../../model/errors.ts'
import { ITEM_STATES, type Reason } from '../../../model/item.ts'
import type { CopiedBlobs, Lease } from '../../../ports/ledger.ts'
import { Clashes } from '../../shared/clashes.ts'
import { kindOf, renames } from '../../shared/job-row.ts'
import { NOTHING_READ, type Reading } from '../../shared/reading.ts'
import type { Row } from '../../shared/row.ts'
import { translateFault } from '../connection/faults.ts'
import { unwritten, type List } from '../unwritten.ts'
import { emptyWorkTable } from '../work-tables.ts'
import { decideList, decideRows, tallyPlan, type Tally } from './decide.ts'
import { finishIfDone } from './finish.ts'
import { heldChunk } from './lease.ts'
import { PUT_PLANNED, READ_PLAN } from './plan.ts'
import { OutOfOrder } from './plan-tree.ts'
import { noOutcomes, settleList, settleRows, type Outcomes } from './settle.ts'
import { tellTroubles } from './troubles.ts'
import { addEvent, jobRow, lockJobCollections, type Tx } from './tx.ts'
import { writeEntries } from './write-entries.ts'
import { writeRows } from './write-items.ts'

/** A chunk that this transaction has locked, with the counter its items are in until they are settled. */
export interface ChunkWork {
  readonly id: string
  readonly job: Row
  readonly chunk: Row
  readonly read: Reading
  readonly startedAt: number
  readonly token: number
  readonly from: 'pending' | 'running'
  readonly outcomes: Outcomes
}

/**
 * Plans, applies and settles a leased chunk in one transaction: a stale lease is refused before anything is read (I7), and because the
 * entries, the items' states and the counters commit together, no crash can apply an item twice (I6) or count it wrongly (I3).
 */
export async function applyChunk(tx: Tx, lease: Lease, corrupt: readonly string[], copied: CopiedBlobs = NOTHING_READ.copied): Promise<boolean> {
  const { key } = await jobRow(tx, lease.job)
  await lockJobCollections(tx, key as number)
  const job = await jobRow(tx, lease.job)
  const chunk = await heldChunk(tx, job, lease)
  const startedAt = chunk['leased_at'] as number
  return settleChunk(tx, { id: lease.job, job, chunk, read: { corrupt, copied }, startedAt, token: lease.token, from: 'running', outcomes: noOutcomes() })
}

/** The same of a free chunk, which is never leased: nobody else ever sees it in between. */
export async function applyFree(tx: Tx, id: string, job: Row, chunk: Row): Promise<boolean> {
  tx.jobs.add(id)
  const from = chunk['state'] === 0 ? 'pending' : 'running' // or its worker went silent
  if (from === 'running') tx.work.takeOver(id, chunk)
  const token = (chunk['token'] as number) + 1
  return settleChunk(tx, { id, job, chunk, read: NOTHING_READ, startedAt: tx.now, token, from, outcomes: noOutcomes() })
}

const SETTLED = `UPDATE chunk SET state = 2, waiting = 0, token = :token, leased_at = :startedAt, worker = NULL, expires_at = NULL, progress = NULL WHERE job = :job AND no = :no`

function countSettled(from: 'pending' | 'running'): string {
  return `UPDATE job SET ${from} = ${from} - :n, done = done + :done, skipped = skipped + :skipped, failed = failed + :failed, evicted = evicted + :evicted,
    cancelled = cancelled + :cancelled, bytes_done = bytes_done + :bytes, bytes_total = greatest(bytes_total, bytes_done + :bytes), change = change + 1
    WHERE key = :job RETURNING *`
}

const COUNT = { pending: countSettled('pending'), running: countSettled('running') }

async function settleChunk(tx: Tx, work: ChunkWork): Promise<boolean> {
  const { id, job, chunk, startedAt, token } = work
  tx.mayBeCareful()
  if (job['cancelling'] === 1) await cancelChunk(tx, work)
  else await workChunk(tx, work)
  await tx.db.run(SETTLED, { job: job['key'], no: chunk['no'], token, startedAt })
  return finishIfDone(tx, id, await countRun(tx, work))
}

/** Adds to the job's counters what its items came to; the row as it is then. */
export async function countRun(tx: Tx, { job, from, outcomes }: ChunkWork): Promise<Row | undefined> {
  const { done, skipped, failed, evicted, cancelled } = outcomes
  tx.work.settled({ done, skipped, failed, evicted, cancelled })
  return tx.db.get(COUNT[from], { ...outcomes, job: job['key'], n: done + skipped + failed + evicted + cancelled })
}

const CANCEL = `UPDATE item SET state = ${ITEM_STATES.indexOf('cancelled')}, finished_at = :now WHERE job = :job AND seq BETWEEN :first AND :last AND state = 0`

async function cancelChunk(tx: Tx, { job, chunk, outcomes }: ChunkWork): Promise<void> {
  await writeRows(tx, job, chunk)
  const cancelled = await tx.db.run(CANCEL, { job: job['key'], first: chunk['first_seq'], last: chunk['last_seq'], now: tx.now })
  outcomes.cancelled += cancelled
}

async function workChunk(tx: Tx, work: ChunkWork): Promise<void> {
  const list = await unwritten(tx.db, work.job['key'] as number, work.chunk['no'] as number)
  if (list !== undefined) {
    if ((await attempt(tx, work, () => workList(tx, work, list))) === null) return
    await writeRows(tx, work.job, work.chunk)
  }
  await workRows(tx, work)
}

/** Decides, writes and settles the waiting items of a chunk, from its first seq to its last, that are rows. */
export async function workRows(tx: Tx, work: ChunkWork): Promise<void> {
  const runs = await runsOf(tx, work)
  const isDry = work.job['dry_run'] === 1
  if (isDry && runs.length > 1 && (await attempt(tx, work, () => rehearse(tx, work, runs))) === null) return
  for (const { first, last } of runs) {
    const fault = await attempt(tx, work, () => workRun(tx, work, first, last))
    if (fault === null) continue
    if (isDry && fault instanceof OutOfOrder && (await attempt(tx, work, () => rehearse(tx, work, [{ first, last }]))) === null) continue
    for (let seq = first; seq <= last; seq++) {
      const own = await attempt(tx, work, () => workRun(tx, work, seq, seq))
      if (own !== null) await failItem(tx, work, seq, own)
    }
  }
}

/** Items, by their numbers, that can be decided together, and written together. */
interface Run {
  readonly first: number
  readonly last: number
}

const PATHS = `SELECT seq, src_collection, src_path, dst_collection, coalesce(dst_path, src_path) AS to_path FROM item
  WHERE job = :job AND seq BETWEEN :first AND :last AND state = 0 ORDER BY seq`

/**
 * The items of a chunk in runs, each as long as none touches another before it: mostly that is the whole chunk. Under the policy `rename` items of a serial
 * chunk go one by one: it depends on all before it which name is free.
 */
async function runsOf(tx: Tx, { job, chunk }: ChunkWork): Promise<Run[]> {
  const [from, to] = [chunk['first_seq'] as number, chunk['last_seq'] as number]
  if (chunk['serial'] === 0) return [{ first: from, last: to }]
  const isMove = kindOf(job) === 'move'
  const runs: Run[] = []
  let first = from
  let clashes = new Clashes()
  for (const row of await tx.db.all(PATHS, { job: job['key'], first: from, last: to })) {
    const seq = row['seq'] as number
    const [source, destination] = [row['src_collection'] as number, row['dst_collection'] as number | null]
    const add = (): void => clashes.add(source, row['src_path'] as string, destination ?? source, row['to_path'] as string, destination === null, isMove)
    add()
    if ((clashes.found || renames(job)) && seq > first) {
      runs.push({ first, last: seq - 1 })
      first = seq
      clashes = new Clashes()
      add()
    }
  }
  return [...runs, { first, last: to }]
}

/**
 * What went wrong with some work, or null. Items that are out of order are found before anything is written. A statement that fails on one item must not hold up
 * its whole chunk for ever, either: it ends the transaction, which is then done again carefully, in savepoints, and that item fails alone. Troubles of the
 * database are not the items': they end the transaction for good.
 */
async function attempt(tx: Tx, { outcomes }: ChunkWork, run: () => Promise<void>): Promise<Error | null> {
  const before = { ...outcomes }
  try {
    if (tx.careful) await tx.savepoint(run)
    else await run()
    return null
  } catch (error) {
    if (!(error instanceof OutOfOrder) && !(tx.careful && isOfItem(error))) throw error
    Object.assign(outcomes, before)
    return error as Error
  }
}

function isOfItem(error: unknown): boolean {
  const translated = translateFault(error)
  return translated instanceof WaybillError ? OF_ITEMS.has(translated.code) : error instanceof Error
}

const OF_ITEMS: ReadonlySet<string> = new Set(['invalid_path', 'invalid_request'])

const FAIL_ITEM = `UPDATE item SET state = ${ITEM_STATES.indexOf('failed')}, attempts = attempts + 1, reason = :reason, finished_at = :now
  WHERE job = :job AND seq = :seq AND state = 0`

async function failItem(tx: Tx, { job, outcomes }: ChunkWork, seq: number, fault: Error): Promise<void> {
  const told = translateFault(fault) as Error
  const reason: Reason = { code: told instanceof WaybillError ? told.code : 'internal', message: `The item could not be worked on: ${told.message}.` }
  const key = job['key'] as number
  const failed = await tx.db.run(FAIL_ITEM, { job: key, seq, reason: JSON.stringify(reason), now: tx.now })
  if (failed === 0) return
  outcomes.failed += 1
  addEvent(tx, key, 'item.failed', { seq, reason })
}

/** Items that do not touch each other's paths: decided together, then written together. */
async function workRun(tx: Tx, work: ChunkWork, first: number, last: number): Promise<void> {
  const tally = await decideRows(tx, work.job, first, last, work.read)
  await carryOut(tx, work.job, tally)
  await settleRows(tx, work, first, last, tally)
}

/** The same for items that are a list as yet: they become rows now, in their final state. */
async function workList(tx: Tx, work: ChunkWork, list: List): Promise<void> {
  const tally = await decideList(tx, work.job, list, work.read)
  await carryOut(tx, work.job, tally)
  await settleList(tx, work, list, tally)
}

/** Writes what the plan decided, and tells of what it did not. */
export async function carryOut(tx: Tx, job: Row, tally: Tally): Promise<void> {
  if (tally.done < tally.items) await tellTroubles(tx, job['key'] as number)
  if (job['dry_run'] === 0) await writeEntries(tx, job, tally)
}

/** Thrown to undo what was only rehearsed. */
class Rehearsed extends Error {}

/**
 * A dry run of items that touch each other: each is decided on what those before it would have left, as in earnest. All of that is then undone, and only the
 * decisions are written down.
 */
async function rehearse(tx: Tx, work: ChunkWork, runs: readonly Run[]): Promise<void> {
  const decided: unknown[] = []
  const act = async (first: number, last: number): Promise<void> => {
    await writeEntries(tx, work.job, await decideRows(tx, work.job, first, last, work.read))
    const rows = (await tx.db.get(READ_PLAN))?.['rows'] as string | null
    if (rows !== null) decided.push(rows)
  }
  const actAll = async (): Promise<never> => {
    for (const { first, last } of runs) {
      try {
        await act(first, last)
      } catch (error) {
        if (!(error instanceof OutOfOrder)) throw error // thrown while it is decided: nothing is written yet
        for (let seq = first; seq <= last; seq++) await act(seq, seq)
      }
    }
    throw new Rehearsed()
  }
  await tx.savepoint(actAll).catch((error: unknown) => {
    if (!(error instanceof Rehearsed)) throw error
  })
  await emptyWorkTable(tx.db, 'plan')
  for (const rows of decided) await tx.db.run(PUT_PLANNED, { rows })
  await tellTroubles(tx, work.job['key'] as number)
  await settleRows(tx, work, runs[0]?.first ?? 0, runs.at(-1)?.last ?? 0, await tallyPlan(tx))
}
