import { CONFLICTS, JOB_KINDS, type JobKind } from '../../../model/job.ts'
import { ITEM_STATES } from '../../../model/item.ts'
import type { Lease } from '../../../ports/ledger.ts'
import { entityPrefix } from '../codec.ts'
import { translateSqliteError, type Params, type Row } from '../database.ts'
import { CONTENT, contentOf, REPLACE_ENTRY } from '../entry-columns.ts'
import { itemId, itemsBetween } from '../item-range.ts'
import { addEvent } from './events.ts'
import { finishIfDone } from './finish.ts'
import { held } from './lease.ts'
import { CREATE_PLAN, PLAN, PUT_BACK, STATE_OF_CODE } from './plan.ts'
import { explainTroubles, findFreeNames, markTroubles, tellTroubles } from './troubles.ts'
import type { Tx } from './tx.ts'

const RENAME = CONFLICTS.indexOf('rename')

/**
 * Plans, applies and settles a leased chunk in one transaction: a stale lease is refused before anything is read (I7), and because the
 * entries, the items' states and the counters commit together, no crash can apply an item twice (I6) or count it wrongly (I3).
 */
export function applyChunk(tx: Tx, lease: Lease, corrupt: readonly string[]): boolean {
  const { job, chunk } = held(tx, lease)
  if (job['cancelling'] === 1) cancelChunk(tx, job, chunk)
  else workChunk(tx, job, chunk, corrupt)
  tx.db.run('UPDATE chunk SET state = 2, waiting = 0, worker = NULL, expires_at = NULL WHERE job = :job AND no = :no', {
    job: job['key'] as number,
    no: chunk['no'] as number,
  })
  return finishIfDone(tx, lease.job)
}

function cancelChunk(tx: Tx, job: Row, chunk: Row): void {
  const at = { job: job['key'] as number, first: chunk['first_seq'] as number, last: chunk['last_seq'] as number, now: tx.now }
  const n = tx.db.run(
    `UPDATE item SET state = ${ITEM_STATES.indexOf('cancelled')}, finished_at = :now WHERE ${itemsBetween('item', ':first', ':last')} AND state = 0`,
    at,
  )
  tx.db.run('UPDATE job SET running = running - :n, cancelled = cancelled + :n, change = change + 1 WHERE key = :job', { job: at.job, n })
}

function workChunk(tx: Tx, job: Row, chunk: Row, corrupt: readonly string[]): void {
  tx.db.exec(CREATE_PLAN)
  const first = chunk['first_seq'] as number
  const last = chunk['last_seq'] as number
  if (chunk['serial'] === 0 && attempt(tx, () => workRun(tx, job, chunk, first, last, corrupt)) === null) return
  if (chunk['serial'] === 1 && job['dry_run'] === 1 && attempt(tx, () => rehearse(tx, job, chunk, corrupt)) === null) return
  for (let seq = first; seq <= last; seq++) {
    const fault = attempt(tx, () => workRun(tx, job, chunk, seq, seq, corrupt))
    if (fault !== null) failItem(tx, job, seq, fault)
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
  addEvent(tx, key, 'item.failed', { seq, reason })
}

/** Items that do not touch each other's paths: decided together, then written together. */
function workRun(tx: Tx, job: Row, chunk: Row, first: number, last: number, corrupt: readonly string[]): void {
  decide(tx, job, first, last, corrupt)
  tellTroubles(tx, job['key'] as number)
  if (job['dry_run'] === 0) write(tx, job)
  settle(tx, job, chunk, first, last)
}

/**
 * A dry run of items that touch each other: each is decided on what those before it would have left, as in earnest. All of that is then undone, and only the
 * decisions are written down.
 */
function rehearse(tx: Tx, job: Row, chunk: Row, corrupt: readonly string[]): void {
  const first = chunk['first_seq'] as number
  const last = chunk['last_seq'] as number
  const decided: Row[] = []
  tx.db.exec('SAVEPOINT rehearsal')
  for (let seq = first; seq <= last; seq++) {
    decide(tx, job, seq, seq, corrupt)
    write(tx, job)
    decided.push(...tx.db.all('SELECT * FROM plan'))
  }
  tx.db.exec('ROLLBACK TO rehearsal; RELEASE rehearsal')
  tx.db.run('DELETE FROM plan')
  for (const row of decided) tx.db.run(PUT_BACK, row as Params)
  tellTroubles(tx, job['key'] as number)
  settle(tx, job, chunk, first, last)
}

/** Makes the plan of these items: what would be written where, or why nothing would. */
function decide(tx: Tx, job: Row, first: number, last: number, corrupt: readonly string[]): void {
  const kind = kindOf(job)
  const key = job['key'] as number
  tx.db.run('DELETE FROM plan')
  tx.db.run(PLAN[kind], { job: key, first, last, conflict: job['conflict'] as number, now: tx.now, newEntity: entityPrefix(tx.now) })
  markTroubles(tx, job, corrupt)
  if (job['conflict'] === RENAME) findFreeNames(tx, job)
  explainTroubles(tx, key)
}

function kindOf(job: Row): JobKind {
  return JOB_KINDS[job['kind'] as number] as JobKind
}

const SUPERSEDE_TARGETS = `INSERT INTO history (collection, path, ${CONTENT}) SELECT d.collection, d.path, ${contentOf('d')}
  FROM plan p CROSS JOIN entry d ON d.collection = p.t_collection AND d.path = p.t_path WHERE p.code = 0 AND p.writes = 1 AND p.t_version > 1`

const WRITE_TARGETS = `INSERT INTO entry (collection, path, ${CONTENT})
  SELECT t_collection, t_path, t_entity, t_version, t_revision, kind, deleted, size, digest, media_type, fields, t_created, :now, :who
  FROM plan WHERE code = 0 AND writes = 1
  ${REPLACE_ENTRY}`

const SUPERSEDE_SOURCES = `INSERT INTO history (collection, path, ${CONTENT}) SELECT d.collection, d.path, ${contentOf('d')}
  FROM plan p CROSS JOIN entry d ON d.collection = p.src_collection AND d.path = p.src_path WHERE p.code = 0`

/** What moved away leaves a tombstone: the entity itself goes on under its new path. */
const VACATE_SOURCES = `UPDATE entry SET version = version + 1, revision = randomblob(16), deleted = 1, size = 0, digest = NULL, fields = NULL,
    modified_at = :now, modified_by = :who
  FROM plan p WHERE p.code = 0 AND entry.collection = p.src_collection AND entry.path = p.src_path`

function write(tx: Tx, job: Row): void {
  const by = { now: tx.now, who: job['submitted_by'] as string }
  tx.db.run(SUPERSEDE_TARGETS, by)
  tx.db.run(WRITE_TARGETS, by)
  if (kindOf(job) !== 'move') return
  tx.db.run(SUPERSEDE_SOURCES, by)
  tx.db.run(VACATE_SOURCES, by)
}

/** The range stands on both sides: without it the plan of such a statement walks the whole job for every chunk. */
const SAME_ITEM = `${itemsBetween('item', ':first', ':last')} AND p.seq BETWEEN :first AND :last AND item.id = ${itemId('p.seq')}`

/**
 * Writes the outcomes down.
 * Ids and revisions are facts of versions that exist: a dry run and a deletion name none, an update that changed nothing its present one.
 */
const SETTLE_ITEMS = `UPDATE item SET state = ${STATE_OF_CODE}, attempts = attempts + 1, reason = p.reason, started_at = :started, finished_at = :now,
    bytes = CASE WHEN p.code = 0 THEN p.size ELSE 0 END, src_entity = p.src_entity, src_version = p.src_version, src_revision = p.src_revision,
    dst_entity = CASE WHEN p.code = 0 AND :real AND item.dst_collection IS NOT NULL THEN p.t_entity END,
    dst_version = CASE WHEN p.code = 0 AND item.dst_collection IS NOT NULL THEN p.t_version END,
    dst_revision = CASE WHEN p.code = 0 AND :real AND item.dst_collection IS NOT NULL THEN p.t_revision END
  FROM plan p WHERE ${SAME_ITEM}`

/** Under the policy `rename` an item may have got another name than it asked for. */
const SETTLE_NAMES = `UPDATE item SET dst_path = p.t_path FROM plan p
  WHERE ${SAME_ITEM} AND p.code = 0
    AND item.dst_collection IS NOT NULL`

const COUNT_OUTCOMES = `SELECT ${STATE_OF_CODE} AS state, count(*) AS n, sum(CASE WHEN code = 0 THEN size ELSE 0 END) AS bytes FROM plan GROUP BY 1`

function settle(tx: Tx, job: Row, chunk: Row, first: number, last: number): void {
  const key = job['key'] as number
  tx.db.run(SETTLE_ITEMS, { job: key, first, last, started: chunk['leased_at'] as number, now: tx.now, real: job['dry_run'] === 0 ? 1 : 0 })
  if (job['conflict'] === RENAME) tx.db.run(SETTLE_NAMES, { job: key, first, last })
  const counted = { done: 0, skipped: 0, failed: 0, evicted: 0 }
  let items = 0
  let bytes = 0
  for (const row of tx.db.all(COUNT_OUTCOMES)) {
    counted[ITEM_STATES[row['state'] as number] as keyof typeof counted] = row['n'] as number
    items += row['n'] as number
    bytes += kindOf(job) === 'delete' ? 0 : ((row['bytes'] as number | null) ?? 0)
  }
  tx.db.run(
    `UPDATE job SET running = running - :items, done = done + :done, skipped = skipped + :skipped, failed = failed + :failed, evicted = evicted + :evicted,
       bytes_done = bytes_done + :bytes, bytes_total = max(bytes_total, bytes_done + :bytes), change = change + 1 WHERE key = :job`,
    { job: key, items, bytes, ...counted },
  )
}
