import { randomInt } from 'node:crypto'
import { anotherBody, stillArriving } from '../../../model/idempotency.ts'
import { CONFLICTS, JOB_KINDS, VERIFY, type Job, type Selection, type SubmitItem } from '../../../model/job.ts'
import type { Quotas } from '../../../model/quotas.ts'
import type { NewJob, Submitted } from '../../../ports/ledger.ts'
import { Clashes } from '../../shared/clashes.ts'
import { toJob } from '../../shared/codec.ts'
import { actorOfJob, CHUNK_ITEMS, IDEMPOTENCY_MS, itemRow, TO_BE_ORDERED } from '../../shared/intake.ts'
import { kindOf } from '../../shared/job-row.ts'
import { noCollection } from '../../shared/refusals.ts'
import type { Row } from '../../shared/row.ts'
import { KEY_LOCK } from '../advisory-locks.ts'
import { recordJob } from './audit.ts'
import { addEntities } from './entity-intake.ts'
import { takePlace } from './order.ts'
import { refuseWorkBeyond } from './quotas.ts'
import { unsealed } from './seal.ts'
import { addEvent, jobRow, nameCollections, wake, type Tx } from './tx.ts'
import { addJobWebhook } from './webhooks.ts'

const INSERT_JOB = `INSERT INTO job (number, id, node, kind, state, sealed, conflict, verify, dry_run, priority, label, dialect, retention_ms, ordered, submitted_by, actor, unresolved, created_at)
  VALUES (:number, :id, :node, :kind, 0, :sealed, :conflict, :verify, :dryRun, :priority, :label, :dialect, :retention, :ordered, :by, :actor, :unresolved, :now)
  ON CONFLICT (number) DO NOTHING RETURNING *`

const KEEP_KEY = `INSERT INTO idempotency (subject, key, job, fingerprint, created_at) VALUES (:subject, :key, :job, :fingerprint, :now)
  ON CONFLICT (subject, key) DO UPDATE SET job = excluded.job, fingerprint = excluded.fingerprint, created_at = excluded.created_at`

/** Stores a job with its items and selections, or answers the one its key made before. Throws `idempotency_mismatch`, `idempotency_in_progress`. */
export async function createJob(tx: Tx, job: NewJob): Promise<Submitted> {
  const { idempotency, options } = job
  const before = idempotency === null ? undefined : await usedKey(tx, job.submittedBy, idempotency.key, idempotency.fingerprint)
  if (before !== undefined) return { job: before, replayed: true }
  await refuseWorkBeyond(tx, job.submittedBy, job.quotas, 1, job.items.length + (job.entities?.length ?? 0))
  const row = await insertJob(tx, job)
  const key = row['key'] as number
  tx.jobs.add(job.id)
  if (idempotency !== null) {
    await tx.db.run(KEEP_KEY, { subject: job.submittedBy, key: idempotency.key, job: key, fingerprint: idempotency.fingerprint, now: tx.now })
  }
  const collections = await JobCollections.of(tx, [...job.select, ...job.items])
  for (const [no, selection] of job.select.entries()) await addSelection(tx, row, no, selection, collections)
  await addItems(tx, row, job.items, collections)
  await collections.name(tx, key)
  await addEntities(tx, key, job.entities ?? [])
  if (job.webhook !== undefined) await addJobWebhook(tx, key, job.submittedBy, job.webhook)
  if (job.sealed) addEvent(tx, key, 'job.submitted', { kind: options.kind, label: options.label })
  if (job.sealed && options.ordered === true) await takePlace(tx, key)
  const made = await jobRow(tx, job.id)
  if (job.sealed) wake(tx, made)
  if (job.sealed) await recordJob(tx, 'job.submit', made, { kind: options.kind })
  return { job: toJob(made), replayed: false }
}

/** Numbers are made by each process for itself: where another has taken one, the job gets a later one. */
const NUMBERS_ON = 8_192

async function insertJob(tx: Tx, job: NewJob): Promise<Row> {
  const { options } = job
  const values = {
    id: job.id,
    node: job.sealed ? null : tx.node,
    kind: JOB_KINDS.indexOf(options.kind),
    sealed: job.sealed ? 1 : 0,
    conflict: CONFLICTS.indexOf(options.conflict),
    verify: VERIFY.indexOf(options.verify),
    dryRun: options.dryRun ? 1 : 0,
    priority: options.priority,
    label: options.label,
    dialect: options.dialect,
    retention: options.retentionMs,
    ordered: options.ordered === true ? TO_BE_ORDERED : 0,
    by: job.submittedBy,
    actor: actorOfJob(tx.actor, job),
    unresolved: job.select.length + (job.entities?.length ?? 0),
    now: tx.now,
  }
  let { number } = job
  for (;;) {
    const row = await tx.db.get(INSERT_JOB, { ...values, number })
    if (row !== undefined) return row
    number += randomInt(1, NUMBERS_ON)
  }
}

/** Adds a batch to a manifest that is still being received. */
export async function appendItems(tx: Tx, id: string, items: readonly SubmitItem[], quotas?: Quotas): Promise<void> {
  const row = await unsealed(tx, id)
  await refuseWorkBeyond(tx, row['submitted_by'] as string, quotas, 0, items.length)
  const collections = await JobCollections.of(tx, items)
  await addItems(tx, row, items, collections)
  await collections.name(tx, row['key'] as number)
}

const LOCK_KEY = `SELECT pg_advisory_xact_lock(${KEY_LOCK}, hashtext(:subject || ' ' || :key))`
const USED_KEY = `SELECT i.fingerprint, j.id, j.sealed FROM idempotency i JOIN job j ON j.key = i.job
  WHERE i.subject = :subject AND i.key = :key AND i.created_at > :since`

/** I5: the same key and body is the same job; the same key and another body is refused; one still arriving is a conflict. */
async function usedKey(tx: Tx, subject: string, key: string, fingerprint: string | null): Promise<Job | undefined> {
  await tx.db.get(LOCK_KEY, { subject, key })
  const used = await tx.db.get(USED_KEY, { subject, key, since: tx.now - IDEMPOTENCY_MS })
  if (used === undefined) return undefined
  if (used['sealed'] === 0 || fingerprint === null) throw stillArriving()
  if (used['fingerprint'] !== fingerprint) throw anotherBody()
  return toJob(await jobRow(tx, used['id'] as string))
}

const KEYS = 'SELECT id, key FROM collection WHERE id = ANY(:ids::text[]) AND deleted_at IS NULL'

/** The collections a job names, each recorded once with the weakest role its work needs: read (0) or write (1). */
class JobCollections {
  readonly #keys: ReadonlyMap<string, number>
  readonly #named = new Map<number, boolean>()

  private constructor(keys: ReadonlyMap<string, number>) {
    this.#keys = keys
  }

  /** Looks up all that these name at once. */
  static async of(tx: Tx, wishes: readonly (Selection | SubmitItem)[]): Promise<JobCollections> {
    const ids = new Set(
      wishes.flatMap(({ source, destination }) => (destination === undefined ? [source.collection] : [source.collection, destination.collection])),
    )
    const rows = ids.size === 0 ? [] : await tx.db.all(KEYS, { ids: [...ids] })
    return new JobCollections(new Map(rows.map(row => [row['id'] as string, row['key'] as number])))
  }

  /** The key of one of them. Throws `collection_not_found`. */
  key(id: string, writes: boolean): number {
    const key = this.#keys.get(id)
    if (key === undefined) throw noCollection(id)
    this.#named.set(key, writes || this.#named.get(key) === true)
    return key
  }

  /** Records those whose keys were asked for. */
  name(tx: Tx, job: number): Promise<void> {
    return nameCollections(tx, job, this.#named)
  }
}

const INSERT_SELECTION = `INSERT INTO selection (job, no, src_collection, src_prefix, src_glob, src_graph, dst_collection, dst_prefix, patch, change)
  VALUES (:job, :no, :srcCollection, :srcPrefix, :srcGlob, :srcGraph, :dstCollection, :dstPrefix, :patch, :change)`

async function addSelection(tx: Tx, job: Row, no: number, { source, destination, fields, change }: Selection, collections: JobCollections): Promise<void> {
  await tx.db.run(INSERT_SELECTION, {
    job: job['key'],
    no,
    srcCollection: collections.key(source.collection, destination === undefined || kindOf(job) === 'move'),
    srcPrefix: source.prefix ?? '',
    srcGlob: source.glob ?? null,
    srcGraph: source.graph ?? null,
    dstCollection: destination === undefined ? null : collections.key(destination.collection, true),
    dstPrefix: destination === undefined ? null : (destination.prefix ?? source.prefix ?? ''),
    patch: fields === undefined ? null : JSON.stringify(fields),
    change: change === undefined ? null : JSON.stringify(change),
  })
}

/** An array a column: a million items are stored in some seconds, row by row it takes minutes. */
const INSERT_ITEMS = `INSERT INTO item (job, seq, src_collection, src_path, dst_collection, dst_path, src_revision_if, src_version_if, dst_revision_if, dst_absent_if, patch, change)
  SELECT :job::bigint, :first::bigint + n - 1, a, b, c, d, e, f, g, h, i, j
  FROM unnest(:c0::integer[], :c1::text[], :c2::integer[], :c3::text[], :c4::uuid[], :c5::bigint[], :c6::uuid[], :c7::smallint[], :c8::text[], :c9::text[])
    WITH ORDINALITY AS v (a, b, c, d, e, f, g, h, i, j, n)`
const COLUMNS = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9] as const

/** The bytes that the new items would copy, as far as their sources exist now: an estimate until they are settled. */
const ADD_ITEMS_TO_JOB = `UPDATE job SET total = total + :n, pending = pending + :n, chunks = chunks + :chunks, change = change + 1,
  bytes_total = bytes_total + (SELECT coalesce(sum(s.size), 0) FROM item i JOIN entry s ON s.collection = i.src_collection AND s.path = i.src_path
    WHERE i.job = :job AND i.seq BETWEEN :first AND :last) WHERE key = :job`

const INSERT_CHUNK = 'INSERT INTO chunk (job, no, first_seq, last_seq, state, waiting, serial) VALUES (:job, :no, :first, :last, :state, :waiting, :serial)'
const WAITING = 0
const SETTLED = 2

async function addItems(tx: Tx, job: Row, items: readonly SubmitItem[], collections: JobCollections): Promise<void> {
  if (items.length === 0) return
  const key = job['key'] as number
  const firstSeq = job['total'] as number
  const isMove = kindOf(job) === 'move'
  let chunks = 0
  for (let at = 0; at < items.length; at += CHUNK_ITEMS) {
    const run = items.slice(at, at + CHUNK_ITEMS)
    const clashes = new Clashes()
    const rows = run.map(item => itemRow(item, isMove, (id, writes) => collections.key(id, writes), clashes))
    const first = firstSeq + at
    const columns = Object.fromEntries(COLUMNS.map(column => [`c${column}`, rows.map(row => row[column])]))
    await tx.db.run(INSERT_ITEMS, { ...columns, job: key, first })
    await holdBlobs(tx, key, run)
    await addChunk(tx, key, (job['chunks'] as number) + chunks, first, run.length, clashes.found)
    chunks += 1
  }
  await tx.db.run(ADD_ITEMS_TO_JOB, { job: key, n: items.length, chunks, first: firstSeq, last: firstSeq + items.length - 1 })
}

/** Adds a chunk over `n` items from `first`; a serial one is worked item by item. One of which none is waiting is settled at once. */
export async function addChunk(tx: Tx, job: number, no: number, first: number, n: number, serial: boolean, waiting = n): Promise<void> {
  await tx.db.run(INSERT_CHUNK, { job, no, first, last: first + n - 1, waiting, serial: serial ? 1 : 0, state: waiting > 0 ? WAITING : SETTLED })
}

/** Bytes that changes bring along belong to the job until it is purged: nothing else names them before it is done, and after it only what it wrote. */
const HOLD_BLOBS = 'INSERT INTO held_blob (job, digest) SELECT :job, * FROM unnest(:digests::bytea[]) ON CONFLICT DO NOTHING'

export async function holdBlobs(tx: Tx, job: number, items: readonly SubmitItem[]): Promise<void> {
  const digests = new Set(items.flatMap(({ change }) => (change?.content === undefined ? [] : [change.content.digest])))
  if (digests.size > 0) await tx.db.run(HOLD_BLOBS, { job, digests: [...digests].map(digest => Buffer.from(digest, 'hex')) })
}
