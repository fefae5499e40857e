import { ITEM_STATES } from '../../../model/item.ts'
import type { Row } from '../database.ts'
import { itemId, itemsBetween } from '../item-range.ts'
import type { List } from '../unwritten.ts'
import { kindOf, renames } from '../../shared/job-row.ts'
import type { Tally } from './decide.ts'
import { STATE_OF_CODE } from '../../shared/troubles.ts'
import type { Tx } from './tx.ts'
import { dropList } from './write-items.ts'

/** The range stands on both sides: without it the plan of such a statement walks the whole job for every chunk. */
const SAME_ITEM = `${itemsBetween('item', ':first', ':last')} AND p.seq BETWEEN :first AND :last AND item.id = ${itemId('p.seq')}`

/**
 * What the plan says of an item's ends, once it is settled. Ids and revisions are facts of versions that exist: a dry run and a deletion name none, an update
 * that changed nothing its present one.
 */
function outcome(dstCollection: string): Readonly<Record<string, string>> {
  return {
    state: STATE_OF_CODE,
    reason: 'p.reason',
    started_at: ':started',
    finished_at: ':now',
    bytes: 'CASE WHEN p.code = 0 THEN p.size ELSE 0 END',
    src_entity: 'p.src_entity',
    src_version: 'p.src_version',
    src_revision: 'p.src_revision',
    dst_entity: `CASE WHEN p.code = 0 AND :real AND ${dstCollection} IS NOT NULL THEN p.t_entity END`,
    dst_version: `CASE WHEN p.code = 0 AND ${dstCollection} IS NOT NULL THEN p.t_version END`,
    dst_revision: `CASE WHEN p.code = 0 AND :real AND ${dstCollection} IS NOT NULL THEN p.t_revision END`,
  }
}

const SETTLE_ROWS = `UPDATE item SET attempts = attempts + 1, ${Object.entries(outcome('item.dst_collection'))
  .map(([column, value]) => `${column} = ${value}`)
  .join(', ')} FROM plan p WHERE ${SAME_ITEM}`

/** The destination path is null where it is the source's, as for every item; under the policy `rename` it is the name that was found. */
const SETTLE_LIST = `INSERT INTO item (id, attempts, src_collection, src_path, dst_collection, dst_path, patch, ${Object.keys(outcome('')).join(', ')})
  SELECT ${itemId('p.seq')}, 1, p.src_collection, p.src_path, :dstCollection, iif(:dstCollection IS NULL, NULL, nullif(p.t_path, p.src_path)), :patch,
    ${Object.values(outcome(':dstCollection')).join(', ')} FROM plan p`

/** Under the policy `rename` an item may have got another name than it asked for. */
const SETTLE_NAMES = `UPDATE item SET dst_path = p.t_path FROM plan p
  WHERE ${SAME_ITEM} AND p.code = 0
    AND item.dst_collection IS NOT NULL`

/** Writes down what became of rows, as the plan decided, and counts it. */
export function settleRows(tx: Tx, job: Row, chunk: Row, first: number, last: number, tally: Tally): void {
  const key = job['key'] as number
  tx.db.run(SETTLE_ROWS, { job: key, first, last, started: chunk['leased_at'] as number, now: tx.now, real: real(job) })
  if (renames(job)) tx.db.run(SETTLE_NAMES, { job: key, first, last })
  countOutcomes(tx, job, tally)
}

/** Makes rows of a list, each in its final state, and counts them. */
export function settleList(tx: Tx, job: Row, chunk: Row, { params }: List, tally: Tally): void {
  tx.db.run(SETTLE_LIST, {
    job: job['key'] as number,
    dstCollection: params['dstCollection'] ?? null,
    patch: params['patch'] ?? null,
    started: chunk['leased_at'] as number,
    now: tx.now,
    real: real(job),
  })
  dropList(tx, job, chunk)
  countOutcomes(tx, job, tally)
}

function real(job: Row): number {
  return job['dry_run'] === 0 ? 1 : 0
}

const COUNT_OTHERS = `SELECT ${STATE_OF_CODE} AS state, count(*) AS n FROM plan WHERE code > 0 GROUP BY 1`

function countOutcomes(tx: Tx, job: Row, { items, done, bytes }: Tally): void {
  const counted = { done, skipped: 0, failed: 0, evicted: 0 }
  if (done < items) {
    for (const row of tx.db.all(COUNT_OTHERS)) counted[ITEM_STATES[row['state'] as number] as keyof typeof counted] += row['n'] as number
  }
  tx.db.run(
    `UPDATE job SET running = running - :items, done = done + :done, skipped = skipped + :skipped, failed = failed + :failed, evicted = evicted + :evicted,
       bytes_done = bytes_done + :bytes, bytes_total = max(bytes_total, bytes_done + :bytes), change = change + 1 WHERE key = :job`,
    { job: job['key'] as number, items, bytes: kindOf(job) === 'delete' ? 0 : bytes, ...counted },
  )
  tx.work.settled(counted)
}
