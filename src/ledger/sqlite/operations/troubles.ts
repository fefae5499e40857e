import { JOB_KINDS } from '../../../model/job.ts'
import { holderWords } from '../../../model/lock.ts'
import { MAX_PATH_LENGTH, renamed } from '../../../model/paths.ts'
import { newEntity, toLock } from '../../shared/codec.ts'
import { firstFree } from '../../shared/free-number.ts'
import { changesPlaces, kindOf } from '../../shared/job-row.ts'
import { blobKey, explanation, lockedEnd, TROUBLES, troubleEvent } from '../../shared/troubles.ts'
import type { CopiedBlobs } from '../../../ports/ledger.ts'
import { crosses } from './lease.ts'
import { namesPlaces } from './places/attached.ts'
import { markPlaces } from './places/moved.ts'
import type { Reading } from '../../shared/reading.ts'
import type { Row } from '../database.ts'
import { itemId } from '../item-range.ts'
import { LOCKS_OVER } from '../reads/locks.ts'
import { addEvent } from './events.ts'
import type { Tx } from './tx.ts'

const MOVE = JOB_KINDS.indexOf('move')

/**
 * Marks planned items that locks, lost grants or corrupt bytes forbid. Each is looked for once a chunk in small tables; the plan itself is walked only when
 * there is something to mark.
 */
export function markTroubles(tx: Tx, job: Row, read: Reading): void {
  const { corrupt, copied } = read
  markLocked(tx, job)
  markLostGrants(tx, job)
  if (corrupt.length > 0) {
    tx.db.run(
      `UPDATE plan SET code = ${TROUBLES.corrupt.no} WHERE code IN (0, ${TROUBLES.taken.no}) AND digest IN (SELECT unhex(value) FROM json_each(:corrupt))`,
      {
        corrupt: JSON.stringify(corrupt),
      },
    )
  }
  if (crosses(tx, job)) markNotArrived(tx, copied)
  if (kindOf(job) !== 'update' && namesPlaces(tx, job['key'] as number)) markPlaces(tx, job, read, changesPlaces(job))
}

/** Items of the plan that would go to another store, and of whose blobs this is so. */
const mark = (code: number, condition: 'IN' | 'NOT IN'): string => `UPDATE plan SET code = ${code} WHERE seq IN (
  SELECT p.seq FROM plan p CROSS JOIN collection sc ON sc.key = p.src_collection CROSS JOIN collection tc ON tc.key = p.t_collection
  WHERE p.code IN (0, ${TROUBLES.taken.no}) AND p.digest IS NOT NULL AND sc.store <> tc.store
    AND sc.attached = 0 AND tc.attached = 0 AND lower(hex(p.digest)) || ' ' || tc.store ${condition} (SELECT value FROM json_each(:blobs)))`

/** Nothing may name bytes that are not in its own store: the blob must have been copied there, and the source still be that blob. */
function markNotArrived(tx: Tx, { arrived, failed }: CopiedBlobs): void {
  const full = failed.filter(({ code }) => code === 'out_of_space')
  const away = failed.filter(({ code }) => code === 'unavailable')
  if (full.length > 0) tx.db.run(mark(TROUBLES.outOfSpace.no, 'IN'), { blobs: JSON.stringify(full.map(blobKey)) })
  if (away.length > 0) tx.db.run(mark(TROUBLES.unavailable.no, 'IN'), { blobs: JSON.stringify(away.map(blobKey)) })
  tx.db.run(mark(TROUBLES.sourceChanged.no, 'NOT IN'), { blobs: JSON.stringify(arrived.map(blobKey)) })
}

const FOREIGN_LOCKS = `SELECT l.collection, l.path FROM job_collection c CROSS JOIN lock l ON l.collection = c.collection
  WHERE c.job = :job AND l.holder <> :who AND l.expires_at > :now`

function markLocked(tx: Tx, job: Row): void {
  const locks = tx.db.all(FOREIGN_LOCKS, { job: job['key'] as number, who: job['submitted_by'] as string, now: tx.now })
  for (const lock of locks) {
    const at = { collection: lock['collection'] as number, path: lock['path'] as string }
    for (const [code, end] of [
      [TROUBLES.sourceLocked.no, 'src'],
      [TROUBLES.destinationLocked.no, 't'],
    ] as const) {
      tx.db.run(
        `UPDATE plan SET code = ${code} WHERE code IN (0, ${TROUBLES.taken.no}) AND ${end}_collection = :collection
           AND (:path = '' OR ${end}_path = :path OR substr(${end}_path, 1, length(:path) + 1) = :path || '/')`,
        at,
      )
    }
  }
}

/** Grants are checked at submission and again here: a grant that was taken back stops what is still to come (I9). */
const LOST_GRANTS = `SELECT c.collection, c.writes, g.role FROM job_collection c
  LEFT JOIN access_grant g ON g.collection = c.collection AND g.subject = :who
  WHERE c.job = :job AND (g.role IS NULL OR g.role < c.writes)`

function markLostGrants(tx: Tx, job: Row): void {
  for (const lost of tx.db.all(LOST_GRANTS, { job: job['key'] as number, who: job['submitted_by'] as string })) {
    const at = { collection: lost['collection'] as number }
    const writeOnly = lost['role'] !== null // reading is still allowed: what only reads there goes on
    if (!writeOnly) tx.db.run(`UPDATE plan SET code = ${TROUBLES.sourceRole.no} WHERE src_collection = :collection`, at)
    tx.db.run(`UPDATE plan SET code = ${TROUBLES.destinationRole.no} WHERE code <> ${TROUBLES.sourceRole.no} AND t_collection = :collection`, at)
    // a move writes at its source, too
    if (writeOnly && job['kind'] === MOVE) tx.db.run(`UPDATE plan SET code = ${TROUBLES.sourceRole.no} WHERE src_collection = :collection`, at)
  }
}

const THERE = 'SELECT deleted, version FROM entry WHERE collection = :collection AND path = :path'

/** The policy `rename`: items whose destination is taken get a free name with a counter, one after the other. True when there were any. */
export function findFreeNames(tx: Tx, job: Row): boolean {
  const taken = tx.db.all(`SELECT seq, t_collection, t_path FROM plan WHERE code = ${TROUBLES.taken.no} ORDER BY seq`)
  if (taken.length === 0) return false
  const planned = new Set(
    tx.db.all('SELECT t_collection, t_path FROM plan WHERE code = 0').map(row => `${String(row['t_collection'])}/${String(row['t_path'])}`),
  )
  const next = new Map<string, number>()
  for (const row of taken) {
    const collection = row['t_collection'] as number
    const wish = row['t_path'] as string
    const isTaken = (n: number): boolean => {
      const path = renamed(wish, n)
      return planned.has(`${collection}/${path}`) || tx.db.get(THERE, { collection, path })?.['deleted'] === 0
    }
    const n = ask(firstFree(next.get(`${collection}/${wish}`) ?? 1), isTaken)
    const path = renamed(wish, n)
    if (path.length > MAX_PATH_LENGTH) continue
    giveName(tx, job, row['seq'] as number, path, tx.db.get(THERE, { collection, path }))
    planned.add(`${collection}/${path}`)
    next.set(`${collection}/${wish}`, n + 1)
  }
  markLocked(tx, job) // the new names lie elsewhere: somebody may hold a lock there
  return true
}

function ask(search: Generator<number, number, boolean>, isTaken: (n: number) => boolean): number {
  let step = search.next()
  while (step.done !== true) step = search.next(isTaken(step.value))
  return step.value
}

/** Under a free name a copy makes a new entity, a move takes its own along; either goes on above a tombstone that may be there. */
function giveName(tx: Tx, job: Row, seq: number, path: string, tombstone: Row | undefined): void {
  const version = tombstone === undefined ? 1 : (tombstone['version'] as number) + 1
  tx.db.run('UPDATE plan SET code = 0, t_path = :path, t_version = :version WHERE seq = :seq', { seq, path, version })
  if (job['kind'] === MOVE) return
  tx.db.run('UPDATE plan SET t_entity = :entity, t_created = :now WHERE seq = :seq', { seq, entity: newEntity(tx.now), now: tx.now })
}

const TROUBLED = `SELECT p.seq, p.code, p.src_collection, p.src_path, p.t_collection, p.t_path, sc.id AS src_id, tc.id AS t_id, p.src_revision, p.src_version,
    i.src_revision_if, i.src_version_if, i.dst_revision_if, d.revision AS d_revision, d.deleted AS d_deleted, s.deleted AS s_deleted
  FROM plan p LEFT JOIN item i ON i.id = ${itemId('p.seq')}
    LEFT JOIN collection sc ON sc.key = p.src_collection LEFT JOIN collection tc ON tc.key = p.t_collection
    LEFT JOIN entry s ON s.collection = p.src_collection AND s.path = p.src_path
    LEFT JOIN entry d ON d.collection = p.t_collection AND d.path = p.t_path
  WHERE p.code > 0 ORDER BY p.seq`

const EXPLAIN = `UPDATE plan SET reason = :reason, src_entity = iif(:hide, NULL, src_entity), src_version = iif(:hide, NULL, src_version),
    src_revision = iif(:hide, NULL, src_revision) WHERE seq = :seq`

/** Writes the reason beside every item of the plan that will not be done. */
export function explainTroubles(tx: Tx, job: Row): void {
  if (tx.db.get('SELECT 1 FROM plan WHERE code > 0 LIMIT 1') === undefined) return
  for (const row of tx.db.all(TROUBLED, { job: job['key'] as number })) {
    const met = lockedEnd(row)
    const { reason, hide } = explanation(row, met === null ? undefined : lockMet(tx, job, met.collection, met.path))
    tx.db.run(EXPLAIN, { seq: row['seq'] as number, reason: JSON.stringify(reason), hide: hide ? 1 : 0 })
  }
}

/** Who holds the lock that an item has met: an operator will want to ask them, or to wait. */
function lockMet(tx: Tx, job: Row, key: number, path: string): string | undefined {
  const lock = tx.db.all(LOCKS_OVER, { key, path, now: tx.now }).find(row => row['holder'] !== job['submitted_by'])
  return lock === undefined ? undefined : holderWords(toLock(lock, ''))
}

const EXPLAINED = `SELECT p.seq, p.code, p.reason, p.src_path, p.t_path, sc.id AS src_id, tc.id AS t_id FROM plan p
  LEFT JOIN collection sc ON sc.key = p.src_collection LEFT JOIN collection tc ON tc.key = p.t_collection WHERE p.code > 0 ORDER BY p.seq`

/** An event for every item of the plan that failed or was evicted, once the reasons are written. */
export function tellTroubles(tx: Tx, job: number): void {
  for (const row of tx.db.all(EXPLAINED)) {
    const event = troubleEvent(row)
    if (event !== null) addEvent(tx, job, event.type, event.data)
  }
}
