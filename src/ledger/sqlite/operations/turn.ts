import type { Turn } from '../../../ports/ledger.ts'
import { applyChunk } from './apply.ts'
import { nextWork, releaseLease } from './lease.ts'
import { successors } from './order.ts'
import { nextLook } from './places/look.ts'
import { resolvePage } from './resolve.ts'
import type { Tx } from './tx.ts'

/**
 * A whole turn in one transaction: what is next is found, leased and done at once, and a crash undoes all of it or nothing. Only a chunk whose bytes must be
 * read first goes out under its lease, and a place that must be looked through is only named. While it may go on, more of the job is done, and ordered jobs that waited
 * for the end of this one follow at once.
 */
export function takeTurn(tx: Tx, id: string, worker: string, leaseMs: number): Turn {
  const turn = workOn(tx, id, worker, leaseMs)
  if (turn.do !== 'worked') return turn
  const waiting = successors(tx, id)
  const followers: string[] = []
  while (tx.goesOn()) {
    const next = waiting.shift()
    if (next === undefined) break
    const followed = workOn(tx, next, worker, leaseMs)
    if (followed.do === 'worked') waiting.push(...successors(tx, next))
    if (followed.do === 'read') releaseLease(tx, followed.lease) // in a turn of its own it is leased again
    if (followed.do === 'read' || followed.do === 'look' || (followed.do === 'worked' && followed.more)) followers.push(next)
  }
  return { ...turn, followers: [...followers, ...waiting] }
}

/** Pages and chunks of one job, at least one, as long as there are more and it may go on. */
function workOn(tx: Tx, id: string, worker: string, leaseMs: number): Turn {
  let turn = workOnce(tx, id, worker, leaseMs)
  while (turn.do === 'worked' && turn.more && tx.goesOn()) {
    const next = workOnce(tx, id, worker, leaseMs)
    turn = next.do === 'nothing' ? { ...turn, more: false } : next
  }
  return turn
}

function workOnce(tx: Tx, id: string, worker: string, leaseMs: number): Turn {
  const work = nextWork(tx, id, worker, leaseMs)
  if (work.do === 'nothing') return { do: 'nothing' }
  if (work.do === 'resolve') {
    const selection = nextLook(tx, id)
    if (selection !== undefined) return { do: 'look', selection }
    resolvePage(tx, id)
    return { do: 'worked', more: true, followers: [] }
  }
  if (work.lease.verify || work.lease.crosses || work.lease.places !== 'none') return { do: 'read', lease: work.lease }
  return { do: 'worked', more: applyChunk(tx, work.lease, []), followers: [] }
}
