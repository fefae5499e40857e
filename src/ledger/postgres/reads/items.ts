import { encodeCursor } from '../../../model/cursor.ts'
import { isTerminal, ITEM_STATES, type Item } from '../../../model/item.ts'
import type { Page, PageQuery } from '../../../model/page.ts'
import { prefixEnd } from '../../../model/paths.ts'
import type { ItemFilter } from '../../../ports/ledger.ts'
import { FIRST_RARE, PENDING, seqOf, storedStates, toItem, toRuns, UNKNOWN, type Runs } from '../../shared/item-codec.ts'
import type { Shape } from '../../shared/list-shape.ts'
import type { Row } from '../../shared/row.ts'
import type { Params, Queries } from '../connection/queries.ts'
import { listed, unwritten } from '../unwritten.ts'
import { keyOf } from './entries.ts'

/** How many rows one look walks at most, and how long a call looks before it hands out a short page with a cursor: nobody waits for a selective filter. */
const WINDOW = 5_000
const BUDGET_MS = 50

const COLUMNS = ['seq', 'state', 'attempts', 'src_path', 'dst_path', 'patch', ...UNKNOWN].map(column => `i.${column}`).join(', ')

const SELECT = `SELECT ${COLUMNS}, sc.id AS src_id, dc.id AS dst_id FROM item i LEFT JOIN collection sc ON sc.key = i.src_collection
  LEFT JOIN collection dc ON dc.key = i.dst_collection`

const MATCHES = `(:prefix::text = '' OR (i.src_path >= :prefix AND (:end::text IS NULL OR i.src_path < :end)))
  AND (:collection::integer IS NULL OR i.src_collection = :collection OR i.dst_collection = :collection)`

/** Items of a list (unwritten.ts): pending, with nothing but their places. */
function listedInWindow(shape: Shape): string {
  return `SELECT i.seq, ${PENDING} AS state, 0 AS attempts, i.src_path, i.to_path AS dst_path, i.patch, sc.id AS src_id, dc.id AS dst_id,
      ${UNKNOWN.map(column => `NULL AS ${column}`).join(', ')}
    FROM (${listed(shape)}) i LEFT JOIN collection sc ON sc.key = i.src_collection LEFT JOIN collection dc ON dc.key = i.dst_collection
    WHERE i.seq > :after AND i.seq <= :upTo AND ${MATCHES} ORDER BY i.seq LIMIT :limit`
}

const IN_WINDOW = `${SELECT} WHERE i.job = :job AND i.seq > :after AND i.seq <= :upTo AND ${MATCHES}
  AND (:states::smallint[] IS NULL OR i.state = ANY(:states::smallint[])) ORDER BY i.seq LIMIT :limit`

const LISTS_IN_WINDOW = `SELECT c.no FROM chunk c JOIN unwritten u ON u.job = c.job AND u.chunk = c.no
  WHERE c.job = :job AND c.state < 2 AND c.last_seq > :after AND c.first_seq <= :upTo ORDER BY c.no`

const RARE = `${SELECT} WHERE i.job = :job AND i.state = :state AND i.state > 2 AND i.seq > :after AND ${MATCHES} ORDER BY i.seq LIMIT :limit`

/** The key of no collection: keys of plain ones are positive, of addressable ones negative. */
const NO_COLLECTION = 0

/** A page of the items of a job, in order; pending ones under a lease are running. The queries must see one commit. */
export async function items(db: Queries, job: number, filter: ItemFilter, page: PageQuery): Promise<Page<Item>> {
  const after = page.cursor === undefined ? (filter.afterSeq ?? -1) : seqOf(page.cursor)
  const slice = await take(db, job, filter, after, page.limit)
  return { items: slice.items, nextCursor: slice.next === null ? null : encodeCursor(slice.next) }
}

/** Some items, and the number to go on after; null: these were the last. */
export interface Slice {
  readonly items: Item[]
  readonly next: number | null
}

/** At most `limit` matching items after `after`, and where to go on, null at the end. */
export async function take(db: Queries, job: number, filter: ItemFilter, after: number, limit: number): Promise<Slice> {
  const runs = toRuns(await db.all('SELECT first_seq, last_seq, leased_at FROM chunk WHERE job = :job AND state = 1', { job }))
  const where = await parameters(db, job, filter)
  const wanted = filter.states?.map(state => ITEM_STATES.indexOf(state))
  if (wanted?.every(state => state >= FIRST_RARE) === true) return takeRare(db, where, wanted, Math.max(after, -1), limit, runs)
  return takeWindows(db, job, where, filter, after, limit, runs)
}

async function parameters(db: Queries, job: number, filter: ItemFilter): Promise<Params> {
  const prefix = filter.pathPrefix ?? ''
  return {
    job,
    prefix,
    end: prefixEnd(prefix),
    collection: filter.collection === undefined ? null : ((await keyOf(db, filter.collection)) ?? NO_COLLECTION),
    states: storedStates(filter.states),
  }
}

async function takeRare(db: Queries, where: Params, states: readonly number[], after: number, limit: number, runs: Runs): Promise<Slice> {
  const rows: Row[] = []
  for (const state of states) rows.push(...(await db.all(RARE, { ...where, state, after, limit: limit + 1 })))
  rows.sort((a, b) => (a['seq'] as number) - (b['seq'] as number))
  const kept = rows.slice(0, limit)
  return { items: kept.map(row => toItem(row, runs)), next: rows.length > limit ? (kept.at(-1)?.['seq'] as number) : null }
}

async function takeWindows(db: Queries, job: number, where: Params, filter: ItemFilter, start: number, limit: number, runs: Runs): Promise<Slice> {
  const last = (((await db.get('SELECT total FROM job WHERE key = :job', { job }))?.['total'] as number | undefined) ?? 0) - 1
  const unsettledOnly = filter.states?.every(state => state === 'pending' || state === 'running') === true
  const found: Item[] = []
  const until = performance.now() + BUDGET_MS
  let after = Math.max(start, -1)
  while (after < last) {
    if (unsettledOnly) after = await beforeNextUnsettled(db, job, after, last)
    const upTo = Math.min(after + WINDOW, last)
    const wanted = limit - found.length
    const rows = await window(db, job, { ...where, after, upTo, limit: wanted }, filter)
    for (const row of rows) {
      const item = toItem(row, runs)
      if (filter.states === undefined || filter.states.includes(item.state)) found.push(item)
    }
    // fewer rows than wanted: the window has no more; of as many, some may be running where pending ones are looked for, or the other way round
    after = rows.length === wanted ? (rows.at(-1)?.['seq'] as number) : upTo
    if (found.length === limit || performance.now() > until) break
  }
  return { items: found, next: after < last ? after : null }
}

/** The next items between `after` and `upTo`, whether they are rows or still in a list, at most `limit`. */
async function window(db: Queries, job: number, where: Params & { readonly limit: number }, filter: ItemFilter): Promise<Row[]> {
  const rows = await db.all(IN_WINDOW, where)
  if (filter.states !== undefined && !filter.states.some(state => !isTerminal(state))) return rows
  const found: Row[] = []
  for (const { no } of await db.all(LISTS_IN_WINDOW, where)) {
    if (found.length >= where.limit) break
    const list = await unwritten(db, job, no as number)
    if (list !== undefined) found.push(...(await db.all(listedInWindow(list.shape), { ...where, ...list.params })))
  }
  if (found.length === 0) return rows
  return [...rows, ...found].sort((a, b) => (a['seq'] as number) - (b['seq'] as number)).slice(0, where.limit)
}

const NEXT_UNSETTLED = 'SELECT min(first_seq) AS first FROM chunk WHERE job = :job AND state < 2 AND last_seq > :after'

/** Leaps over settled chunks: in a big job nearly everything before the first waiting item is done. */
async function beforeNextUnsettled(db: Queries, job: number, after: number, last: number): Promise<number> {
  const first = (await db.get(NEXT_UNSETTLED, { job, after }))?.['first'] as number | null | undefined
  return first === null || first === undefined ? last : Math.max(after, first - 1)
}
