import { Readable } from 'node:stream'
import { expect, it } from 'vitest'
import type { BlobStore } from '../../src/ports/blob-store.ts'
import { ALICE, openHouse, put, run, text, type House } from '../unit/engine/house.ts'
import { Random } from '../support/random.ts'
import { sha256 } from '../support/sha256.ts'
import { faultyStore } from './faulty-store.ts'
import { Injector } from './injector.ts'

const HOUR_MS = 3600 * 1000
const SEEDS = [1, 2, 3]
/** At least so many; more until a listing has lied: on a slow machine some of the sweeps of a day are still at work when the next is due. */
const DAYS = 8
const MOST_DAYS = 100
/** Bytes that come, go, and come again. */
const TEXTS = Array.from({ length: 8 }, (_, n) => `text ${n}`)

it.each(SEEDS)('a sweep over listings that are stale, have holes, or break off never takes bytes that something refers to (seed %i)', async seed => {
  const random = new Random(seed)
  const faults = new Injector(random, ['listing', 'stale', 'lost', 'io'], 0.2)
  let real: BlobStore | undefined
  const house = await openHouse({ wrap: store => faultyStore((real = store), faults) })
  try {
    const { id: c } = await house.engine.collections.create(ALICE, {})
    await put(house, c, 'kept', 'kept')
    await put(house, c, 'kept', 'superseded') // the version before is kept, too
    await run(house, { items: [{ source: { collection: c, path: 'kept' }, destination: { collection: c, path: 'copied' } }] })
    faults.begin()
    const named = new Map<string, string>()
    for (let day = 0; day < DAYS || (day < MOST_DAYS && !faults.happened.has('listing')); day++) {
      for (const bytes of TEXTS) await arrive(house, c, bytes, random, named)
      await pass(house, 24)
      for (const bytes of ['kept', 'superseded', ...named.values()])
        expect(await (real as BlobStore).stat(sha256(bytes)), `${bytes} on day ${day}, which is referred to`).not.toBeNull()
    }
    faults.end()
    for (const [path, bytes] of named) expect(await text(house, c, path)).toBe(bytes)
    // without faults what nothing refers to goes
    const wanted = new Set(['kept', 'superseded', ...named.values()].map(sha256))
    while ((await digestsIn(real as BlobStore)).size > wanted.size) await pass(house, 24)
    expect(await digestsIn(real as BlobStore)).toEqual(wanted)
    expect([...faults.happened.keys()]).toContain('listing')
  } finally {
    faults.end()
    await house.close()
  }
})

/** Bytes come without anything that names them, or with, or not at all. */
async function arrive(house: House, collection: string, bytes: string, random: Random, named: Map<string, string>): Promise<void> {
  const how = random.pick(['orphan', 'orphan', 'named', 'nothing'])
  if (how === 'orphan') await house.store.put(Readable.from([Buffer.from(bytes)], { objectMode: false }))
  if (how !== 'named') return
  const path = `named/${bytes}`
  for (let isThere = false; !isThere;) {
    isThere = await put(house, collection, path, bytes).then(
      () => true,
      () => false,
    )
  }
  named.set(path, bytes)
}

async function digestsIn(store: BlobStore): Promise<Set<string>> {
  const digests = new Set<string>()
  for await (const { sha256: digest } of store.list()) digests.add(digest)
  return digests
}

async function pass(house: House, hours: number): Promise<void> {
  for (let hour = 0; hour < hours; hour++) {
    house.clock.advance(HOUR_MS)
    await new Promise(resolve => setTimeout(resolve, 2))
  }
}
