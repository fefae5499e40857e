import { ITEM_STATES } from '../../../model/item.ts'
import { kindOf, renames } from '../../shared/job-row.ts'
import type { Row } from '../../shared/row.ts'
import { STATE_OF_CODE } from '../../shared/troubles.ts'
import type { List } from '../unwritten.ts'
import type { Tally } from './decide.ts'
import type { Tx } from './tx.ts'
import { dropList } from './write-items.ts'

/**
 * What the items of a chunk came to. Counted here and added to the job's row once, at the end: whoever changes the row keeps it until its commit, and the turns
 * of one job would wait for each other.
 */
export interface Outcomes {
  done: number
  skipped: number
  failed: number
  evicted: number
  cancelled: number
  bytes: number
}

export function noOutcomes(): Outcomes {
  return { done: 0, skipped: 0, failed: 0, evicted: 0, cancelled: 0, bytes: 0 }
}

/**
 * What the plan says of an item's ends, once it is settled. Ids and revisions are facts of versions that exist: a dry run and a deletion name none, an update
 * that changed nothing its present one.
 */
function outcome(dstCollection: string): Readonly<Record<string, string>> {
  const exists = `p.code = 0 AND :real::boolean AND ${dstCollection} IS NOT NULL`
  return {
    state: `(${STATE_OF_CODE})`,
    reason: 'p.reason',
    started_at: ':started::bigint',
    finished_at: ':now::bigint',
    bytes: 'CASE WHEN p.code = 0 THEN p.size ELSE 0 END',
    src_entity: 'p.src_entity',
    src_version: 'p.src_version',
    src_revision: 'p.src_revision',
    dst_entity: `CASE WHEN ${exists} THEN p.t_entity END`,
    dst_version: `CASE WHEN p.code = 0 AND ${dstCollection} IS NOT NULL THEN p.t_version END`,
    dst_revision: `CASE WHEN ${exists} THEN p.t_revision END`,
  }
}

const SAME_ITEM = 'item.job = :job AND item.seq BETWEEN :first AND :last AND item.seq = p.seq'

const SETTLE_ROWS = `UPDATE item SET attempts = item.attempts + 1, ${Object.entries(outcome('item.dst_collection'))
  .map(([column, value]) => `${column} = ${value}`)
  .join(', ')} FROM plan p WHERE ${SAME_ITEM}`

/** The destination path is null where it is the source's, as for every item; under the policy `rename` it is the name that was found. */
const SETTLE_LIST = `INSERT INTO item (job, seq, attempts, src_collection, src_path, dst_collection, dst_path, patch, ${Object.keys(outcome('')).join(', ')})
  SELECT :job::bigint, p.seq, 1, p.src_collection, p.src_path, :dstCollection::integer,
    CASE WHEN :dstCollection::integer IS NOT NULL THEN nullif(p.t_path, p.src_path) END, :patch::text,
    ${Object.values(outcome(':dstCollection::integer')).join(', ')} FROM plan p`

/** Under the policy `rename` an item may have got another name than it asked for. */
const SETTLE_NAMES = `UPDATE item SET dst_path = p.t_path FROM plan p WHERE ${SAME_ITEM} AND p.code = 0 AND item.dst_collection IS NOT NULL`

/** What settling needs to know. */
interface Settling {
  readonly job: Row
  readonly chunk: Row
  readonly startedAt: number
  readonly outcomes: Outcomes
}

/** Writes down what became of rows, as the plan decided, and counts it. */
export async function settleRows(tx: Tx, work: Settling, first: number, last: number, tally: Tally): Promise<void> {
  const job = work.job['key']
  await tx.db.run(SETTLE_ROWS, { job, first, last, started: work.startedAt, now: tx.now, real: isReal(work.job) })
  if (renames(work.job)) await tx.db.run(SETTLE_NAMES, { job, first, last })
  await countOutcomes(tx, work, tally)
}

/** Makes rows of a list, each in its final state, and counts them. */
export async function settleList(tx: Tx, work: Settling, { params }: List, tally: Tally): Promise<void> {
  const { job, chunk, startedAt } = work
  const { dstCollection, patch } = params
  await tx.db.run(SETTLE_LIST, { job: job['key'], dstCollection, patch, started: startedAt, now: tx.now, real: isReal(job) })
  await dropList(tx, job, chunk)
  await countOutcomes(tx, work, tally)
}

function isReal(job: Row): boolean {
  return job['dry_run'] === 0
}

const COUNT_OTHERS = `SELECT ${STATE_OF_CODE} AS state, count(*) AS n FROM plan WHERE code > 0 GROUP BY 1`

async function countOutcomes(tx: Tx, { job, outcomes }: Settling, { items, done, bytes }: Tally): Promise<void> {
  outcomes.done += done
  if (kindOf(job) !== 'delete') outcomes.bytes += bytes
  if (done === items) return
  for (const row of await tx.db.all(COUNT_OTHERS)) outcomes[ITEM_STATES[row['state'] as number] as 'skipped' | 'failed' | 'evicted'] += row['n'] as number
}
