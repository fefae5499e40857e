import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { Readable } from 'node:stream'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { refusal } from '../../contracts/ledger/world.ts'
import { brokenIn } from '../../../src/ledger/sqlite/soundness.ts'
import { RESTORED_GRACE_MS } from '../../../src/engine/upkeep.ts'
import { ALICE, command, openHouse, put, run, text, type House } from './house.ts'
import { sha256 } from '../../support/sha256.ts'

const HOUR_MS = 3600 * 1000

let house: House
let c = ''
beforeEach(async () => {
  house = await openHouse()
  c = (await house.engine.collections.create(ALICE, {})).id
})
afterEach(async () => {
  expect(house.errors).toEqual([])
  await house.close()
})

/** Lets virtual time pass in hours, with real time for the work that wakes. */
async function pass(hours: number): Promise<void> {
  for (let hour = 0; hour < hours; hour++) {
    house.clock.advance(HOUR_MS)
    await new Promise(resolve => setTimeout(resolve, 2))
  }
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) {
    await new Promise(resolve => setTimeout(resolve, 2))
    house.clock.advance(HOUR_MS)
  }
}

describe('retention', () => {
  it('purges a job when its time is over; what it made stays', async () => {
    await put(house, c, 'a')
    const { id } = await run(house, { retentionMs: 2 * HOUR_MS, items: [{ source: { collection: c, path: 'a' }, destination: { collection: c, path: 'b' } }] })
    expect(await house.ledger.eventsAfter(0, 10, id)).not.toEqual([])
    await pass(2)
    await refusal(house.engine.jobs.get(ALICE, id), 'job_expired')
    await until(async () => (await house.ledger.eventsAfter(0, 10, id)).length === 0)
    expect(await text(house, c, 'b')).toBe('a')
  })
})

describe('a deleted collection', () => {
  it('is purged when its time is over, and the sweep takes its bytes, but none that another collection has', async () => {
    const other = (await house.engine.collections.create(ALICE, {})).id
    await put(house, c, 'x', 'superseded')
    await put(house, c, 'x', 'its own')
    await put(house, c, 'y', 'shared')
    await run(house, { items: [{ source: { collection: c, path: 'y' }, destination: { collection: other, path: 'y' } }] })
    for (const path of ['x', 'y']) await house.engine.entries.remove(ALICE, c, path)
    await house.engine.collections.remove(ALICE, c)
    await pass(29 * 24)
    expect(await house.ledger.referenced('local', ['superseded', 'its own'].map(sha256))).toEqual(new Set(['superseded', 'its own'].map(sha256)))
    for (const text of ['superseded', 'its own']) await until(async () => (await house.store.stat(sha256(text))) === null)
    expect(await text(house, other, 'y')).toBe('shared')
  })

  it('is whole for `doctor` at every step of its purge', async () => {
    for (const path of ['a', 'b', 'c', 'd']) {
      for (const version of ['1', '2', '3']) await put(house, c, path, version)
      await house.engine.entries.remove(ALICE, c, path)
    }
    await house.engine.collections.remove(ALICE, c)
    const steps: number[] = []
    do {
      steps.push(await house.ledger.purgeCollections(house.clock.now(), 3))
      expect(brokenIn(join(house.directory, 'ledger.db'), house.clock.now())).toEqual([])
    } while (steps.at(-1) !== 0)
    expect(steps, '4 tombstones, 12 versions, and itself').toEqual([3, 3, 3, 3, 3, 2, 0])
  })
})

describe('the sweep of orphans', () => {
  it('takes nothing for a week after the ledger was restored: the ledger of before may still be wanted', async () => {
    const since = house.clock.now()
    const digest = await orphan('of before')
    const db = new DatabaseSync(join(house.directory, 'ledger.db'))
    db.prepare(`INSERT INTO counter (name, value) VALUES ('restored_at', ?)`).run(house.clock.now())
    db.close()
    await pass(6 * 24)
    expect(await house.store.stat(digest)).not.toBeNull()
    await until(async () => (await house.store.stat(digest)) === null)
    expect(house.clock.now()).toBeGreaterThanOrEqual(since + RESTORED_GRACE_MS)
  })

  /** Bytes that were stored for a version that was then refused. */
  async function orphan(bytes: string): Promise<string> {
    const body = Readable.from(
      (async function* () {
        yield Buffer.from(bytes)
        // somebody else is quicker while the bytes arrive
        await put(house, c, 'contested', `winner of ${bytes}`)
      })(),
      { objectMode: false },
    )
    await refusal(house.engine.entries.put(ALICE, c, 'contested', body, { conditions: { ifNoneMatch: '*' } }), 'precondition_failed')
    return sha256(bytes)
  }

  it('takes what nothing refers to, a day after it came; never what some version refers to', async () => {
    const kept = ['present', 'superseded', 'deleted', 'copied'].map(sha256)
    await put(house, c, 'x', 'superseded')
    await put(house, c, 'x', 'present')
    await put(house, c, 'y', 'deleted')
    await house.engine.entries.remove(ALICE, c, 'y')
    await put(house, c, 'z', 'copied')
    await run(house, { kind: 'move', items: [{ source: { collection: c, path: 'z' }, destination: { collection: c, path: 'zz' } }] })
    const lost = await orphan('lost bytes')
    expect(await house.store.stat(lost)).not.toBeNull()
    await pass(20)
    expect(await house.store.stat(lost), 'not before its time').not.toBeNull()
    await pass(30)
    await until(async () => (await house.store.stat(lost)) === null)
    for (const digest of kept) expect(await house.store.stat(digest)).not.toBeNull()
    expect(await text(house, c, 'zz')).toBe('copied')
  })

  it('leaves alone for a day what came before somebody set the clock forth', async () => {
    await house.store.put(Readable.from([Buffer.from('arriving')], { objectMode: false }))
    house.clock.jump(3 * 24 * HOUR_MS)
    await pass(20)
    expect(await house.store.stat(sha256('arriving'))).not.toBeNull()
    await until(async () => (await house.store.stat(sha256('arriving'))) === null)
  })

  it('comes soon after a start: a server that is restarted every night sweeps, too', async () => {
    await house.close()
    house = await openHouse({ started: false })
    c = (await house.engine.collections.create(ALICE, {})).id
    const lost = await orphan('lost bytes')
    house.clock.advance(30 * HOUR_MS)
    await house.engine.start()
    await pass(2)
    while ((await house.store.stat(lost)) !== null) await new Promise(resolve => setTimeout(resolve, 2))
  })

  it('spares bytes that came again meanwhile', async () => {
    const lost = await orphan('again')
    await pass(23)
    await put(house, c, 'again', 'again')
    await pass(50)
    expect(await text(house, c, 'again')).toBe('again')
    expect(await house.store.stat(lost)).not.toBeNull()
  })
})

describe('what a put leaves behind', () => {
  const refused: readonly (readonly [string, () => Readable, Parameters<House['engine']['entries']['put']>[4], string])[] = [
    ['a wrong digest', () => Readable.from([Buffer.from('x')]), { sha256: sha256('y') }, 'digest_mismatch'],
    ['too few bytes', () => Readable.from([Buffer.from('x')]), { size: 2 }, 'incomplete_body'],
    ['too many bytes', () => Readable.from([Buffer.alloc(600_000), Buffer.alloc(600_000)]), {}, 'body_too_large'],
  ]
  for (const [what, body, request, code] of refused) {
    it(`with ${what} is nothing`, async () => {
      await refusal(house.engine.entries.put(ALICE, c, 'a', body(), request), code as never)
      await refusal(house.engine.entries.stat(ALICE, c, 'a'), 'entry_not_found')
      expect(await readdir(join(house.directory, 'store', 'tmp'))).toEqual([])
      for await (const blob of house.store.list()) expect.fail(`found ${blob.sha256}`)
    })
  }

  it('whose stream breaks off is nothing either', async () => {
    const broken = Readable.from(
      (async function* () {
        yield Buffer.from('half')
        await Promise.resolve()
        throw new Error('connection reset')
      })(),
      { objectMode: false },
    )
    await expect(house.engine.entries.put(ALICE, c, 'a', broken, {})).rejects.toThrow()
    await refusal(house.engine.entries.stat(ALICE, c, 'a'), 'entry_not_found')
    expect(await readdir(join(house.directory, 'store', 'tmp'))).toEqual([])
  })
})

describe('lost wake-ups', () => {
  it('lose nothing: an unfinished job is found by itself', async () => {
    await put(house, c, 'a')
    const { job } = await house.ledger.createJob({
      id: crypto.randomUUID(),
      number: 77,
      submittedBy: 'alice',
      ...command({ items: [{ source: { collection: c, path: 'a' }, destination: { collection: c, path: 'b' } }] }),
      sealed: true,
      idempotency: null,
    })
    const finished = house.engine.jobs.wait(ALICE, job.id, HOUR_MS)
    expect(await house.clock.passUntil(finished, 1000)).toMatchObject({ outcome: 'succeeded' })
  })
})

describe('stopping', () => {
  it('lets running turns end, takes no new ones and leaves no lease behind', async () => {
    await put(house, c, 'a')
    const intake = await house.engine.jobs.openManifest(ALICE, command({}).options)
    if (!('intake' in intake)) throw new Error('expected a manifest')
    for (let n = 0; n < 40; n++) await intake.intake.append([{ source: { collection: c, path: 'a' }, destination: { collection: c, path: `x/${n}` } }])
    const { job } = await intake.intake.seal('body')
    await house.engine.stop()
    const left = await house.ledger.job(job.id)
    expect(left?.counts.running, 'no lease is left behind').toBe(0)
    const { counts } = left ?? {}
    expect((counts?.done ?? 0) + (counts?.pending ?? 0)).toBe(40)
    await house.engine.stop()
  })

  it('a started engine works what it finds, and says that it is ready', async () => {
    await house.engine.ready()
    await house.close()
    house = await openHouse({ started: false })
    c = (await house.engine.collections.create(ALICE, {})).id
    await put(house, c, 'a')
    const { job } = await house.engine.jobs.submit(
      ALICE,
      command({ items: [{ source: { collection: c, path: 'a' }, destination: { collection: c, path: 'b' } }] }),
    )
    expect((await house.engine.jobs.get(ALICE, job.id)).state).toBe('submitted')
    await house.engine.start()
    expect(await house.engine.jobs.wait(ALICE, job.id, 1000)).toMatchObject({ outcome: 'succeeded' })
  })
})
