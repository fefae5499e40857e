import { entityPrefix } from '../../shared/codec.ts'
import { kindOf, renames } from '../../shared/job-row.ts'
import type { Params, Row } from '../database.ts'
import { isVacant, type List } from '../unwritten.ts'
import { planChanges } from './changes.ts'
import { isOfList, planOf, ROWS } from './plan.ts'
import { keepTree, keepTreeOfNames } from './plan-tree.ts'
import { explainTroubles, findFreeNames, markTroubles } from './troubles.ts'
import type { Reading } from '../../shared/reading.ts'
import type { Tx } from './tx.ts'

/** What a plan comes to; `replaces`: some of what it writes has a version before. */
export interface Tally {
  readonly items: number
  readonly done: number
  readonly bytes: number
  readonly replaces: boolean
}

/** Makes the plan of rows that wait: what would be written where, or why nothing would. */
export function decideRows(tx: Tx, job: Row, first: number, last: number, read: Reading): Tally {
  beginPlan(tx, job, planOf(kindOf(job), ROWS), { first, last })
  if (kindOf(job) === 'update') planChanges(tx, job['key'] as number, first, last)
  return decide(tx, job, read)
}

/** The same of a list. */
export function decideList(tx: Tx, job: Row, list: List, read: Reading): Tally {
  const source = { shape: list.shape, sweep: list.whole, vacant: isVacant(tx.db, list) }
  beginPlan(tx, job, planOf(kindOf(job), source), list.params)
  // files have come or gone since the list was made
  if (list.whole && !isOfList(tx.db, list)) beginPlan(tx, job, planOf(kindOf(job), { ...source, sweep: false }), list.params)
  return decide(tx, job, read)
}

function beginPlan(tx: Tx, job: Row, plan: string, items: Params): void {
  tx.db.run('DELETE FROM plan')
  tx.db.run(plan, { ...items, job: job['key'] as number, conflict: job['conflict'] as number, now: tx.now, newEntity: entityPrefix(tx.now) })
}

function decide(tx: Tx, job: Row, read: Reading): Tally {
  markTroubles(tx, job, read)
  keepTree(tx, job, kindOf(job))
  if (renames(job) && findFreeNames(tx, job)) keepTreeOfNames(tx, job)
  const tally = tallyPlan(tx)
  if (tally.done < tally.items) explainTroubles(tx, job)
  return tally
}

const TALLY = `SELECT count(*) AS items, coalesce(sum(code = 0), 0) AS done, coalesce(sum(CASE WHEN code = 0 THEN size END), 0) AS bytes,
  coalesce(max(t_version), 0) > 1 AS replaces FROM plan`

/** One look at the whole plan: what follows is left out where it has nothing to do. */
export function tallyPlan(tx: Tx): Tally {
  const row = tx.db.get(TALLY) as { items: number; done: number; bytes: number; replaces: number }
  return { ...row, replaces: row.replaces === 1 }
}
