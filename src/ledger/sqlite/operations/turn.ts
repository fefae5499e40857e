import type { Turn } from '../../../ports/ledger.ts'
import { applyChunk } from './apply.ts'
import { nextWork } from './lease.ts'
import { resolvePage } from './resolve.ts'
import type { Tx } from './tx.ts'

/**
 * A whole turn in one transaction: what is next is found, leased and done at once, and a crash undoes all of it or nothing. Only a chunk whose bytes must be
 * read first goes out under its lease.
 */
export function takeTurn(tx: Tx, id: string, worker: string, leaseMs: number): Turn {
  const work = nextWork(tx, id, worker, leaseMs)
  if (work.do === 'nothing') return { do: 'nothing' }
  if (work.do === 'resolve') {
    resolvePage(tx, id)
    return { do: 'worked', more: true }
  }
  if (work.lease.verify) return { do: 'verify', lease: work.lease }
  return { do: 'worked', more: applyChunk(tx, work.lease, []) }
}
