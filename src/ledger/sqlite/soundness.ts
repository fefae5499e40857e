import { DatabaseSync } from 'node:sqlite'
import { ITEM_STATES, isTerminal } from '../../model/item.ts'
import { translateSqliteError } from './database.ts'

/** Items that are no rows yet: they wait in the list of their chunk. */
const LISTED = '(SELECT coalesce(sum((SELECT count(*) FROM json_each(u.paths))), 0) FROM unwritten u WHERE u.job = j.key)'
const UNEQUAL = ITEM_STATES.filter(isTerminal).map(state => `coalesce(sum(i.state = ${ITEM_STATES.indexOf(state)}), 0) <> j.${state}`)

/** What holds at every commit: the pages are whole, and the rows agree with each other (I2, I3, I6). Of a job that has expired rows go in batches. */
const RULES: readonly (readonly [rule: string, sql: string])[] = [
  ['the file is damaged', "SELECT * FROM pragma_integrity_check WHERE integrity_check <> 'ok'"],
  [
    'I3: the counters of a job are not the sum of its items',
    `SELECT j.key AS job, j.total, count(i.seq) AS items, ${LISTED} AS listed FROM job j LEFT JOIN item i ON i.id BETWEEN j.key << 32 AND (j.key << 32) + 4294967295
     WHERE (j.expires_at IS NULL OR j.expires_at > :now) AND j.sealed = 1 GROUP BY j.key
     HAVING count(i.seq) + listed <> j.total OR coalesce(sum(i.state < 2), 0) + listed <> j.pending + j.running OR ${UNEQUAL.join(' OR ')}`,
  ],
  ['I2: a finished job has items without an end', 'SELECT job, seq, i.state FROM item i JOIN job j ON j.key = i.id >> 32 WHERE j.state = 3 AND i.state < 2'],
  [
    'I6: two items made one version',
    // items of a dry run have the version that they would have made
    `SELECT coalesce(dst_collection, src_collection) AS collection, coalesce(dst_path, src_path) AS path, dst_version AS version, count(*) AS items
     FROM item i JOIN job j ON j.key = i.id >> 32 AND j.dry_run = 0
     WHERE i.state = 2 AND dst_version IS NOT NULL GROUP BY 1, 2, 3 HAVING count(*) > 1`,
  ],
  [
    'I6: the versions of a path are not 1, 2, 3 and so on',
    `SELECT e.collection, e.path, e.version, count(h.version) AS older, max(h.version) AS newest FROM entry e
     LEFT JOIN history h ON h.collection = e.collection AND h.path = e.path
     GROUP BY e.collection, e.path HAVING count(h.version) <> e.version - 1 OR max(h.version) >= e.version`,
  ],
]
/** Of each rule: the first ones tell what broke. */
const TOLD = 5

/** Reads a ledger from end to end, beside whoever writes it, and says what is broken in it; nothing is, as a rule. `now` in epoch milliseconds. Throws `unavailable` for what cannot be read. */
export function brokenIn(file: string, now: number): string[] {
  try {
    const ledger = new DatabaseSync(file, { readOnly: true })
    try {
      return RULES.flatMap(([rule, sql]) => {
        const statement = ledger.prepare(`${sql} LIMIT ${TOLD}`)
        statement.setAllowUnknownNamedParameters(true)
        return statement.all({ now }).map(row => `${rule}: ${JSON.stringify(row)}`)
      })
    } finally {
      ledger.close()
    }
  } catch (error) {
    throw translateSqliteError(error)
  }
}
