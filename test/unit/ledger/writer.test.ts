import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Database } from '../../../src/ledger/sqlite/database.ts'
import { SqliteLedger } from '../../../src/ledger/sqlite/sqlite-ledger.ts'
import { systemClock } from '../../../src/system/clock.ts'
import { item, LEASE_MS, newJob } from '../../contracts/ledger/world.ts'

/** Chunks of one item each, of which a turn does some in each millisecond. */
const CHUNKS = 3_000
/** After so long without an answer nobody is in a hurry any more. */
const QUIET_MS = 120
/** What else the machine does may lengthen or shorten a turn, but hardly all of these but one. */
const TRIES = 6
const UNDISTURBED = 2

it('the connection that writes has every commit on the disk before it is answered', () => {
  const db = Database.openWriter(':memory:')
  expect(db.get('PRAGMA synchronous')).toEqual({ synchronous: 2 })
  db.close()
})

describe('a turn of a big job', () => {
  let directory: string
  let ledger: SqliteLedger
  let job: string

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'waybill-writer-'))
    ledger = await SqliteLedger.open(join(directory, 'ledger.db'), systemClock)
    await ledger.createCollection({ id: 'c', name: 'c', store: 'local', attributes: {}, createdBy: 'alice' })
    job = (await ledger.createJob(newJob({ kind: 'delete', sealed: false }))).job.id
    await Promise.all(Array.from({ length: CHUNKS }, (_, n) => ledger.appendItems(job, [item(['c', `f${n}`])])))
    await ledger.seal(job, 'body')
  })
  afterAll(async () => {
    await ledger.close()
    await rm(directory, { recursive: true })
  })

  const asks = (): Promise<unknown> => ledger.setGrant('c', 'bob', 'readonly')

  /** How many chunks one turn did, `meanwhile` something. */
  async function turn(meanwhile: () => Promise<unknown> = () => Promise.resolve()): Promise<number> {
    const before = (await ledger.job(job))?.counts.pending as number
    const [{ do: done }] = await Promise.all([ledger.takeTurn(job, 'w', LEASE_MS), meanwhile()])
    const after = (await ledger.job(job))?.counts.pending as number
    expect(done).toBe('worked')
    expect(after, 'there must be more to do, or a turn ends anyway').toBeGreaterThan(0)
    return before - after
  }

  it('goes on while nobody waits, and stands back as soon as somebody asks, and for those who have asked just now', async () => {
    let interrupted = 0
    let behind = 0
    for (let n = 0; n < TRIES; n++) {
      await setTimeout(QUIET_MS)
      const alone = await turn()
      await setTimeout(QUIET_MS)
      if ((await turn(() => setTimeout(1).then(asks))) * 3 < alone) interrupted += 1
      await asks()
      if ((await turn()) * 3 < alone) behind += 1
    }
    expect({ interrupted: interrupted >= UNDISTURBED, behind: behind >= UNDISTURBED }).toEqual({ interrupted: true, behind: true })
  })
})
