import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Database } from '../../../src/ledger/sqlite/database.ts'
import { SqliteLedger } from '../../../src/ledger/sqlite/sqlite-ledger.ts'
import { systemClock } from '../../../src/system/clock.ts'
import { item, LEASE_MS, newJob } from '../../contracts/ledger/world.ts'

/** Chunks of one item each, of which a turn does some in each millisecond: far more than the first few. */
const CHUNKS = 400
/** After so long without an answer nobody is in a hurry any more. */
const QUIET_MS = 120
/** What else the machine does may lengthen or shorten a turn, but hardly all of these but one. */
const TRIES = 12
const UNDISTURBED = 2

it('the connection that writes has every commit on the disk before it is answered', () => {
  const db = Database.openWriter(':memory:')
  expect(db.get('PRAGMA synchronous')).toEqual({ synchronous: 2 })
  db.close()
})

describe('a turn of a big job', () => {
  let directory: string
  let ledger: SqliteLedger

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'waybill-writer-'))
    ledger = await SqliteLedger.open(join(directory, 'ledger.db'), systemClock)
    await ledger.createCollection({ id: 'c', name: 'c', store: 'local', attributes: {}, createdBy: 'alice' })
  })
  afterAll(async () => {
    await ledger.close()
    await rm(directory, { recursive: true })
  })

  const asks = (): Promise<unknown> => ledger.setGrant('c', 'bob', 'readonly')

  async function bigJob(): Promise<string> {
    const { id } = (await ledger.createJob(newJob({ kind: 'delete', sealed: false }))).job
    await Promise.all(Array.from({ length: CHUNKS }, (_, n) => ledger.appendItems(id, [item(['c', `f${n}`])])))
    await ledger.seal(id, 'body')
    return id
  }

  /** How many chunks the first turn of a job did, `meanwhile` something. */
  async function firstTurn(job: string, meanwhile: () => Promise<unknown> = () => Promise.resolve()): Promise<number> {
    const [{ do: done }] = await Promise.all([ledger.takeTurn(job, 'w', LEASE_MS), meanwhile()])
    expect(done).toBe('worked')
    return CHUNKS - ((await ledger.job(job))?.counts.pending as number)
  }

  it('goes on while nobody waits, and stands back as soon as somebody asks, and for those who have asked just now', async () => {
    const seen = { interrupted: 0, behind: 0 }
    for (let n = 0; n < TRIES && Math.min(seen.interrupted, seen.behind) < UNDISTURBED; n++) {
      const [first, second, third] = await Promise.all([bigJob(), bigJob(), bigJob()])
      await setTimeout(QUIET_MS)
      const alone = await firstTurn(first)
      await setTimeout(QUIET_MS)
      if ((await firstTurn(second, () => setTimeout(1).then(asks))) * 3 < alone) seen.interrupted += 1
      await asks()
      if ((await firstTurn(third)) * 3 < alone) seen.behind += 1
    }
    expect(seen.interrupted).toBeGreaterThanOrEqual(UNDISTURBED)
    expect(seen.behind).toBeGreaterThanOrEqual(UNDISTURBED)
  })
})
