import type { Turn } from '../../../ports/ledger.ts'
import type { Row } from '../database.ts'
import { applyChunk } from './apply.ts'
import { nextWork, releaseLease } from './lease.ts'
import { successors } from './order.ts'
import { nextLook } from './places/look.ts'
import { resolvePage } from './resolve.ts'
import { jobRow, type Tx } from './tx.ts'

/**
 * A whole turn in one transaction: what is next is found, leased and done at once, and a crash undoes all of it or nothing. Only a chunk whose bytes must be
 * read first goes out under its lease, and a place that must be looked through is only named. While there is time, more of the job is done, and ordered jobs that waited
 * for the end of this one follow at once.
 */
export function takeTurn(tx: Tx, id: string, worker: string, leaseMs: number): Turn {
  const until = performance.now() + tx.turnMs
  let turn = oneTurn(tx, id, worker, leaseMs, until)
  while (turn.do === 'worked' && turn.more && performance.now() < until) {
    const next = oneTurn(tx, id, worker, leaseMs, until)
    turn = next.do === 'nothing' ? { ...turn, more: false } : next
  }
  if (turn.do !== 'worked') return turn
  const waiting = successors(tx, id)
  const followers: string[] = []
  while (performance.now() < until) {
    const next = waiting.shift()
    if (next === undefined) break
    const followed = oneTurn(tx, next, worker, leaseMs, until)
    if (followed.do === 'worked') waiting.push(...successors(tx, next))
    if (followed.do === 'read') releaseLease(tx, followed.lease) // in a turn of its own it is leased again
    if (followed.do === 'read' || followed.do === 'look' || (followed.do === 'worked' && followed.more)) followers.push(next)
  }
  return { ...turn, followers: [...followers, ...waiting] }
}

function oneTurn(tx: Tx, id: string, worker: string, leaseMs: number, until: number): Turn {
  const work = nextWork(tx, id, worker, leaseMs)
  if (work.do === 'nothing') return { do: 'nothing' }
  if (work.do === 'resolve') {
    const selection = nextLook(tx, id)
    if (selection !== undefined) return { do: 'look', selection }
    resolveSome(tx, id, until)
    return { do: 'worked', more: true, followers: [] }
  }
  if (work.lease.verify || work.lease.crosses || work.lease.places !== 'none') return { do: 'read', lease: work.lease }
  return { do: 'worked', more: applyChunk(tx, work.lease, []), followers: [] }
}

function resolveSome(tx: Tx, id: string, until: number): void {
  let job: Row
  do {
    resolvePage(tx, id)
    job = jobRow(tx, id)
  } while ((job['unresolved'] !== 0 || job['retrying'] !== 0) && performance.now() < until && nextLook(tx, id) === undefined)
}
