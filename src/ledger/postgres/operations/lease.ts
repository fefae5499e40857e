import { isUuid } from '../../../model/text.ts'
import type { BlobProgress, ChunkBlob, Lease, NextWork } from '../../../ports/ledger.ts'
import { hexText } from '../../shared/codec.ts'
import { handsOnBytes, kindOf, mustVerify, placeWork } from '../../shared/job-row.ts'
import { leaseIsOver } from '../../shared/lease-end.ts'
import { staleLease } from '../../shared/refusals.ts'
import type { Row } from '../../shared/row.ts'
import { waitsItsTurn } from './order.ts'
import { namesPlaces } from './places/attached.ts'
import { addEvent, jobRow, keptRows, lockedJob, wake, type Tx } from './tx.ts'

/** What others hold at this moment is passed over. */
const NEXT_WAITING = 'SELECT * FROM chunk WHERE job = :job AND state = 0 ORDER BY no LIMIT 1 FOR UPDATE SKIP LOCKED'
/** Work is at least once: a chunk whose worker went silent is taken over. Its token then outdates the silent one's (I7). */
const NEXT_ABANDONED = `SELECT * FROM chunk WHERE job = :job AND state = 1 AND ${leaseIsOver()} ORDER BY no LIMIT 1 FOR UPDATE SKIP LOCKED`

/** The next free chunk of a job (its key), locked. */
export async function nextChunk(tx: Tx, job: number): Promise<Row | undefined> {
  return (await tx.db.get(NEXT_WAITING, { job })) ?? (await tx.db.get(NEXT_ABANDONED, { job, now: tx.now }))
}

const JOB = 'SELECT * FROM job WHERE id = :id AND purged = 0'
const BEGIN_RESOLVING = 'UPDATE job SET state = 1, change = change + 1 WHERE key = :key AND state = 0'

/** The row of a job that has a turn, and what that is for: not for resolving means for a chunk. Undefined: there is nothing to do. */
export async function turnOf(tx: Tx, id: string): Promise<{ readonly job: Row; readonly resolve: boolean } | undefined> {
  const job = isUuid(id) ? await tx.db.get(JOB, { id }) : undefined
  if (job === undefined || job['sealed'] !== 1 || job['paused'] === 1 || job['state'] === 3) return undefined
  if (await waitsItsTurn(tx, job)) return undefined
  return { job, resolve: job['retrying'] !== 0 || job['unresolved'] !== 0 }
}

/** A job whose items are still to be found is resolving from now on. */
export async function beginResolving(tx: Tx, id: string, job: Row): Promise<void> {
  if (job['retrying'] !== 0 || job['state'] !== 0) return
  if ((await tx.db.run(BEGIN_RESOLVING, { key: job['key'] })) > 0) tx.jobs.add(id)
}

/** True when a job without a free chunk has its end before it: folders that were emptied, or, when there never was an item, the end itself. */
export function isSettled(job: Row): boolean {
  return (job['pending'] as number) + (job['running'] as number) === 0
}

/** Leases the next free chunk of a job, or says what else its turn is for. `leaseMs` is how long the lease holds. */
export async function nextWork(tx: Tx, id: string, worker: string, leaseMs: number): Promise<NextWork> {
  const turn = await turnOf(tx, id)
  if (turn === undefined) return { do: 'nothing' }
  if (turn.resolve) {
    await beginResolving(tx, id, turn.job)
    return { do: 'resolve' }
  }
  const job = await startRunning(tx, id)
  if (job['state'] === 3) return { do: 'nothing' }
  const chunk = await nextChunk(tx, job['key'] as number)
  if (chunk !== undefined) return { do: 'run', lease: await take(tx, id, job, chunk, worker, leaseMs) }
  return { do: isSettled(job) ? 'resolve' : 'nothing' }
}

const RUN = 'UPDATE job SET state = 2, started_at = coalesce(started_at, :now), change = change + 1 WHERE key = :key'

/** Locks a job's row; from now on its items are known and its chunks are worked on. The row as it was. */
export async function startRunning(tx: Tx, id: string): Promise<Row> {
  const job = await lockedJob(tx, id)
  if ((job['state'] as number) >= 2) return job
  await tx.db.run(RUN, { key: job['key'], now: tx.now })
  addEvent(tx, job['key'] as number, 'job.resolved', { total: job['total'] })
  return job
}

const LEASE = `UPDATE chunk SET state = 1, token = :token, worker = :worker, leased_at = :now, expires_at = :until, progress = NULL WHERE job = :job AND no = :no`

/** Leases a chunk that is locked. */
export async function take(tx: Tx, id: string, job: Row, chunk: Row, worker: string, leaseMs: number): Promise<Lease> {
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
    crosses: await crosses(tx, job),
    places: placeWork(job, await namesPlaces(tx, job['key'] as number)),
    serial: chunk['serial'] === 1,
  }
  await tx.db.run(LEASE, { job: job['key'], no: lease.chunk, token: lease.token, worker, now: tx.now, until: lease.expiresAt })
  if (chunk['state'] === 0) await countRunning(tx, job['key'] as number, chunk['waiting'] as number)
  else tx.work.takeOver(id, chunk)
  tx.jobs.add(id)
  return lease
}

const STORES = 'SELECT DISTINCT c.store FROM job_collection j JOIN collection c ON c.key = j.collection WHERE j.job = :job AND c.attached = 0'

/** True when the job hands bytes on and names managed collections of more than one store: its items may take bytes from one to another. */
export async function crosses(tx: Tx, job: Row): Promise<boolean> {
  return handsOnBytes(job) && (await keptRows(tx, 'stores', job['key'] as number, STORES, { job: job['key'] })).length > 1
}

const COUNT_RUNNING = 'UPDATE job SET pending = pending - :n, running = running + :n, change = change + 1 WHERE key = :job'

/** Moves n items between pending and running in the job's counters: an item runs while its chunk is leased. */
async function countRunning(tx: Tx, job: number, n: number): Promise<void> {
  await tx.db.run(COUNT_RUNNING, { job, n })
}

const CHUNK = 'SELECT * FROM chunk WHERE job = :job AND no = :no FOR UPDATE'

/** The leased chunk's row, locked. Throws `stale_lease` unless the token is the chunk's present one (I7). */
export async function heldChunk(tx: Tx, job: Row, lease: Lease): Promise<Row> {
  const chunk = await tx.db.get(CHUNK, { job: job['key'], no: lease.chunk })
  if (chunk === undefined || chunk['state'] !== 1 || chunk['token'] !== lease.token) throw staleLease(lease)
  return chunk
}

const RENEW = 'UPDATE chunk SET expires_at = :until WHERE job = :job AND no = :no'

/** By the items' numbers: a reader finds it without asking what their sources are. */
const KEEP_PROGRESS = `UPDATE chunk SET progress = (
    SELECT json_object_agg(i.seq, p.bytes) FROM item i JOIN entry s ON s.collection = i.src_collection AND s.path = i.src_path
    JOIN unnest(:digests::bytea[], :bytes::bigint[]) AS p (digest, bytes) ON p.digest = s.digest
    WHERE i.job = :job AND i.seq BETWEEN :first AND :last AND i.state = 0)::text
  WHERE job = :job AND no = :no`

/** Holds a lease for another `leaseMs` from now, and keeps how far its blobs have come. Throws `stale_lease` (I7). */
export async function renewLease(tx: Tx, lease: Lease, leaseMs: number, progress: readonly BlobProgress[] = []): Promise<void> {
  const job = await jobRow(tx, lease.job)
  await heldChunk(tx, job, lease)
  if (progress.length > 0) {
    await tx.db.run(KEEP_PROGRESS, {
      ...{ job: job['key'], no: lease.chunk, first: lease.firstSeq, last: lease.lastSeq },
      digests: progress.map(({ sha256 }) => Buffer.from(sha256, 'hex')),
      bytes: progress.map(({ bytes }) => bytes),
    })
  }
  await tx.db.run(RENEW, { job: job['key'], no: lease.chunk, until: tx.now + leaseMs })
}

/** Gives a chunk back undone. Throws `stale_lease` (I7). */
export async function releaseLease(tx: Tx, lease: Lease): Promise<void> {
  const job = await jobRow(tx, lease.job)
  await release(tx, job['key'] as number, await heldChunk(tx, job, lease))
}

/** The token stays: the next lease's must be higher than any that was given out. */
const RELEASE = 'UPDATE chunk SET state = 0, worker = NULL, leased_at = NULL, expires_at = NULL, progress = NULL WHERE job = :job AND no = :no'

async function release(tx: Tx, job: number, chunk: Row): Promise<void> {
  await tx.db.run(RELEASE, { job, no: chunk['no'] })
  await countRunning(tx, job, -(chunk['waiting'] as number))
}

const EXPIRED = `SELECT c.*, j.id, j.submitted_by, j.priority FROM job j JOIN chunk c ON c.job = j.key AND c.state = 1 WHERE j.state < 3 AND ${leaseIsOver('c')}
  ORDER BY c.job, c.no LIMIT :limit FOR UPDATE OF c SKIP LOCKED`

/** Frees leases whose workers went silent, at most so many; others may be alive, and theirs stay. Returns how many. */
export async function releaseExpired(tx: Tx, limit: number): Promise<number> {
  const expired = await tx.db.all(EXPIRED, { now: tx.now, limit })
  for (const chunk of expired) {
    tx.jobs.add(chunk['id'] as string)
    wake(tx, chunk)
    tx.work.takeOver(chunk['id'] as string, chunk)
    await release(tx, chunk['job'] as number, chunk)
  }
  return expired.length
}

const BLOBS = `SELECT DISTINCT c.store, s.digest, s.size, nullif(d.store, c.store) AS to_store FROM item i JOIN entry s ON s.collection = i.src_collection AND s.path = i.src_path
  JOIN collection c ON c.key = s.collection LEFT JOIN collection d ON d.key = i.dst_collection
  WHERE i.job = :job AND i.seq BETWEEN :first AND :last AND i.state = 0 AND s.digest IS NOT NULL AND c.attached = 0 AND d.attached IS DISTINCT FROM 1`

/** The distinct blobs that the chunk's waiting items would copy now, and where to; what lies in a place, or goes to one, is another matter (places/). */
export async function chunkBlobs(tx: Tx, lease: Lease): Promise<ChunkBlob[]> {
  const job = await jobRow(tx, lease.job)
  await heldChunk(tx, job, lease)
  const rows = await tx.db.all(BLOBS, { job: job['key'], first: lease.firstSeq, last: lease.lastSeq })
  return rows.map(row => ({
    store: row['store'] as string,
    sha256: hexText(row['digest']),
    size: row['size'] as number,
    to: row['to_store'] as string | null,
  }))
}
