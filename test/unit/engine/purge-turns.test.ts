import { afterEach, expect, it } from 'vitest'
import type { Ledger } from '../../../src/ports/ledger.ts'
import { newJob } from '../../contracts/ledger/world.ts'
import { sha256 } from '../../support/sha256.ts'
import { ALICE, command, openHouse, put, type House } from './house.ts'

let house: House
afterEach(() => house.close())

/** A ledger whose batches of expired jobs are purged by this. */
function purgedBy(purge: (ledger: Ledger, batch: number) => Promise<number>): (ledger: Ledger) => Ledger {
  return ledger =>
    new Proxy(ledger, {
      get: (target, name) => {
        if (name === 'purge') return (batch: number) => purge(target, batch)
        const member = Reflect.get(target, name, target) as unknown
        return typeof member === 'function' ? (member.bind(target) as unknown) : member
      },
    })
}

it('the purge of a big job lets what is submitted meanwhile go between its batches', async () => {
  const purged: number[] = []
  const submissions: Promise<void>[] = []
  let batchesBefore = Infinity
  const submit = async (collection: string): Promise<void> => {
    await house.engine.jobs.submit(ALICE, command({ kind: 'delete', items: [{ source: { collection, path: 'a' } }] }))
    batchesBefore = purged.length
  }
  let c = ''
  const wrapLedger = purgedBy(async (ledger, batch) => {
    const gone = ledger.purge(batch)
    if (c !== '' && submissions.length === 0) submissions.push(submit(c))
    const n = await gone
    purged.push(n)
    return n
  })
  house = await openHouse({ wrapLedger })
  const id = (await house.engine.collections.create(ALICE, {})).id
  const items = Array.from({ length: 20_000 }, (_, n) => ({ source: { collection: id, path: `missing/${n}` } }))
  const job = newJob({ kind: 'delete', retentionMs: 1, items })
  await house.ledger.createJob(job)
  for (let turn = await house.ledger.takeTurn(job.id, 'w', 30_000); turn.do === 'worked' && turn.more;) turn = await house.ledger.takeTurn(job.id, 'w', 30_000)
  c = id
  const count = (): number => purged.reduce((sum, n) => sum + n, 0)
  while (count() < items.length) {
    house.clock.advance(5_000)
    await new Promise(resolve => setTimeout(resolve, 2))
  }
  await Promise.all(submissions)
  expect(Math.max(...purged), 'rows that go in one transaction').toBeLessThan(3_000)
  expect(batchesBefore, 'of ten batches, those that had gone when the submission was acknowledged').toBeLessThan(10)
}, 60_000)

it('collections and tokens are purged also while there is no end of jobs that expire', async () => {
  const wrapLedger = purgedBy(async (ledger, batch) => (await ledger.purge(batch)) + 1)
  house = await openHouse({ wrapLedger })
  const id = (await house.engine.collections.create(ALICE, {})).id
  await put(house, id, 'a', 'gone')
  await house.engine.entries.remove(ALICE, id, 'a')
  await house.engine.collections.remove(ALICE, id)
  await house.ledger.createToken({ id: 'ended', subject: 'alice', scopes: ['read'], expiresAt: house.clock.now() + 1, hash: sha256('secret') })
  house.clock.advance(400 * 24 * 3600 * 1000)
  const pause = (): Promise<void> => new Promise(resolve => setTimeout(resolve, 2))
  while ((await house.ledger.tokenById('ended')) !== null) await pause()
  while ((await house.ledger.referenced('local', [sha256('gone')])).size > 0) await pause()
})
