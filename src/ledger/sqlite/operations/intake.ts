import { anotherBody, stillArriving } from '../../../model/idempotency.ts'
import { CONFLICTS, JOB_KINDS, VERIFY, type Job, type Selection, type SubmitItem } from '../../../model/job.ts'
import type { NewJob, Submitted } from '../../../ports/ledger.ts'
import { hexBytes, toJob, uuidBytes, uuidText } from '../../shared/codec.ts'
import { Clashes } from '../../shared/clashes.ts'
import { CHUNK_ITEMS, IDEMPOTENCY_MS, itemRow, TO_BE_ORDERED } from '../../shared/intake.ts'
import { itemId, itemsBetween } from '../item-range.ts'
import { addEntities } from './entity-intake.ts'
import { addEvent } from './events.ts'
import { nextPlace } from './order.ts'
import { unsealed } from './seal.ts'
import { collectionKey, jobRow, nameCollection, type Tx } from './tx.ts'

/** The one that was made for it, unless a clock that was set back made it: jobs of later have higher numbers. */
const NUMBER = 'max(:number, (SELECT coalesce(max(number), 0) + 1 FROM job))'

/** Stores a job with its items and selections, or answers the one its key made before. Throws `idempotency_mismatch`, `idempotency_in_progress`. */
export function createJob(tx: Tx, job: NewJob): Submitted {
  const before = job.idempotency === null ? undefined : usedKey(tx, job.submittedBy, job.idempotency.key, job.idempotency.fingerprint)
  if (before !== undefined) return { job: before, replayed: true }
  const { options } = job
  const created = tx.db.get(
    `INSERT INTO job (number, id, kind, state, sealed, conflict, verify, dry_run, priority, label, dialect, retention_ms, ordered, submitted_by, unresolved, created_at)
     VALUES (${NUMBER}, :id, :kind, 0, :sealed, :conflict, :verify, :dryRun, :priority, :label, :dialect, :retention, :ordered, :by, :unresolved, :now)
     RETURNING key`,
    {
      number: job.number,
      id: uuidBytes(job.id),
      kind: JOB_KINDS.indexOf(options.kind),
      sealed: job.sealed ? 1 : 0,
      conflict: CONFLICTS.indexOf(options.conflict),
      verify: VERIFY.indexOf(options.verify),
      dryRun: options.dryRun ? 1 : 0,
      priority: options.priority,
      label: options.label,
      dialect: options.dialect,
      retention: options.retentionMs,
      ordered: options.ordered !== true ? 0 : job.sealed ? nextPlace(tx) : TO_BE_ORDERED,
      by: job.submittedBy,
      unresolved: job.select.length + (job.entities?.length ?? 0),
      now: tx.now,
    },
  )
  const key = created?.['key'] as number
  tx.jobs.add(job.id)
  if (job.idempotency !== null) {
    tx.db.run(
      `INSERT INTO idempotency (subject, key, job, fingerprint, created_at) VALUES (:subject, :key, :job, :fingerprint, :now)
       ON CONFLICT (subject, key) DO UPDATE SET job = excluded.job, fingerprint = excluded.fingerprint, created_at = excluded.created_at`,
      { subject: job.submittedBy, key: job.idempotency.key, job: key, fingerprint: job.idempotency.fingerprint, now: tx.now },
    )
  }
  const collections = new JobCollections(tx, key)
  job.select.forEach((selection, no) => addSelection(tx, key, no, selection, collections))
  addItems(tx, key, 0, 0, job.items, collections)
  addEntities(tx, key, job.entities ?? [])
  if (job.sealed) addEvent(tx, key, 'job.submitted', { kind: options.kind, label: options.label })
  return { job: toJob(jobRow(tx, job.id)), replayed: false }
}

/** Adds a batch to a manifest that is still being received. */
export function appendItems(tx: Tx, id: string, items: readonly SubmitItem[]): void {
  const row = unsealed(tx, id)
  const job = row['key'] as number
  addItems(tx, job, row['total'] as number, row['chunks'] as number, items, new JobCollections(tx, job))
}

/** I5: the same key and body is the same job; the same key and another body is refused; one still arriving is a conflict. */
function usedKey(tx: Tx, subject: string, key: string, fingerprint: string | null): Job | undefined {
  const used = tx.db.get(
    `SELECT i.fingerprint, j.id, j.sealed FROM idempotency i JOIN job j ON j.key = i.job
     WHERE i.subject = :subject AND i.key = :key AND i.created_at > :since`,
    { subject, key, since: tx.now - IDEMPOTENCY_MS },
  )
  if (used === undefined) return undefined
  if (used['sealed'] === 0 || fingerprint === null) throw stillArriving()
  if (used['fingerprint'] !== fingerprint) throw anotherBody()
  return toJob(jobRow(tx, uuidText(used['id'])))
}

/** The collections a job names, each recorded once with the weakest role its work needs: read (0) or write (1). */
class JobCollections {
  readonly #tx: Tx
  readonly #job: number
  readonly #keys = new Map<string, { key: number; writes: boolean }>()

  constructor(tx: Tx, job: number) {
    this.#tx = tx
    this.#job = job
  }

  key(id: string, writes: boolean): number {
    const known = this.#keys.get(id)
    if (known !== undefined && (known.writes || !writes)) return known.key
    const key = known?.key ?? collectionKey(this.#tx, id)
    this.#keys.set(id, { key, writes })
    nameCollection(this.#tx, this.#job, key, writes)
    return key
  }
}

function addSelection(tx: Tx, job: number, no: number, selection: Selection, collections: JobCollections): void {
  const { source, destination } = selection
  const writesSource = destination === undefined || moves(tx, job)
  tx.db.run(
    `INSERT INTO selection (job, no, src_collection, src_prefix, src_glob, src_graph, dst_collection, dst_prefix, patch, change)
     VALUES (:job, :no, :srcCollection, :srcPrefix, :srcGlob, :srcGraph, :dstCollection, :dstPrefix, :patch, :change)`,
    {
      job,
      no,
      srcCollection: collections.key(source.collection, writesSource),
      srcPrefix: source.prefix ?? '',
      srcGlob: source.glob ?? null,
      srcGraph: source.graph ?? null,
      dstCollection: destination === undefined ? null : collections.key(destination.collection, true),
      dstPrefix: destination === undefined ? null : (destination.prefix ?? source.prefix ?? ''),
      patch: selection.fields === undefined ? null : JSON.stringify(selection.fields),
      change: selection.change === undefined ? null : JSON.stringify(selection.change),
    },
  )
}

function moves(tx: Tx, job: number): boolean {
  return tx.db.get('SELECT kind FROM job WHERE key = :job', { job })?.['kind'] === JOB_KINDS.indexOf('move')
}

/** One JSON array a chunk: a million items are stored in about a second, row by row it takes several. */
const INSERT_ITEMS = `INSERT INTO item (id, src_collection, src_path, dst_collection, dst_path, src_revision_if, src_version_if, dst_revision_if, dst_absent_if, patch, change)
  SELECT ${itemId(':first + key')}, value ->> 0, value ->> 1, value ->> 2, value ->> 3, unhex(value ->> 4), value ->> 5, unhex(value ->> 6), value ->> 7, value ->> 8, value ->> 9
  FROM json_each(:rows)`

/** The bytes that the new items would copy, as far as their sources exist now: an estimate until they are settled. */
const ADD_ITEMS_TO_JOB = `UPDATE job SET total = total + :n, pending = pending + :n, chunks = chunks + :chunks, change = change + 1,
  bytes_total = bytes_total + (SELECT coalesce(sum(s.size), 0) FROM item i CROSS JOIN entry s ON s.collection = i.src_collection AND s.path = i.src_path
    WHERE ${itemsBetween('i', ':first', ':last')}) WHERE key = :job`

const INSERT_CHUNK = 'INSERT INTO chunk (job, no, first_seq, last_seq, state, waiting, serial) VALUES (:job, :no, :first, :last, :state, :waiting, :serial)'
const WAITING = 0
const SETTLED = 2

function addItems(tx: Tx, job: number, firstSeq: number, firstChunk: number, items: readonly SubmitItem[], collections: JobCollections): void {
  const isMove = items.length > 0 && moves(tx, job)
  let chunks = 0
  for (let at = 0; at < items.length; at += CHUNK_ITEMS) {
    const run = items.slice(at, at + CHUNK_ITEMS)
    const clashes = new Clashes()
    const rows = run.map(item => itemRow(item, isMove, (id, writes) => collections.key(id, writes), clashes))
    const first = firstSeq + at
    tx.db.run(INSERT_ITEMS, { job, first, rows: JSON.stringify(rows) })
    holdBlobs(tx, job, run)
    addChunk(tx, job, firstChunk + chunks, first, run.length, clashes.found)
    chunks += 1
  }
  if (items.length > 0) tx.db.run(ADD_ITEMS_TO_JOB, { job, n: items.length, chunks, first: firstSeq, last: firstSeq + items.length - 1 })
}

/** Adds a chunk over `n` items from `first`; a serial one is worked item by item. One of which none is waiting is settled at once. */
export function addChunk(tx: Tx, job: number, no: number, first: number, n: number, serial: boolean, waiting = n): void {
  tx.db.run(INSERT_CHUNK, { job, no, first, last: first + n - 1, waiting, serial: serial ? 1 : 0, state: waiting > 0 ? WAITING : SETTLED })
}

/** Bytes that changes bring along belong to the job until it is purged: nothing else names them before it is done, and after it only what it wrote. */
const HOLD_BLOB = 'INSERT OR IGNORE INTO held_blob (job, digest) VALUES (:job, :digest)'

export function holdBlobs(tx: Tx, job: number, items: readonly SubmitItem[]): void {
  for (const { change } of items) if (change?.content !== undefined) tx.db.run(HOLD_BLOB, { job, digest: hexBytes(change.content.digest) })
}
