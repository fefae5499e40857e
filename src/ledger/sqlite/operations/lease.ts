import type { BlobProgress, ChunkBlob, Lease, NextWork } from '../../../ports/ledger.ts'
import { hexText, uuidBytes, uuidText } from '../../shared/codec.ts'
import { leaseIsOver } from '../../shared/lease-end.ts'
import { staleLease } from '../../shared/refusals.ts'
import type { Row } from '../database.ts'
import { handsOnBytes, kindOf, mustVerify, placeWork } from '../../shared/job-row.ts'
import { itemsBetween } from '../item-range.ts'
import { addEvent } from './events.ts'
import { waitsItsTurn } from './order.ts'
import { namesPlaces } from './places/attached.ts'
import { jobRow, type Tx } from './tx.ts'

const NEXT_WAITING = 'SELECT * FROM chunk WHERE job = :job AND state = 0 ORDER BY no LIMIT 1'
/** Work is at least once: a chunk whose worker went silent is taken over. Its token then outdates the silent one's (I7). */
const NEXT_ABANDONED = `SELECT * FROM chunk WHERE job = :job AND state = 1 AND ${leaseIsOver()} ORDER BY no LIMIT 1`

/** Leases the next free chunk of a job, or says what else its turn is for. `leaseMs` is how long the lease holds. */
export function nextWork(tx: Tx, id: string, worker: string, leaseMs: number): NextWork {
  const job = tx.db.get('SELECT * FROM job WHERE id = :id AND purged = 0', { id: uuidBytes(id) })
  if (job === undefined || job['sealed'] !== 1 || job['paused'] === 1 || job['state'] === 3) return { do: 'nothing' }
  if (waitsItsTurn(tx, job)) return { do: 'nothing' }
  const key = job['key'] as number
  if (job['retrying'] !== 0) return { do: 'resolve' }
  if (job['unresolved'] !== 0) {
    if (job['state'] === 0) {
      tx.jobs.add(id)
      tx.db.run('UPDATE job SET state = 1, change = change + 1 WHERE key = :key', { key })
    }
    return { do: 'resolve' }
  }
  if (job['state'] !== 2) startRunning(tx, id, job)
  const chunk = tx.db.get(NEXT_WAITING, { job: key }) ?? tx.db.get(NEXT_ABANDONED, { job: key, now: tx.now })
  if (chunk !== undefined) return { do: 'run', lease: take(tx, id, job, chunk, worker, leaseMs) }
  const settled = (job['pending'] as number) + (job['running'] as number) === 0
  // folders that were emptied, or, when there never was an item, the end itself
  return { do: settled ? 'resolve' : 'nothing' }
}

/** From now on the job's items are known and their chunks are worked on. */
export function startRunning(tx: Tx, id: string, job: Row): void {
  tx.jobs.add(id)
  tx.db.run('UPDATE job SET state = 2, started_at = coalesce(started_at, :now), change = change + 1 WHERE key = :key', {
    key: job['key'] as number,
    now: tx.now,
  })
  addEvent(tx, job['key'] as number, 'job.resolved', { total: job['total'] })
}

function take(tx: Tx, id: string, job: Row, chunk: Row, worker: string, leaseMs: number): Lease {
  const lease: Lease = {
    job: id,
    chunk: chunk['no'] as number,
    firstSeq: chunk['first_seq'] as number,
    lastSeq: chunk['last_seq'] as number,
    token: (chunk['token'] as number) + 1,
    worker,
    expiresAt: tx.now + leaseMs,
    kind: kindOf(job),
    verify: mustVerify(job),
    crosses: crosses(tx, job),
    places: placeWork(job, namesPlaces(tx, job['key'] as number)),
    serial: chunk['serial'] === 1,
  }
  tx.db.run(
    'UPDATE chunk SET state = 1, token = :token, worker = :worker, leased_at = :now, expires_at = :until, progress = NULL WHERE job = :job AND no = :no',
    {
      job: job['key'] as number,
      no: lease.chunk,
      token: lease.token,
      worker,
      now: tx.now,
      until: lease.expiresAt,
    },
  )
  if (chunk['state'] === 0) countRunning(tx, job['key'] as number, chunk['waiting'] as number)
  else tx.work.takeOver(id, chunk)
  tx.jobs.add(id)
  return lease
}

const STORES =
  'SELECT min(c.store) <> max(c.store) AS several FROM job_collection j CROSS JOIN collection c ON c.key = j.collection WHERE j.job = :job AND c.attached = 0'

/** True when the job hands bytes on and names managed collections of more than one store: its items may take bytes from one to another. */
export function crosses(tx: Tx, job: Row): boolean {
  return handsOnBytes(job) && tx.db.get(STORES, { job: job['key'] as number })?.['several'] === 1
}

/** Moves n items between pending and running in the job's counters: an item runs while its chunk is leased. */
function countRunning(tx: Tx, job: number, n: number): void {
  tx.db.run('UPDATE job SET pending = pending - :n, running = running + :n, change = change + 1 WHERE key = :job', { job, n })
}

/** The leased chunk's row and its job's. Throws `stale_lease` unless the token is the chunk's present one (I7). */
export function held(tx: Tx, lease: Lease): { job: Row; chunk: Row } {
  const job = jobRow(tx, lease.job)
  const chunk = tx.db.get('SELECT * FROM chunk WHERE job = :job AND no = :no', { job: job['key'] as number, no: lease.chunk })
  if (chunk === undefined || chunk['state'] !== 1 || chunk['token'] !== lease.token) {
    throw staleLease(lease)
  }
  return { job, chunk }
}

/** Holds a lease for another `leaseMs` from now, and keeps how far its blobs have come. Throws `stale_lease` (I7). */
export function renewLease(tx: Tx, lease: Lease, leaseMs: number, progress: readonly BlobProgress[] = []): void {
  const { job } = held(tx, lease)
  const key = job['key'] as number
  if (progress.length > 0) keepProgress(tx, key, lease, progress)
  tx.db.run('UPDATE chunk SET expires_at = :until WHERE job = :job AND no = :no', { job: key, no: lease.chunk, until: tx.now + leaseMs })
}

/** By the items' numbers: a reader finds it without asking what their sources are. */
function keepProgress(tx: Tx, job: number, lease: Lease, progress: readonly BlobProgress[]): void {
  tx.db.run(
    `UPDATE chunk SET progress = (
       SELECT json_group_object(CAST(i.seq AS TEXT), p.value ->> 'bytes')
       FROM item i CROSS JOIN entry s ON s.collection = i.src_collection AND s.path = i.src_path
       CROSS JOIN json_each(:progress) p ON unhex(p.value ->> 'sha256') = s.digest
       WHERE ${itemsBetween('i', ':first', ':last')} AND i.state = 0)
     WHERE job = :job AND no = :no`,
    { job, no: lease.chunk, first: lease.firstSeq, last: lease.lastSeq, progress: JSON.stringify(progress) },
  )
}

/** Gives a chunk back undone. Throws `stale_lease` (I7). */
export function releaseLease(tx: Tx, lease: Lease): void {
  const { job, chunk } = held(tx, lease)
  release(tx, job['key'] as number, chunk)
}

function release(tx: Tx, job: number, chunk: Row): void {
  // the token stays: the next lease's must be higher than any that was given out
  tx.db.run('UPDATE chunk SET state = 0, worker = NULL, leased_at = NULL, expires_at = NULL, progress = NULL WHERE job = :job AND no = :no', {
    job,
    no: chunk['no'] as number,
  })
  countRunning(tx, job, -(chunk['waiting'] as number))
}

/** For a process that is alone: whoever held these leases is gone. */
export function releaseAll(tx: Tx): void {
  const leased = tx.db.all('SELECT c.*, j.id FROM job j CROSS JOIN chunk c ON c.job = j.key WHERE j.state < 3 AND c.state = 1')
  for (const chunk of leased) {
    tx.work.takeOver(uuidText(chunk['id']), chunk)
    release(tx, chunk['job'] as number, chunk)
  }
}

/** The distinct blobs that the chunk's waiting items would copy now, and where to; what lies in a place, or goes to one, is another matter (places/). */
export function chunkBlobs(tx: Tx, lease: Lease): ChunkBlob[] {
  const { job } = held(tx, lease)
  return tx.db
    .all(
      `SELECT DISTINCT c.store, s.digest, s.size, nullif(d.store, c.store) AS to_store
       FROM item i CROSS JOIN entry s ON s.collection = i.src_collection AND s.path = i.src_path
       CROSS JOIN collection c ON c.key = s.collection LEFT JOIN collection d ON d.key = i.dst_collection
       WHERE ${itemsBetween('i', ':first', ':last')} AND i.state = 0 AND s.digest IS NOT NULL AND c.attached = 0 AND d.attached IS NOT 1`,
      { job: job['key'] as number, first: lease.firstSeq, last: lease.lastSeq },
    )
    .map(row => ({ store: row['store'] as string, sha256: hexText(row['digest']), size: row['size'] as number, to: row['to_store'] as string | null }))
}
