import { holderWords } from '../../../model/lock.ts'
import { MAX_PATH_LENGTH, renamed } from '../../../model/paths.ts'
import type { CopiedBlobs } from '../../../ports/ledger.ts'
import { hexText, newEntity, toLock } from '../../shared/codec.ts'
import { firstFree } from '../../shared/free-number.ts'
import { changesPlaces, kindOf } from '../../shared/job-row.ts'
import type { Reading } from '../../shared/reading.ts'
import type { Row } from '../../shared/row.ts'
import { blobKey, explanation, lockedEnd, TROUBLES, troubleEvent } from '../../shared/troubles.ts'
import { LOCKS_OVER } from '../reads/locks.ts'
import { crosses } from './lease.ts'
import { namesPlaces } from './places/attached.ts'
import { markPlaces } from './places/moved.ts'
import { addEvent, keptRows, type Tx } from './tx.ts'

/** Items that would be done, perhaps under another name. */
const GOING = `code IN (0, ${TROUBLES.taken.no})`

const MARK_CORRUPT = `UPDATE plan SET code = ${TROUBLES.corrupt.no} WHERE ${GOING} AND digest = ANY(:corrupt::bytea[])`

/**
 * Marks planned items that locks, lost grants or corrupt bytes forbid. Each is looked for once a chunk in small tables; the plan itself is walked only when
 * there is something to mark.
 */
export async function markTroubles(tx: Tx, job: Row, read: Reading): Promise<void> {
  const { corrupt, copied } = read
  await markLocked(tx, job)
  await markLostGrants(tx, job)
  if (corrupt.length > 0) await tx.db.run(MARK_CORRUPT, { corrupt: corrupt.map(digest => Buffer.from(digest, 'hex')) })
  if (await crosses(tx, job)) await markNotArrived(tx, copied)
  if (kindOf(job) !== 'update' && (await namesPlaces(tx, job['key'] as number))) await markPlaces(tx, job, read, changesPlaces(job))
}

/** Items of the plan that would go to another store, and of whose blobs this is so. */
function markCrossing(code: number, condition: '= ANY' | '<> ALL'): string {
  return `UPDATE plan SET code = ${code} FROM collection sc, collection tc
    WHERE ${GOING} AND digest IS NOT NULL AND sc.key = plan.src_collection AND tc.key = plan.t_collection AND sc.store <> tc.store AND sc.attached = 0 AND tc.attached = 0
      AND encode(plan.digest, 'hex') || ' ' || tc.store ${condition}(:blobs::text[])`
}

const MARK_FULL = markCrossing(TROUBLES.outOfSpace.no, '= ANY')
const MARK_AWAY = markCrossing(TROUBLES.unavailable.no, '= ANY')
const MARK_CHANGED = markCrossing(TROUBLES.sourceChanged.no, '<> ALL')

/** Nothing may name bytes that are not in its own store: the blob must have been copied there, and the source still be that blob. */
async function markNotArrived(tx: Tx, { arrived, failed }: CopiedBlobs): Promise<void> {
  const full = failed.filter(({ code }) => code === 'out_of_space')
  const away = failed.filter(({ code }) => code === 'unavailable')
  if (full.length > 0) await tx.db.run(MARK_FULL, { blobs: full.map(blobKey) })
  if (away.length > 0) await tx.db.run(MARK_AWAY, { blobs: away.map(blobKey) })
  await tx.db.run(MARK_CHANGED, { blobs: arrived.map(blobKey) })
}

const FOREIGN_LOCKS = `SELECT l.collection, l.path FROM job_collection c JOIN lock l ON l.collection = c.collection
  WHERE c.job = :job AND l.holder <> :who AND l.expires_at > :now`

function markBeneath(code: number, end: 'src' | 't'): string {
  return `UPDATE plan SET code = ${code} WHERE ${GOING} AND ${end}_collection = :collection
    AND (:path::text = '' OR ${end}_path = :path::text OR starts_with(${end}_path, :path::text || '/'))`
}

const MARK_SOURCES_LOCKED = markBeneath(TROUBLES.sourceLocked.no, 'src')
const MARK_DESTINATIONS_LOCKED = markBeneath(TROUBLES.destinationLocked.no, 't')

async function markLocked(tx: Tx, job: Row): Promise<void> {
  for (const { collection, path } of await keptRows(tx, 'locks', job['key'] as number, FOREIGN_LOCKS, {
    job: job['key'],
    who: job['submitted_by'],
    now: tx.now,
  })) {
    await tx.db.run(MARK_SOURCES_LOCKED, { collection, path })
    await tx.db.run(MARK_DESTINATIONS_LOCKED, { collection, path })
  }
}

/** Grants are checked at submission and again here: a grant that was taken back stops what is still to come (I9). */
const LOST_GRANTS = `SELECT c.collection, c.writes, g.role FROM job_collection c
  LEFT JOIN access_grant g ON g.collection = c.collection AND g.subject = :who
  WHERE c.job = :job AND (g.role IS NULL OR g.role < c.writes)`

const NO_SOURCE_ROLE = `UPDATE plan SET code = ${TROUBLES.sourceRole.no} WHERE src_collection = :collection`
const NO_DESTINATION_ROLE = `UPDATE plan SET code = ${TROUBLES.destinationRole.no} WHERE code <> ${TROUBLES.sourceRole.no} AND t_collection = :collection`

async function markLostGrants(tx: Tx, job: Row): Promise<void> {
  for (const { collection, role } of await keptRows(tx, 'grants', job['key'] as number, LOST_GRANTS, { job: job['key'], who: job['submitted_by'] })) {
    const writeOnly = role !== null // reading is still allowed: what only reads there goes on
    if (!writeOnly) await tx.db.run(NO_SOURCE_ROLE, { collection })
    await tx.db.run(NO_DESTINATION_ROLE, { collection })
    // a move writes at its source, too
    if (writeOnly && kindOf(job) === 'move') await tx.db.run(NO_SOURCE_ROLE, { collection })
  }
}

const THERE = 'SELECT deleted, version FROM entry WHERE collection = :collection AND path = :path'
const TAKEN = `SELECT seq, t_collection, t_path FROM plan WHERE code = ${TROUBLES.taken.no} ORDER BY seq`
const PLANNED = 'SELECT t_collection, t_path FROM plan WHERE code = 0'

/** The policy `rename`: items whose destination is taken get a free name with a counter, one after the other. True when there were any. */
export async function findFreeNames(tx: Tx, job: Row): Promise<boolean> {
  const taken = await tx.db.all(TAKEN)
  if (taken.length === 0) return false
  const planned = new Set((await tx.db.all(PLANNED)).map(row => `${String(row['t_collection'])}/${String(row['t_path'])}`))
  const next = new Map<string, number>()
  for (const row of taken) {
    const collection = row['t_collection'] as number
    const wish = row['t_path'] as string
    const search = firstFree(next.get(`${collection}/${wish}`) ?? 1)
    let step = search.next()
    while (step.done !== true) {
      const path = renamed(wish, step.value)
      step = search.next(planned.has(`${collection}/${path}`) || (await tx.db.get(THERE, { collection, path }))?.['deleted'] === 0)
    }
    const path = renamed(wish, step.value)
    if (path.length > MAX_PATH_LENGTH) continue
    await giveName(tx, job, row['seq'] as number, path, await tx.db.get(THERE, { collection, path }))
    planned.add(`${collection}/${path}`)
    next.set(`${collection}/${wish}`, step.value + 1)
  }
  await markLocked(tx, job) // the new names lie elsewhere: somebody may hold a lock there
  return true
}

const GIVE_NAME = 'UPDATE plan SET code = 0, t_path = :path, t_version = :version WHERE seq = :seq'
const ANOTHER_ENTITY = 'UPDATE plan SET t_entity = :entity, t_created = :now WHERE seq = :seq'

/** Under a free name a copy makes a new entity, a move takes its own along; either goes on above a tombstone that may be there. */
async function giveName(tx: Tx, job: Row, seq: number, path: string, tombstone: Row | undefined): Promise<void> {
  const version = tombstone === undefined ? 1 : (tombstone['version'] as number) + 1
  await tx.db.run(GIVE_NAME, { seq, path, version })
  if (kindOf(job) !== 'move') await tx.db.run(ANOTHER_ENTITY, { seq, entity: hexText(newEntity(tx.now)), now: tx.now })
}

const TROUBLED = `SELECT p.seq, p.code, p.src_collection, p.src_path, p.t_collection, p.t_path, sc.id AS src_id, tc.id AS t_id, p.src_revision, p.src_version,
    i.src_revision_if, i.src_version_if, i.dst_revision_if, p.d_revision, p.d_deleted, p.s_deleted
  FROM plan p LEFT JOIN item i ON i.job = :job AND i.seq = p.seq
    LEFT JOIN collection sc ON sc.key = p.src_collection LEFT JOIN collection tc ON tc.key = p.t_collection
  WHERE p.code > 0 ORDER BY p.seq`

const EXPLAIN = `UPDATE plan SET reason = v.reason, src_entity = CASE WHEN v.hide THEN NULL ELSE plan.src_entity END,
    src_version = CASE WHEN v.hide THEN NULL ELSE plan.src_version END, src_revision = CASE WHEN v.hide THEN NULL ELSE plan.src_revision END
  FROM unnest(:seqs::bigint[], :reasons::text[], :hide::boolean[]) AS v (seq, reason, hide) WHERE plan.seq = v.seq`

/** Writes the reason beside every item of the plan that will not be done. */
export async function explainTroubles(tx: Tx, job: Row): Promise<void> {
  const rows = await tx.db.all(TROUBLED, { job: job['key'] })
  const explained: ReturnType<typeof explanation>[] = []
  for (const row of rows) {
    const met = lockedEnd(row)
    explained.push(explanation(row, met === null ? undefined : await lockMet(tx, job, met.collection, met.path)))
  }
  await tx.db.run(EXPLAIN, {
    seqs: rows.map(row => row['seq']),
    reasons: explained.map(({ reason }) => JSON.stringify(reason)),
    hide: explained.map(({ hide }) => hide),
  })
}

/** Who holds the lock that an item has met: an operator will want to ask them, or to wait. */
async function lockMet(tx: Tx, job: Row, key: number, path: string): Promise<string | undefined> {
  const lock = (await tx.db.all(LOCKS_OVER, { key, path, now: tx.now })).find(row => row['holder'] !== job['submitted_by'])
  return lock === undefined ? undefined : holderWords(toLock(lock, ''))
}

const EXPLAINED = `SELECT p.seq, p.code, p.reason, p.src_path, p.t_path, sc.id AS src_id, tc.id AS t_id FROM plan p
  LEFT JOIN collection sc ON sc.key = p.src_collection LEFT JOIN collection tc ON tc.key = p.t_collection WHERE p.code > 0 ORDER BY p.seq`

/** An event for every item of the plan that failed or was evicted, once the reasons are written. */
export async function tellTroubles(tx: Tx, job: number): Promise<void> {
  for (const row of await tx.db.all(EXPLAINED)) {
    const event = troubleEvent(row)
    if (event !== null) addEvent(tx, job, event.type, event.data)
  }
}
