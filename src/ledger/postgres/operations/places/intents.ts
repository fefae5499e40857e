import type { BytesRead, Lease } from '../../../../ports/lease.ts'
import type { Intent, PublishedItem, Run } from '../../../../ports/place-ledger.ts'
import type { Moved, PlacePath, Transfer } from '../../../../ports/transfer.ts'
import { toIntent, toPlacePath, toTransfer } from '../../../shared/attached.ts'
import { entityPrefix } from '../../../shared/codec.ts'
import { handsOn } from '../../../shared/job-row.ts'
import { NOTHING_READ } from '../../../shared/reading.ts'
import type { Row } from '../../../shared/row.ts'
import { NEW_ENTITY, NEW_REVISION } from '../../entry-columns.ts'
import { carryOut, countRun, workRows, type ChunkWork } from '../apply.ts'
import { decideRows, tallyPlan } from '../decide.ts'
import { heldChunk } from '../lease.ts'
import { noOutcomes, settleRows } from '../settle.ts'
import { jobRow, lockJobCollections, type Tx } from '../tx.ts'
import { lockForPublished, newEdition } from './attached.ts'
import { learnDigests } from './moved.ts'
import { emptyWorkTable } from '../../work-tables.ts'

/** The leased chunk and its job, their collections locked first: that is everybody's order. Throws `stale_lease` (I7). */
async function held(tx: Tx, lease: Lease, lock: (tx: Tx, job: number) => Promise<void>): Promise<{ readonly job: Row; readonly chunk: Row }> {
  await lock(tx, (await jobRow(tx, lease.job))['key'] as number)
  const job = await jobRow(tx, lease.job)
  return { job, chunk: await heldChunk(tx, job, lease) }
}

function reading(tx: Tx, job: number): Promise<void> {
  return lockJobCollections(tx, job, true)
}

const PATHS = `SELECT c.id, c.store, i.src_path AS path FROM item i JOIN collection c ON c.key = i.src_collection
    WHERE i.job = :job AND i.seq BETWEEN :first AND :last AND i.state = 0 AND c.attached = 1
  UNION SELECT c.id, c.store, coalesce(i.dst_path, i.src_path) FROM item i JOIN collection c ON c.key = i.dst_collection
    WHERE i.job = :job AND i.seq BETWEEN :first AND :last AND i.state = 0 AND c.attached = 1`

/** The places that waiting items of a leased chunk speak of. */
export async function chunkPaths(tx: Tx, lease: Lease, { first, last }: Run): Promise<PlacePath[]> {
  const { job } = await held(tx, lease, reading)
  return (await tx.db.all(PATHS, { job: job['key'], first, last })).map(toPlacePath)
}

const TRANSFERS = `SELECT p.seq, p.src_path, p.src_revision, s.stamp, p.digest, p.size, p.t_path, sc.id AS src_id, sc.store AS src_store, sc.attached AS src_attached,
    tc.id AS t_id, tc.store AS t_store, tc.attached AS t_attached
  FROM plan p JOIN collection sc ON sc.key = p.src_collection JOIN collection tc ON tc.key = p.t_collection
    JOIN entry s ON s.collection = p.src_collection AND s.path = p.src_path
  WHERE p.code = 0 AND (sc.attached = 1 OR tc.attached = 1) ORDER BY p.seq`

/** The bytes that must be moved before a run of a leased chunk can be applied, as it would be planned now. */
export async function planTransfers(tx: Tx, lease: Lease, { first, last }: Run): Promise<Transfer[]> {
  const { job } = await held(tx, lease, reading)
  if (job['cancelling'] === 1 || !handsOn(job)) return []
  await decideRows(tx, job, first, last, { ...NOTHING_READ, step: 'ask' })
  return (await tx.db.all(TRANSFERS)).map(toTransfer)
}

const WRITE_INTENTS = `INSERT INTO intent (job, seq, mark, src_collection, src_path, src_entity, src_version, src_revision, t_collection, t_path, kind, deleted, size, digest, media_type, fields)
  SELECT :job::bigint, p.seq, m.mark, p.src_collection, p.src_path, p.src_entity, p.src_version, p.src_revision, p.t_collection, p.t_path, p.kind, 0, p.size, p.digest, p.media_type, p.fields
  FROM unnest(:seqs::bigint[], :marks::text[]) AS m (seq, mark) JOIN plan p ON p.seq = m.seq JOIN collection c ON c.key = p.t_collection
  WHERE p.code = 0 AND c.attached = 1`

/** Of a deletion: whatever is to be done, for no bytes have to be moved. */
const WRITE_REMOVALS = `INSERT INTO intent (job, seq, mark, src_collection, src_path, src_entity, src_version, src_revision, t_collection, t_path, kind, deleted, size, digest, media_type, fields)
  SELECT :job::bigint, p.seq, '', p.src_collection, p.src_path, p.src_entity, p.src_version, p.src_revision, p.t_collection, p.t_path, p.kind, 1, 0, NULL, p.media_type, NULL
  FROM plan p JOIN collection c ON c.key = p.t_collection WHERE p.code = 0 AND c.attached = 1`

const INTENTS = `SELECT n.seq, n.mark, n.deleted, n.t_path AS path, c.id, c.store, CASE WHEN e.deleted = 0 THEN e.stamp END AS expect
  FROM intent n JOIN collection c ON c.key = n.t_collection LEFT JOIN entry e ON e.collection = n.t_collection AND e.path = n.t_path
  WHERE n.job = :job AND n.seq BETWEEN :first AND :last ORDER BY n.seq`

/** Plans a run with the bytes that were moved, and writes down what is to be published for it. */
export async function intend(tx: Tx, lease: Lease, run: Run, moved: readonly Moved[]): Promise<Intent[]> {
  const { job } = await held(tx, lease, lockForPublished)
  if (job['cancelling'] === 1) return []
  const key = job['key'] as number
  await learnDigests(tx, job, moved)
  await decideRows(tx, job, run.first, run.last, { ...NOTHING_READ, moved, step: 'intend' })
  const staged = moved.flatMap(each => ('mark' in each && each.mark !== null ? [each] : []))
  await tx.db.run(FORGET, { job: key, ...run })
  if (handsOn(job)) await tx.db.run(WRITE_INTENTS, { job: key, seqs: staged.map(({ seq }) => seq), marks: staged.map(({ mark }) => mark) })
  else await tx.db.run(WRITE_REMOVALS, { job: key })
  return intentsOf(tx, key, run)
}

/** Intents of a leased chunk that were not settled. */
export async function unsettled(tx: Tx, lease: Lease): Promise<Intent[]> {
  const { job } = await held(tx, lease, reading)
  return intentsOf(tx, job['key'] as number, { first: lease.firstSeq, last: lease.lastSeq })
}

async function intentsOf(tx: Tx, job: number, { first, last }: Run): Promise<Intent[]> {
  return (await tx.db.all(INTENTS, { job, first, last })).map(toIntent)
}

const FORGET = 'DELETE FROM intent WHERE job = :job AND seq BETWEEN :first AND :last'

/** Settles the items whose files were published; the intents of the run are over. The chunk stays leased. */
export async function settlePublished(tx: Tx, lease: Lease, run: Run, published: readonly PublishedItem[]): Promise<void> {
  const { job, chunk } = await held(tx, lease, lockForPublished)
  const work = workOf(lease, job, chunk, NOTHING_READ)
  if (published.length > 0) await writePublished(tx, work, run, published)
  await tx.db.run(FORGET, { job: job['key'], ...run })
  await endRun(tx, lease, work)
}

/** Decides and settles the waiting items of a run, unless the job is being cancelled. The chunk stays leased. */
export async function applyRun(tx: Tx, lease: Lease, run: Run, read: BytesRead): Promise<void> {
  const { job, chunk } = await held(tx, lease, lockJobCollections)
  if (job['cancelling'] === 1) return
  tx.mayBeCareful()
  await learnDigests(tx, job, read.moved ?? [])
  const work = workOf(lease, job, { ...chunk, first_seq: run.first, last_seq: run.last }, read)
  await workRows(tx, work)
  await endRun(tx, lease, work)
}

function workOf(lease: Lease, job: Row, chunk: Row, read: BytesRead): ChunkWork {
  return { id: lease.job, job, chunk, read, startedAt: chunk['leased_at'] as number, token: lease.token, from: 'running', outcomes: noOutcomes() }
}

/** A lease that is given back, or taken over, counts as waiting what is not settled. */
const STILL_WAITING = `UPDATE chunk SET waiting = (SELECT count(*) FROM item i WHERE i.job = :job AND i.seq BETWEEN :first AND :last AND i.state = 0)
  WHERE job = :job AND no = :no`

async function endRun(tx: Tx, lease: Lease, work: ChunkWork): Promise<void> {
  await tx.db.run(STILL_WAITING, { job: work.job['key'], no: lease.chunk, first: lease.firstSeq, last: lease.lastSeq })
  await countRun(tx, work)
}

/** The version that each intent says, above what is at its path by now; none where the collection was deleted meanwhile. */
const PLAN_PUBLISHED = `INSERT INTO plan (seq, code, writes, src_collection, src_path, src_entity, src_version, src_revision, t_collection, t_path, t_entity, t_version,
    t_revision, t_created, kind, deleted, size, digest, media_type, fields, stamp)
  SELECT n.seq, 0, CASE WHEN c.deleted_at IS NULL THEN 1 ELSE 0 END, n.src_collection, n.src_path, n.src_entity, n.src_version, n.src_revision, n.t_collection, n.t_path,
    CASE WHEN c.deleted_at IS NOT NULL THEN NULL WHEN d.deleted = 0 THEN d.entity ELSE ${NEW_ENTITY} END,
    CASE WHEN c.deleted_at IS NULL THEN coalesce(d.version, 0) + 1 END, CASE WHEN c.deleted_at IS NULL THEN ${NEW_REVISION} END,
    CASE WHEN d.deleted = 0 THEN d.created_at ELSE :now::bigint END, n.kind, n.deleted, n.size, n.digest, n.media_type, n.fields, p.stamp
  FROM unnest(:seqs::bigint[], :stamps::text[]) AS p (seq, stamp) JOIN intent n ON n.job = :job AND n.seq = p.seq JOIN collection c ON c.key = n.t_collection
    LEFT JOIN entry d ON d.collection = n.t_collection AND d.path = n.t_path`

async function writePublished(tx: Tx, work: ChunkWork, { first, last }: Run, published: readonly PublishedItem[]): Promise<void> {
  await emptyWorkTable(tx.db, 'plan')
  const [seqs, stamps] = [published.map(({ seq }) => seq), published.map(({ stamp }) => stamp)]
  await tx.db.run(PLAN_PUBLISHED, { job: work.job['key'], now: tx.now, newEntity: entityPrefix(tx.now), seqs, stamps })
  const tally = await tallyPlan(tx)
  await carryOut(tx, work.job, tally)
  await settleRows(tx, work, first, last, tally)
  for (const row of await tx.db.all('SELECT DISTINCT t_collection FROM plan')) await newEdition(tx, row['t_collection'] as number)
}
