import { ITEM_STATES, isTerminal } from '../../src/model/item.ts'
import { ask } from '../support/postgres-database.ts'

/** Items that are no rows yet: they wait in the list of their chunk. */
const LISTED = '(SELECT coalesce(sum(cardinality(u.paths)), 0) FROM waybill.unwritten u WHERE u.job = j.key)'

const UNEQUAL = ITEM_STATES.filter(isTerminal).map(state => `count(*) FILTER (WHERE i.state = ${ITEM_STATES.indexOf(state)}) <> j.${state}`)

/** What must hold of the tables at every commit: I2, I3 and I6, as src/ledger/sqlite/soundness.ts has them of SQLite's. */
const RULES: readonly (readonly [rule: string, sql: string])[] = [
  [
    'I3: counters are not the sum of the items',
    `SELECT j.key, j.total, count(i.seq) AS items, ${LISTED} AS listed FROM waybill.job j LEFT JOIN waybill.item i ON i.job = j.key WHERE j.sealed = 1 AND (j.expires_at IS NULL OR j.expires_at > extract(epoch FROM now()) * 1000) GROUP BY j.key
      HAVING count(i.seq) + ${LISTED} <> j.total OR count(*) FILTER (WHERE i.state < 2) + ${LISTED} <> j.pending + j.running OR ${UNEQUAL.join(' OR ')}`,
  ],
  [
    'I2: a finished job has items without an end',
    'SELECT i.job, i.seq, i.state FROM waybill.item i JOIN waybill.job j ON j.key = i.job WHERE j.state = 3 AND i.state < 2',
  ],
  [
    'I6: two items made one version',
    `SELECT dst_collection, coalesce(dst_path, src_path) AS path, dst_version, count(*) AS items
      FROM waybill.item i JOIN waybill.job j ON j.key = i.job AND j.dry_run = 0 WHERE i.state = 2 AND dst_version IS NOT NULL GROUP BY 1, 2, 3 HAVING count(*) > 1`,
  ],
  [
    'I6: versions of a path are not 1, 2, 3',
    `SELECT e.collection, e.path, e.version, count(h.version) AS older FROM waybill.entry e
      LEFT JOIN waybill.history h ON h.collection = e.collection AND h.path = e.path GROUP BY e.collection, e.path
      HAVING count(h.version) <> e.version - 1 OR max(h.version) >= e.version`,
  ],
]

/** Everything that is broken in the ledger at `url` now. */
export async function ledgerFaults(url: string): Promise<string[]> {
  const faults: string[] = []
  for (const [rule, sql] of RULES) for (const row of await ask(url, `${sql} LIMIT 5`)) faults.push(`${rule}: ${JSON.stringify(row)}`)
  return faults
}

/** All that a job (its UUID) has come to, and every entry of a collection, as one text: equal when nothing was written in between. */
export async function everythingOf(url: string, job: string, collection: string): Promise<string> {
  const of = (table: string, order: string, where: string): Promise<Record<string, unknown>[]> =>
    ask(url, `SELECT md5(string_agg(t::text, ';' ORDER BY ${order})), count(*)::int FROM waybill.${table} t WHERE ${where}`)
  const ofJob = `job = (SELECT key FROM waybill.job WHERE id = '${job}')`
  return JSON.stringify([
    await of('job', 'key', `id = '${job}'`),
    await of('item', 'seq', ofJob),
    await of('chunk', 'no', ofJob),
    await of('event', 'id', ofJob),
    await of('entry', 'path', `collection = (SELECT key FROM waybill.collection WHERE id = '${collection}')`),
    await of('history', 'path, version', `collection = (SELECT key FROM waybill.collection WHERE id = '${collection}')`),
  ])
}
