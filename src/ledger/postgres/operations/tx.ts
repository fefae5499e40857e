import type { Actor } from '../../../model/audit.ts'
import type { WaybillError } from '../../../model/errors.ts'
import type { EventType } from '../../../model/event.ts'
import { isUuid } from '../../../model/text.ts'
import type { Wake } from '../../../ports/queue.ts'
import { collectionsGone, jobExpired, noCollection, noJob } from '../../shared/refusals.ts'
import type { Row } from '../../shared/row.ts'
import type { Work } from '../../shared/work.ts'
import { COLLECTION_LOCK } from '../advisory-locks.ts'
import type { Params, Queries } from '../connection/queries.ts'

/** An event to be stored at the end of its transaction. */
export interface PendingEvent {
  readonly job: number
  readonly type: EventType
  readonly data: string
}

/** One operation's view of the transaction it runs in. */
export interface Tx {
  readonly db: Queries
  /** The injected clock's time of the call. */
  readonly now: number
  /** In whose name; null: what it does is not recorded. */
  readonly actor: Actor | null
  /** The node that runs the operation. */
  readonly node: string
  /** Jobs (UUIDs) this transaction changes; told to listeners after the commit. */
  readonly jobs: Set<string>
  readonly events: PendingEvent[]
  /** What it does, for those who watch the server. */
  readonly work: Work
  /** Wake-ups that are sent with its commit, by the jobs' ids. */
  readonly wakes: Map<string, Wake>
  /** How often the operation was begun before: others were quicker, or the connection was lost. */
  readonly attempt: number
  /** True when it was undone because of one item: now each is worked by itself, in a savepoint. */
  readonly careful: boolean
  /** What was looked up and holds still until the end of the transaction. */
  readonly kept: Map<string, Promise<Row[]>>
  /** From now on an error that is nobody else's doing makes the operation run again, carefully. */
  mayBeCareful(): void
  /** Runs work in a savepoint: what it did is undone when it throws. */
  savepoint<T>(work: () => Promise<T>): Promise<T>
}

/** After so many attempts that others spoiled, an operation has the collections that it writes for itself. */
const PATIENT_ATTEMPTS = 2

/** A collection to be locked until the end of the transaction: `alone`, or together with others that write entries. */
export interface CollectionLock {
  readonly key: number
  readonly alone: boolean
}

const LOCK_COLLECTIONS = `SELECT CASE WHEN alone THEN pg_advisory_xact_lock(${COLLECTION_LOCK}, key) ELSE pg_advisory_xact_lock_shared(${COLLECTION_LOCK}, key) END
  FROM unnest(:keys::integer[], :alone::boolean[]) AS wish (key, alone)`

/** Locks collections, each in the order of the keys, so that nobody waits in a circle. */
export async function lockCollections(tx: Tx, wishes: readonly CollectionLock[]): Promise<void> {
  if (wishes.length === 0) return
  const sorted = wishes.toSorted((a, b) => a.key - b.key)
  await tx.db.all(LOCK_COLLECTIONS, { keys: sorted.map(({ key }) => key), alone: sorted.map(({ alone }) => alone) })
}

/**
 * How entries of a collection are written. Of plain ones by many at once: each locks the rows it replaces, and finds out where another was quicker. What is
 * written into an addressable one must fit into its tree, and so does one writer at a time; and so does who was interfered with again and again.
 */
export function toWrite(tx: Tx, key: number): CollectionLock {
  return { key, alone: key < 0 || tx.attempt >= PATIENT_ATTEMPTS }
}

const NAMED = 'SELECT collection, writes FROM job_collection WHERE job = :job'

/** Locks the collections that a job (its key) names: its locks and grants hold still. `reading`: nothing is written. */
export async function lockJobCollections(tx: Tx, job: number, reading = false): Promise<void> {
  const named = await tx.db.all(NAMED, { job })
  await lockCollections(
    tx,
    named.map(row => {
      const key = row['collection'] as number
      return row['writes'] === 1 && !reading ? toWrite(tx, key) : { key, alone: false }
    }),
  )
}

/** Rows that hold still until the end of the transaction, because their collections are locked: asked for once. `what` tells them from others. */
export function keptRows(tx: Tx, what: string, job: number, sql: string, params: Params): Promise<Row[]> {
  const name = `${what} ${job}`
  const rows = tx.kept.get(name) ?? tx.db.all(sql, params)
  tx.kept.set(name, rows)
  return rows
}

const COLLECTION = 'SELECT * FROM collection WHERE id = :id AND deleted_at IS NULL'

/** The row of a live collection. Throws `collection_not_found`. */
export async function collectionRow(tx: Tx, id: string): Promise<Row> {
  const row = await tx.db.get(COLLECTION, { id })
  if (row === undefined) throw noCollection(id)
  return row
}

/** The row of a live collection that is locked until the end of the transaction. Throws `collection_not_found`. */
export async function lockedCollection(tx: Tx, id: string, lock: (key: number) => CollectionLock): Promise<Row> {
  const { key } = await collectionRow(tx, id)
  await lockCollections(tx, [lock(key as number)])
  const row = await collectionRow(tx, id) // it may have been deleted while we waited, and even another made under its id
  return row['key'] === key ? row : lockedCollection(tx, id, lock)
}

/** For a change of what writers of entries rely on. */
export function alone(key: number): CollectionLock {
  return { key, alone: true }
}

const JOB = 'SELECT * FROM job WHERE id = :id AND sealed <> 2'

/** The row of a job that is still kept, locked until the end of the transaction. Throws `job_not_found`, `job_expired`. Marks the job as changed. */
export async function lockedJob(tx: Tx, id: string): Promise<Row> {
  return keptJob(tx, id, isUuid(id) ? await tx.db.get(`${JOB} FOR NO KEY UPDATE`, { id }) : undefined)
}

/** The same without the lock: for who holds a chunk of it, or has the lock already. */
export async function jobRow(tx: Tx, id: string): Promise<Row> {
  return keptJob(tx, id, isUuid(id) ? await tx.db.get(JOB, { id }) : undefined)
}

function keptJob(tx: Tx, id: string, row: Row | undefined): Row {
  if (row === undefined) throw noJob(id)
  const gone: WaybillError | null = jobExpired(row, id, tx.now)
  if (gone !== null) throw gone
  tx.jobs.add(id)
  return row
}

/** Sends a wake-up for a job, by its row, when the transaction commits: it has something to do from then on. */
export function wake(tx: Tx, row: Row): void {
  const job = row['id'] as string
  tx.wakes.set(job, { job, tenant: row['submitted_by'] as string, priority: row['priority'] as number })
}

/** Stores an event of a job (its key) with what it tells of. */
export function addEvent(tx: Tx, job: number, type: EventType, data: Readonly<Record<string, unknown>>): void {
  tx.events.push({ job, type, data: JSON.stringify(data) })
}

const NAME_COLLECTIONS = `INSERT INTO job_collection (job, collection, writes)
  SELECT :job, * FROM unnest(:collections::integer[], :writes::smallint[]) AS named (collection, writes) ORDER BY collection
  ON CONFLICT (job, collection) DO UPDATE SET writes = excluded.writes WHERE job_collection.writes < excluded.writes`

/** None of them is purged until the end of the transaction. */
const STAY = 'SELECT key FROM collection WHERE key = ANY(:collections::integer[]) ORDER BY key FOR KEY SHARE'

/** Records that a job (its key) names collections, and whether it writes there. Throws `collection_not_found` when one was deleted, and purged, since it was looked up. */
export async function nameCollections(tx: Tx, job: number, named: ReadonlyMap<number, boolean>): Promise<void> {
  if (named.size === 0) return
  const collections = [...named.keys()]
  if ((await tx.db.all(STAY, { collections })).length < named.size) throw collectionsGone()
  await tx.db.run(NAME_COLLECTIONS, { job, collections, writes: [...named.values()].map(Number) })
}
