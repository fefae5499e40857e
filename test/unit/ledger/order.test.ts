import { mkdtemp, rm } from 'node:fs/promises'
import { DatabaseSync } from 'node:sqlite'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { initial } from '../../../src/ledger/sqlite/migrations/0001-initial.ts'
import { addressableCollections } from '../../../src/ledger/sqlite/migrations/0002-addressable-collections.ts'
import { uploads } from '../../../src/ledger/sqlite/migrations/0003-uploads.ts'
import { unwritten } from '../../../src/ledger/sqlite/migrations/0004-unwritten.ts'
import { entitySelections } from '../../../src/ledger/sqlite/migrations/0005-entity-selections.ts'
import { changes } from '../../../src/ledger/sqlite/migrations/0006-changes.ts'
import { SqliteLedger } from '../../../src/ledger/sqlite/sqlite-ledger.ts'
import type { Ledger } from '../../../src/ports/ledger.ts'
import { systemClock } from '../../../src/system/clock.ts'
import { newJob } from '../../contracts/ledger/world.ts'

let directory: string
let file: string

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'waybill-order-'))
  file = join(directory, 'ledger.db')
})
afterEach(() => rm(directory, { recursive: true }))

const id = (n: number): string => `018f0000-0000-7000-8000-00000000000${n}`

/** The ledger as the sixth schema had it: jobs on one collection, of which `ordered` are ordered, and one of these is still arriving. */
function sixthSchema(ordered: readonly number[], arriving: number): void {
  const db = new DatabaseSync(file)
  for (const migration of [initial, addressableCollections, uploads, unwritten, entitySelections, changes]) db.exec(migration)
  db.exec(
    `PRAGMA user_version = 6; INSERT INTO collection VALUES (1, 'c', 'c', 'local', '{}', 0, 'alice', 0, NULL); INSERT INTO access_grant VALUES (1, 'alice', 3, 0)`,
  )
  for (const n of [1, 2, 3, 4]) {
    db.exec(`
      INSERT INTO job (key, id, number, kind, state, sealed, conflict, verify, dry_run, priority, dialect, retention_ms, ordered, submitted_by, total, pending, chunks, created_at)
        VALUES (${n}, unhex('${id(n).replaceAll('-', '')}'), ${n}, 3, 0, ${n === arriving ? 0 : 1}, 0, 0, 0, 5, 'v1', 1000000, ${ordered.includes(n) ? 1 : 0}, 'alice', 1, 1, 1, 0);
      INSERT INTO job_collection VALUES (${n}, 1, 1);
      INSERT INTO chunk (job, no, first_seq, last_seq, waiting, serial) VALUES (${n}, 0, 0, 0, 1, 0);
      INSERT INTO item (id, src_collection, src_path, change) VALUES ((${n} << 32), 1, 'x', '{"add":{"by":["${n}"]}}');`)
  }
  db.close()
}

async function turns(ledger: Ledger, job: string): Promise<void> {
  for (;;) {
    const turn = await ledger.takeTurn(job, 'w', 1000)
    if (turn.do !== 'worked') return
    for (const follower of turn.followers) await turns(ledger, follower)
    if (!turn.more) return
  }
}

describe('ordered jobs of the sixth schema', () => {
  it('keep their order; what was still arriving gets its place when it is sealed, after what was there', async () => {
    sixthSchema([2, 3, 4], 2)
    const ledger = await SqliteLedger.open(file, systemClock)
    expect((await Promise.all([1, 3, 4].map(n => ledger.job(id(n))))).map(job => job?.ordered)).toEqual([false, true, true])
    const { job } = await ledger.createJob(
      newJob({ kind: 'update', ordered: true, items: [{ source: { collection: 'c', path: 'x' }, change: { add: { by: ['new'] } } }] }),
    )
    await ledger.seal(id(2), null)
    for (const waiting of [job.id, id(2), id(4)]) expect(await ledger.takeTurn(waiting, 'w', 1000)).toEqual({ do: 'nothing' })
    await turns(ledger, id(3))
    expect((await ledger.entry('c', 'x'))?.fields).toEqual({ by: ['3', '4', 'new', '2'] })
    await turns(ledger, id(1))
    expect((await ledger.entry('c', 'x'))?.fields).toEqual({ by: ['3', '4', 'new', '2', '1'] })
    await ledger.close()
  })
})

describe('a long line of ordered jobs', () => {
  it('is looked at from its end: by an index, with one bound', async () => {
    const ledger = await SqliteLedger.open(file, systemClock)
    await ledger.close()
    const db = new DatabaseSync(file)
    const plan = (bound: string): string[] => {
      const sql = `SELECT j.key FROM job j WHERE j.ordered <> 0 AND j.sealed = 1 AND j.state < 3 AND j.ordered ${bound} :place ORDER BY j.ordered LIMIT 1`
      return db
        .prepare(`EXPLAIN QUERY PLAN ${sql}`)
        .all()
        .map(step => String(step['detail']))
    }
    expect(plan('>')).toEqual(['SEARCH j USING INDEX job_ordered (ordered>?)'])
    expect(plan('<')).toEqual(['SEARCH j USING INDEX job_ordered (ordered<?)'])
    db.close()
  })
})
