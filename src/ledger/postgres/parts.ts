import { randomUUID } from 'node:crypto'
import type { Pool } from 'pg'
import type { Clock } from '../../ports/clock.ts'
import { Notices } from './connection/notices.ts'
import { createReaders, createSlowReaders, createWriters } from './connection/pools.ts'
import { Readers } from './connection/readers.ts'
import { Transactions } from './connection/transactions.ts'
import { Snapshots } from './reads/snapshot.ts'

/** What a ledger and those that record in somebody's name (`by`) share. */
export interface Parts {
  /** The name of this process among the others. */
  readonly node: string
  readonly clock: Clock
  readonly pools: readonly Pool[]
  readonly notices: Notices
  readonly transactions: Transactions
  readonly db: Readers
  readonly walks: Readers
  readonly snapshots: Snapshots
}

/** Opens the connections of a ledger. */
export function partsOf(url: string, clock: Clock): Parts {
  const node = randomUUID()
  const [writers, readers, slow] = [createWriters(url), createReaders(url), createSlowReaders(url)]
  const notices = new Notices(url, node)
  const transactions = new Transactions(writers, clock, node, committed => notices.committed(committed))
  const pools = [writers, readers, slow]
  return { node, clock, pools, notices, transactions, db: new Readers(readers), walks: new Readers(slow), snapshots: new Snapshots(slow, clock) }
}
