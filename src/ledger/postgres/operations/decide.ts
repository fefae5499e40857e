import { entityPrefix } from '../../shared/codec.ts'
import { kindOf, renames } from '../../shared/job-row.ts'
import type { Reading } from '../../shared/reading.ts'
import type { Row } from '../../shared/row.ts'
import { Interfered } from '../connection/faults.ts'
import { isVacant, type List } from '../unwritten.ts'
import { emptyWorkTable } from '../work-tables.ts'
import { planUpdates } from './changes.ts'
import { planOf } from './plan.ts'
import { keepTree, keepTreeOfNames } from './plan-tree.ts'
import { explainTroubles, findFreeNames, markTroubles } from './troubles.ts'
import type { Tx } from './tx.ts'

/** What a plan comes to: of its items that can be done, how many versions they write, how many of these have one before them, how many sources go. */
export interface Tally {
  readonly items: number
  readonly done: number
  readonly bytes: number
  readonly written: number
  readonly replaced: number
  readonly leaving: number
}

/** Makes the plan of rows that wait: what would be written where, or why nothing would. */
export async function decideRows(tx: Tx, job: Row, first: number, last: number, read: Reading): Promise<Tally> {
  await emptyWorkTable(tx.db, 'plan')
  const kind = kindOf(job)
  const range = { job: job['key'], first, last }
  if (kind !== 'update') await tx.db.run(planOf(kind, 'rows', false), { ...range, ...facts(tx, job) })
  else if (!(await planUpdates(tx, job['key'] as number, first, last))) throw new Interfered()
  return decide(tx, job, read)
}

/** The same of a list. */
export async function decideList(tx: Tx, job: Row, list: List, read: Reading): Promise<Tally> {
  await emptyWorkTable(tx.db, 'plan')
  const kind = kindOf(job)
  if (kind === 'update') throw new Error('the items of an update are no list')
  await tx.db.run(planOf(kind, list.shape, await isVacant(tx.db, list)), { ...list.params, ...facts(tx, job) })
  return decide(tx, job, read)
}

function facts(tx: Tx, job: Row): Readonly<Record<string, unknown>> {
  return { conflict: job['conflict'], now: tx.now, newEntity: entityPrefix(tx.now) }
}

async function decide(tx: Tx, job: Row, read: Reading): Promise<Tally> {
  await markTroubles(tx, job, read)
  await keepTree(tx, job, kindOf(job))
  if (renames(job) && (await findFreeNames(tx, job))) await keepTreeOfNames(tx, job)
  const tally = await tallyPlan(tx)
  if (tally.done < tally.items) await explainTroubles(tx, job)
  return tally
}

const TALLY = `SELECT count(*) AS items, count(*) FILTER (WHERE code = 0) AS done, coalesce(sum(size) FILTER (WHERE code = 0), 0)::bigint AS bytes,
    count(*) FILTER (WHERE code = 0 AND writes = 1) AS written, count(*) FILTER (WHERE code = 0 AND writes = 1 AND t_version > 1) AS replaced,
    count(*) FILTER (WHERE code = 0 AND writes > 0) AS leaving FROM plan`

/** One look at the whole plan: what follows is left out where it has nothing to do. */
export async function tallyPlan(tx: Tx): Promise<Tally> {
  return (await tx.db.get(TALLY)) as unknown as Tally
}
