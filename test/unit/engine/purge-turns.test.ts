import { afterEach, expect, it } from 'vitest'
import type { Ledger } from '../../../src/ports/ledger.ts'
import { newJob } from '../../contracts/ledger/world.ts'
import { ALICE, command, openHouse, type House } from './house.ts'

let house: House
afterEach(() => house.close())

it('the purge of a big job lets what is submitted meanwhile go between its batches', async () => {
  const purged: number[] = []
  const submissions: Promise<void>[] = []
  let batchesBefore = Infinity
  const submit = async (collection: string): Promise<void> => {
    await house.engine.jobs.submit(ALICE, command({ kind: 'delete', items: [{ source: { collection, path: 'a' } }] }))
    batchesBefore = purged.length
  }
  let c = ''
  const wrapLedger = (ledger: Ledger): Ledger =>
    new Proxy(ledger, {
      get: (target, name) => {
        if (name === 'purge') {
          return async (batch: number) => {
            const gone = target.purge(batch)
            if (c !== '' && submissions.length === 0) submissions.push(submit(c))
            purged.push(await gone)
            return purged.at(-1)
          }
        }
        const member = Reflect.get(target, name, target) as unknown
        return typeof member === 'function' ? (member.bind(target) as unknown) : member
      },
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
