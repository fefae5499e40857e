import { afterEach, describe, expect, it } from 'vitest'
import type { SystemState } from '../../../src/engine/api.ts'
import { ANSWER_MS } from '../../../src/engine/system.ts'
import { WaybillError } from '../../../src/model/errors.ts'
import type { BlobStore } from '../../../src/ports/blob-store.ts'
import type { Ledger } from '../../../src/ports/ledger.ts'
import { openHouse, type House } from './house.ts'

let house: House
afterEach(() => house.close())

/** The store with another answer to who asks for its health. */
function answering(store: BlobStore, health: () => Promise<void>): BlobStore {
  return new Proxy(store, {
    get: (target, name) =>
      name === 'health' ? health : ((Reflect.get(target, name, target) as BlobStore['health']).bind?.(target) ?? Reflect.get(target, name)),
  })
}

describe('what the server is made of', () => {
  it('tells of a store that is silent after a few seconds, asks it no second time meanwhile, and keeps nobody waiting for it again', async () => {
    let asked = 0
    let answer = (): void => undefined
    const health = (): Promise<void> => {
      asked += 1
      return new Promise(resolve => (answer = resolve))
    }
    house = await openHouse({ started: false, wrap: store => answering(store, health) })
    const silent = { name: 'local', healthy: false, error: 'it has not answered within 3 s' }
    const stores = async (): Promise<SystemState['stores']> => (await house.engine.system.state()).stores
    expect(await house.clock.passUntil(stores())).toEqual([silent])
    house.clock.advance(ANSWER_MS)
    expect(await house.clock.passUntil(stores(), 0), 'without any more time').toEqual([silent])
    expect(asked).toBe(1)
    answer()
    await expect.poll(() => house.clock.passUntil(stores(), 0)).toEqual([{ name: 'local', healthy: true, error: null }])
  })

  it('tells why a store does not work, and goes on telling of the others', async () => {
    const fail = (): Promise<void> => Promise.reject(new WaybillError('unavailable', 'the disk is gone'))
    house = await openHouse({ started: false, more: ['other'], wrap: store => (store.name === 'local' ? answering(store, fail) : store) })
    expect((await house.engine.system.state()).stores).toEqual([
      { name: 'local', healthy: false, error: 'the disk is gone' },
      { name: 'other', healthy: true, error: null },
    ])
  })

  it('asks ledger and stores once, however many ask, until some time has passed', async () => {
    const asked = { figures: 0, stores: 0 }
    const health = (): Promise<void> => {
      asked.stores += 1
      return Promise.resolve()
    }
    const wrapLedger = (ledger: Ledger): Ledger =>
      new Proxy(ledger, {
        get: (target, name) => {
          if (name === 'queueFigures') asked.figures += 1
          const member = Reflect.get(target, name, target) as unknown
          return typeof member === 'function' ? (member.bind(target) as unknown) : member
        },
      })
    house = await openHouse({ started: false, wrap: store => answering(store, health), wrapLedger })
    await Promise.all(Array.from({ length: 50 }, () => house.engine.system.state()))
    expect(asked).toEqual({ figures: 1, stores: 1 })
    house.clock.advance(1_000)
    await house.engine.system.state()
    expect(asked).toEqual({ figures: 2, stores: 1 })
    house.clock.advance(9_000)
    await house.engine.system.state()
    expect(asked).toEqual({ figures: 3, stores: 2 })
  })
})
