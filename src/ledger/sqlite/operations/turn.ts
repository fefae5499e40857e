import type { Turn } from '../../../ports/ledger.ts'
import type { Row } from '../database.ts'
import { applyChunk } from './apply.ts'
import { nextWork } from './lease.ts'
import { resolvePage } from './resolve.ts'
import { jobRow, type Tx } from './tx.ts'

/**
 * A whole turn in one transaction: what is next is found, leased and done at once, and a crash undoes all of it or nothing. Only a chunk whose bytes must be
 * read first goes out under its lease.
 */
export function takeTurn(tx: Tx, id: string, worker: string, leaseMs: number): Turn {
  const work = nextWork(tx, id, worker, leaseMs)
  if (work.do === 'nothing') return { do: 'nothing' }
  if (work.do === 'resolve') {
    resolveSome(tx, id)
    return { do: 'worked', more: true }
  }
  if (work.lease.verify) return { do: 'verify', lease: work.lease }
  return { do: 'worked', more: applyChunk(tx, work.lease, []) }
}

/** Pages are small work, and a commit costs more than one of them: a turn resolves as many as fit into this time, in milliseconds. */
const RESOLVE_MS = 10

function resolveSome(tx: Tx, id: string): void {
  const until = performance.now() + RESOLVE_MS
  let job: Row
  do {
    resolvePage(tx, id)
    job = jobRow(tx, id)
  } while ((job['unresolved'] !== 0 || job['retrying'] !== 0) && performance.now() < until)
}
