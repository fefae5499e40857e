import type { BytesRead, Lease } from '../../../../ports/ledger.ts'
import type { Intent, PublishedItem, Run } from '../../../../ports/place-ledger.ts'
import type { Moved, PlacePath, Transfer } from '../../../../ports/transfer.ts'
import { toIntent, toPlacePath, toTransfer } from '../../../shared/attached.ts'
import { entityPrefix } from '../../../shared/codec.ts'
import type { Row } from '../../database.ts'
import { NEW_ENTITY, NEW_REVISION } from '../../entry-columns.ts'
import { itemsBetween } from '../../item-range.ts'
import { carryOut, workRows } from '../apply.ts'
import { decideRows, tallyPlan } from '../decide.ts'
import { held } from '../lease.ts'
import { CREATE_PLAN } from '../plan.ts'
import { handsOn } from '../../../shared/job-row.ts'
import { NOTHING_READ } from '../../../shared/reading.ts'
import { settleRows } from '../settle.ts'
import type { Tx } from '../tx.ts'
import { newEdition } from './attached.ts'
import { learnDigests } from './moved.ts'

const PATHS = `SELECT c.id, c.store, i.src_path AS path FROM item i CROSS JOIN collection c ON c.key = i.src_collection
    WHERE ${itemsBetween('i', ':first', ':last')} AND i.state = 0 AND c.attached = 1
  UNION SELECT c.id, c.store, coalesce(i.dst_path, i.src_path) FROM item i CROSS JOIN collection c ON c.key = i.dst_collection
    WHERE ${itemsBetween('i', ':first', ':last')} AND i.state = 0 AND c.attached = 1`

/** The places that waiting items of a leased chunk speak of. */
export function chunkPaths(tx: Tx, lease: Lease, { first, last }: Run): PlacePath[] {
  const { job } = held(tx, lease)
  return tx.db.all(PATHS, { job: job['key'] as number, first, last }).map(toPlacePath)
}

const TRANSFERS = `SELECT p.seq, p.src_path, p.src_revision, s.stamp, p.digest, p.size, p.t_path, sc.id AS src_id, sc.store AS src_store, sc.attached AS src_attached,
    tc.id AS t_id, tc.store AS t_store, tc.attached AS t_attached
  FROM plan p CROSS JOIN collection sc ON sc.key = p.src_collection CROSS JOIN collection tc ON tc.key = p.t_collection
    CROSS JOIN entry s ON s.collection = p.src_collection AND s.path = p.src_path
  WHERE p.code = 0 AND (sc.attached = 1 OR tc.attached = 1) ORDER BY p.seq`

/** The bytes that must be moved before a run of a leased chunk can be applied, as it would be planned now. */
export function planTransfers(tx: Tx, lease: Lease, { first, last }: Run): Transfer[] {
  const { job } = held(tx, lease)
  if (job['cancelling'] === 1 || !handsOn(job)) return []
  tx.db.exec(CREATE_PLAN)
  decideRows(tx, job, first, last, { ...NOTHING_READ, step: 'ask' })
  return tx.db.all(TRANSFERS).map(toTransfer)
}

const WRITE_INTENTS = `INSERT OR REPLACE INTO intent (job, seq, mark, src_collection, src_path, src_entity, src_version, src_revision, t_collection, t_path, kind, deleted, size, digest, media_type, fields)
  SELECT :job, p.seq, m.value ->> 'mark', p.src_collection, p.src_path, p.src_entity, p.src_version, p.src_revision, p.t_collection, p.t_path, p.kind, 0, p.size, p.digest, p.media_type, p.fields
  FROM json_each(:moved) m CROSS JOIN plan p ON p.seq = m.value ->> 'seq' CROSS JOIN collection c ON c.key = p.t_collection
  WHERE p.code = 0 AND c.attached = 1 AND m.value ->> 'mark' IS NOT NULL`

/** Of a deletion: whatever is to be done, for no bytes have to be moved. */
const WRITE_REMOVALS = `INSERT OR REPLACE INTO intent (job, seq, mark, src_collection, src_path, src_entity, src_version, src_revision, t_collection, t_path, kind, deleted, size, digest, media_type, fields)
  SELECT :job, p.seq, '', p.src_collection, p.src_path, p.src_entity, p.src_version, p.src_revision, p.t_collection, p.t_path, p.kind, 1, 0, NULL, p.media_type, NULL
  FROM plan p CROSS JOIN collection c ON c.key = p.t_collection WHERE p.code = 0 AND c.attached = 1`

const INTENTS = `SELECT n.seq, n.mark, n.deleted, n.t_path AS path, c.id, c.store, CASE WHEN e.deleted = 0 THEN e.stamp END AS expect
  FROM intent n CROSS JOIN collection c ON c.key = n.t_collection LEFT JOIN entry e ON e.collection = n.t_collection AND e.path = n.t_path
  WHERE n.job = :job AND n.seq BETWEEN :first AND :last ORDER BY n.seq`

/** Plans a run with the bytes that were moved, and writes down what is to be published for it. */
export function intend(tx: Tx, lease: Lease, run: Run, moved: readonly Moved[]): Intent[] {
  const { job } = held(tx, lease)
  if (job['cancelling'] === 1) return []
  const key = job['key'] as number
  learnDigests(tx, job, moved)
  tx.db.exec(CREATE_PLAN)
  decideRows(tx, job, run.first, run.last, { ...NOTHING_READ, moved, step: 'intend' })
  if (handsOn(job)) tx.db.run(WRITE_INTENTS, { job: key, moved: JSON.stringify(moved) })
  else tx.db.run(WRITE_REMOVALS, { job: key })
  return intentsOf(tx, key, run)
}

/** Intents of a leased chunk that were not settled. */
export function unsettled(tx: Tx, lease: Lease): Intent[] {
  const { job } = held(tx, lease)
  return intentsOf(tx, job['key'] as number, { first: lease.firstSeq, last: lease.lastSeq })
}

function intentsOf(tx: Tx, job: number, { first, last }: Run): Intent[] {
  return tx.db.all(INTENTS, { job, first, last }).map(toIntent)
}

/** Settles the items whose files were published; the intents of the run are over. The chunk stays leased. */
export function settlePublished(tx: Tx, lease: Lease, run: Run, published: readonly PublishedItem[]): void {
  const { job, chunk } = held(tx, lease)
  if (published.length > 0) writePublished(tx, job, chunk, run, published)
  tx.db.run('DELETE FROM intent WHERE job = :job AND seq BETWEEN :first AND :last', { job: job['key'] as number, first: run.first, last: run.last })
  countWaiting(tx, job, lease)
}

/** Decides and settles the waiting items of a run, unless the job is being cancelled. The chunk stays leased. */
export function applyRun(tx: Tx, lease: Lease, run: Run, read: BytesRead): void {
  const { job, chunk } = held(tx, lease)
  if (job['cancelling'] === 1) return
  learnDigests(tx, job, read.moved ?? [])
  tx.db.exec(CREATE_PLAN)
  workRows(tx, job, { ...chunk, first_seq: run.first, last_seq: run.last }, read)
  countWaiting(tx, job, lease)
}

const STILL_WAITING = `UPDATE chunk SET waiting = (SELECT count(*) FROM item i WHERE ${itemsBetween('i', ':first', ':last')} AND i.state = 0) WHERE job = :job AND no = :no`

/** A lease that is given back, or taken over, counts as waiting what is not settled. */
function countWaiting(tx: Tx, job: Row, lease: Lease): void {
  tx.db.run(STILL_WAITING, { job: job['key'] as number, no: lease.chunk, first: lease.firstSeq, last: lease.lastSeq })
}

/** The version that each intent says, above what is at its path by now; none where the collection was deleted meanwhile. */
const PLAN_PUBLISHED = `INSERT INTO plan (seq, code, writes, src_collection, src_path, src_entity, src_version, src_revision, t_collection, t_path, t_entity, t_version,
    t_revision, t_created, kind, deleted, size, digest, media_type, fields, stamp)
  SELECT n.seq, 0, c.deleted_at IS NULL, n.src_collection, n.src_path, n.src_entity, n.src_version, n.src_revision, n.t_collection, n.t_path,
    CASE WHEN c.deleted_at IS NOT NULL THEN NULL WHEN d.deleted = 0 THEN d.entity ELSE ${NEW_ENTITY} END, iif(c.deleted_at IS NULL, coalesce(d.version, 0) + 1, NULL),
    iif(c.deleted_at IS NULL, ${NEW_REVISION}, NULL), CASE WHEN d.deleted = 0 THEN d.created_at ELSE :now END,
    n.kind, n.deleted, n.size, n.digest, n.media_type, n.fields, p.value ->> 'stamp'
  FROM json_each(:published) p CROSS JOIN intent n ON n.job = :job AND n.seq = p.value ->> 'seq' CROSS JOIN collection c ON c.key = n.t_collection
    LEFT JOIN entry d ON d.collection = n.t_collection AND d.path = n.t_path`

function writePublished(tx: Tx, job: Row, chunk: Row, { first, last }: Run, published: readonly PublishedItem[]): void {
  tx.db.exec(CREATE_PLAN)
  tx.db.run('DELETE FROM plan')
  tx.db.run(PLAN_PUBLISHED, { job: job['key'] as number, now: tx.now, newEntity: entityPrefix(tx.now), published: JSON.stringify(published) })
  const tally = tallyPlan(tx)
  carryOut(tx, job, tally)
  settleRows(tx, job, chunk, first, last, tally)
  for (const row of tx.db.all('SELECT DISTINCT t_collection FROM plan')) newEdition(tx, row['t_collection'] as number)
}
