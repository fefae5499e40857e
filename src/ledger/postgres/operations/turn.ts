import type { Turn } from '../../../ports/ledger.ts'
import { mustVerify } from '../../shared/job-row.ts'
import type { Row } from '../../shared/row.ts'
import { applyFree } from './apply.ts'
import { beginResolving, crosses, isSettled, nextChunk, releaseLease, startRunning, take, turnOf } from './lease.ts'
import { successors } from './order.ts'
import { namesPlaces } from './places/attached.ts'
import { nextLook } from './places/look.ts'
import { resolvePage } from './resolve.ts'
import { jobRow, lockJobCollections, type Tx } from './tx.ts'

/** Small work shares a commit, which costs more than it does: in a turn as much is done as fits into this time, in milliseconds. */
const SHARE_MS = 10

/** What a turn did, and the ordered jobs that it worked on: those that waited for their ends are to be looked for once it is committed. */
interface Worked {
  readonly turn: Turn
  readonly ordered: readonly string[]
}

/**
 * A whole turn in one transaction: what is next is found, locked and done at once, and a crash undoes all of it or nothing. Only a chunk whose bytes must be
 * read first goes out under a lease, and a place that must be looked through is only named. Ordered jobs that waited for the end of this one follow at once, while there is time.
 */
export async function takeTurn(tx: Tx, id: string, worker: string, leaseMs: number): Promise<Worked> {
  const until = performance.now() + SHARE_MS
  const first = await oneTurn(tx, id, worker, leaseMs, until)
  const { turn } = first
  if (turn.do !== 'worked' || !first.ordered) return { turn, ordered: [] }
  const ordered = [id]
  const waiting = await successors(tx.db, id)
  const followers: string[] = []
  while (performance.now() < until) {
    const next = waiting.shift()
    if (next === undefined) break
    const followed = await oneTurn(tx, next, worker, leaseMs, until)
    if (followed.turn.do === 'worked') {
      ordered.push(next)
      waiting.push(...(await successors(tx.db, next)))
    }
    if (followed.turn.do === 'read') await releaseLease(tx, followed.turn.lease) // in a turn of its own it is leased again
    if (followed.turn.do === 'read' || followed.turn.do === 'look' || (followed.turn.do === 'worked' && followed.turn.more)) followers.push(next)
  }
  return { turn: { ...turn, followers: [...followers, ...waiting] }, ordered }
}

async function oneTurn(tx: Tx, id: string, worker: string, leaseMs: number, until: number): Promise<{ readonly turn: Turn; readonly ordered: boolean }> {
  const due = await turnOf(tx, id)
  if (due === undefined) return { turn: { do: 'nothing' }, ordered: false }
  const ordered = due.job['ordered'] !== 0
  const worked = (more: boolean): { turn: Turn; ordered: boolean } => ({ turn: { do: 'worked', more, followers: [] }, ordered })
  if (due.resolve) {
    const selection = await nextLook(tx, due.job)
    if (selection !== undefined) {
      await beginResolving(tx, id, due.job)
      return { turn: { do: 'look', selection }, ordered }
    }
    await resolveSome(tx, id, due.job, until)
    return worked(true)
  }
  // collections first, then the job, then its chunk: everybody's order
  await lockJobCollections(tx, due.job['key'] as number)
  const job = due.job['state'] === 2 && !mustVerify(due.job) ? due.job : await startRunning(tx, id)
  const chunk = job['state'] === 3 ? undefined : await nextChunk(tx, job['key'] as number)
  if (chunk === undefined) {
    if (!isSettled(job) || job['state'] === 3) return { turn: { do: 'nothing' }, ordered }
    await resolvePage(tx, id)
    return worked(true)
  }
  // asked only now that the chunk is held: whatever its items touch is named by now
  if (mustVerify(job) || (await crosses(tx, job)) || (await namesPlaces(tx, job['key'] as number)))
    return { turn: { do: 'read', lease: await take(tx, id, job, chunk, worker, leaseMs) }, ordered }
  return worked(await applyFree(tx, id, job, chunk))
}

async function resolveSome(tx: Tx, id: string, due: Row, until: number): Promise<void> {
  await beginResolving(tx, id, due)
  let job: Row
  do {
    await resolvePage(tx, id)
    job = await jobRow(tx, id)
  } while ((job['unresolved'] !== 0 || job['retrying'] !== 0) && performance.now() < until && (await nextLook(tx, job)) === undefined)
}
