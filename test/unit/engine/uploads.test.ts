import { Readable } from 'node:stream'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createEngine } from '../../../src/engine/engine.ts'
import type { UploadWish } from '../../../src/engine/uploads-api.ts'
import { SqliteLedger } from '../../../src/ledger/sqlite/sqlite-ledger.ts'
import type { BlobStore } from '../../../src/ports/blob-store.ts'
import { LocalQueue } from '../../../src/queue/local/local-queue.ts'
import { systemIds } from '../../../src/system/ids.ts'
import { refusal } from '../../contracts/ledger/world.ts'
import { ALICE, MAX_ITEMS, WEBHOOKS, caller, openHouse, put, text, type House } from './house.ts'
import { sha256 } from '../../support/sha256.ts'

const HOUR_MS = 3600 * 1000
const DAY_MS = 24 * HOUR_MS
const BOB = caller('bob')

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

function body(bytes: string): Readable {
  return Readable.from([Buffer.from(bytes)], { objectMode: false })
}

async function start(wish: Partial<UploadWish> = {}, who = ALICE): Promise<string> {
  return (await house.engine.uploads.start(who, { collection: c, path: 'big', size: 8, partSize: 3, ...wish })).id
}

async function send(id: string, ...parts: readonly (readonly [number, string])[]): Promise<void> {
  for (const [number, bytes] of parts) await house.engine.uploads.putPart(ALICE, id, number, body(bytes))
}

describe('an upload in parts', () => {
  it('takes them in any order, and again, and becomes one file', async () => {
    const id = await start({ mediaType: 'text/plain', fields: { a: 1 } })
    await send(id, [3, 'gh'], [1, 'xxx'], [2, 'def'])
    await send(id, [1, 'abc'])
    expect((await house.engine.uploads.get(ALICE, id)).parts).toEqual([
      { number: 1, size: 3, sha256: sha256('abc') },
      { number: 2, size: 3, sha256: sha256('def') },
      { number: 3, size: 2, sha256: sha256('gh') },
    ])
    await refusal(house.engine.entries.stat(ALICE, c, 'big'), 'entry_not_found')
    const entry = await house.engine.uploads.complete(ALICE, id)
    expect(entry).toMatchObject({ path: 'big', size: 8, digest: sha256('abcdefgh'), version: 1, mediaType: 'text/plain', fields: { a: 1 } })
    expect(await text(house, c, 'big')).toBe('abcdefgh')
    expect(await house.engine.uploads.complete(ALICE, id), 'the answer may have been lost').toEqual(entry)
    await refusal(house.engine.uploads.get(ALICE, id), 'upload_not_found')
    await refusal(house.engine.uploads.putPart(ALICE, id, 1, body('abc')), 'upload_not_found')
  })

  it('is completed once, however many ask at once', async () => {
    const id = await start()
    await send(id, [1, 'abc'], [2, 'def'], [3, 'gh'])
    const made = await Promise.all([1, 2, 3, 4].map(() => house.engine.uploads.complete(ALICE, id)))
    expect(new Set(made.map(({ revision }) => revision)).size).toBe(1)
    expect((await house.engine.entries.versions(ALICE, c, 'big', { limit: 9 })).items).toHaveLength(1)
  })

  it('may be empty, of one part, or end with the last byte in the part before', async () => {
    const empty = await start({ path: 'empty', size: 0 })
    await house.engine.uploads.complete(ALICE, empty)
    expect(await text(house, c, 'empty')).toBe('')
    const sentEmpty = await start({ path: 'empty2', size: 0 })
    await send(sentEmpty, [1, ''])
    await house.engine.uploads.complete(ALICE, sentEmpty)
    expect(await text(house, c, 'empty2')).toBe('')
    const one = await start({ path: 'one', size: 3, partSize: 100 })
    await send(one, [1, 'abc'])
    await house.engine.uploads.complete(ALICE, one)
    expect(await text(house, c, 'one')).toBe('abc')
    const joined = await start({ path: 'joined', size: 7 })
    await send(joined, [1, 'abc'], [2, 'defg'], [3, ''])
    await house.engine.uploads.complete(ALICE, joined)
    expect(await text(house, c, 'joined')).toBe('abcdefg')
  })

  it('refuses sizes, numbers and parts that do not fit', async () => {
    const { uploads } = house.engine
    const wish = { collection: c, path: 'big', size: 8, partSize: 3 }
    await refusal(uploads.start(ALICE, { ...wish, partSize: 0 }), 'invalid_request')
    await refusal(uploads.start(ALICE, { ...wish, size: -1 }), 'invalid_request')
    await refusal(uploads.start(ALICE, { ...wish, size: 1_000_001, partSize: 1000 }), 'body_too_large')
    await refusal(uploads.start(ALICE, { ...wish, path: 'a//b' }), 'invalid_path')
    await refusal(uploads.start(ALICE, { ...wish, mediaType: 'nonsense' }), 'invalid_request')
    const id = await start()
    for (const [number, bytes] of [
      [1, 'ab'],
      [1, 'abcd'],
      [3, 'ghi'],
      [3, 'g'],
      [0, 'abc'],
      [4, ''],
    ] as const) {
      await refusal(uploads.putPart(ALICE, id, number, body(bytes)), 'invalid_request')
    }
    const broken = new Readable({ read: () => undefined })
    broken.push('ab')
    setImmediate(() => broken.destroy(new Error('gone')))
    await refusal(uploads.putPart(ALICE, id, 1, broken), 'incomplete_body')
    expect((await uploads.get(ALICE, id)).parts).toEqual([])
    await send(id, [2, 'def'])
    expect((await refusal(uploads.complete(ALICE, id), 'invalid_request')).message).toContain('missing: 1, 3')
  })

  it('is its own subject’s alone, while they have readwrite', async () => {
    const { uploads, collections } = house.engine
    await refusal(uploads.start(BOB, { collection: c, path: 'big', size: 8, partSize: 3 }), 'collection_not_found')
    await collections.setGrant(ALICE, c, 'bob', 'readonly')
    await refusal(uploads.start(BOB, { collection: c, path: 'big', size: 8, partSize: 3 }), 'insufficient_role')
    await collections.setGrant(ALICE, c, 'bob', 'readwrite')
    const id = await start({}, BOB)
    const calls = [
      () => uploads.get(BOB, id),
      () => uploads.part(BOB, id, 1),
      () => uploads.putPart(BOB, id, 1, body('abc')),
      () => uploads.complete(BOB, id),
      () => uploads.abort(BOB, id),
    ]
    await refusal(uploads.get(ALICE, id), 'upload_not_found')
    await refusal(uploads.complete(ALICE, id), 'upload_not_found')
    await collections.setGrant(ALICE, c, 'bob', 'readonly')
    for (const call of calls) await refusal(call(), 'insufficient_role')
    await collections.removeGrant(ALICE, c, 'bob')
    for (const call of calls) await refusal(call(), 'collection_not_found')
    await refusal(uploads.get(BOB, 'no-such-upload'), 'upload_not_found')
  })

  it('holds to its conditions and to locks, at the start and at the end', async () => {
    const conditions = { ifNoneMatch: '*' } as const
    const id = await start({ conditions })
    await send(id, [1, 'abc'], [2, 'def'], [3, 'gh'])
    await put(house, c, 'big', 'quicker')
    await refusal(house.engine.uploads.complete(ALICE, id), 'precondition_failed')
    await refusal(start({ conditions }), 'precondition_failed')
    await house.engine.entries.remove(ALICE, c, 'big')
    await house.engine.collections.setGrant(ALICE, c, 'bob', 'readwrite')
    await house.engine.locks.acquire(BOB, c, 'big', { ttlSeconds: 60 })
    await refusal(house.engine.uploads.complete(ALICE, id), 'locked')
    await refusal(start(), 'locked')
    await house.engine.locks.release(BOB, c, 'big')
    expect(await house.engine.uploads.complete(ALICE, id)).toMatchObject({ version: 3, size: 8 })
  })

  it('ends when it is aborted', async () => {
    const id = await start()
    await send(id, [1, 'abc'])
    await house.engine.uploads.abort(ALICE, id)
    await refusal(house.engine.uploads.abort(ALICE, id), 'upload_not_found')
    await refusal(house.engine.uploads.complete(ALICE, id), 'upload_not_found')
  })

  it('keeps its parts from the sweep of orphans while it lives; then it ends, and they go', async () => {
    const id = await start()
    await send(id, [1, 'abc'], [2, 'def'])
    const pass = async (hours: number): Promise<void> => {
      for (let hour = 0; hour < hours; hour++) {
        house.clock.advance(HOUR_MS)
        await new Promise(resolve => setTimeout(resolve, 2))
      }
    }
    await pass(3 * 24)
    expect((await house.engine.uploads.get(ALICE, id)).parts).toHaveLength(2)
    expect(await house.store.stat(sha256('abc'))).not.toBeNull()
    house.clock.advance(4 * DAY_MS)
    await refusal(house.engine.uploads.complete(ALICE, id), 'upload_not_found')
    while ((await house.store.stat(sha256('abc'))) !== null || (await house.store.stat(sha256('def'))) !== null) await pass(1)
  })

  it('is not incomplete when another server completes it just then', async () => {
    const id = await start()
    await send(id, [1, 'abc'], [2, 'def'], [3, 'gh'])
    const ledger = new Proxy(house.ledger, {
      get: (target, name) => {
        const member = Reflect.get(target, name, target) as unknown
        if (name === 'uploadParts') return () => house.engine.uploads.complete(ALICE, id).then(() => target.uploadParts(id))
        return typeof member === 'function' ? (member.bind(target) as unknown) : member
      },
    })
    const onError = (error: unknown): void => void house.errors.push(error)
    const other = createEngine({
      ...{ ledger, stores: [house.store], queue: new LocalQueue(onError), clock: house.clock, ids: systemIds(house.clock), onError },
      ...{ worker: 'other', concurrency: 1, maxItems: MAX_ITEMS, maxUploadBytes: 1_000, uploadLifeMs: DAY_MS, webhooks: WEBHOOKS },
      ...{ auditRetentionMs: 0, deletedRetentionMs: 0 },
    })
    expect(await other.uploads.complete(ALICE, id)).toMatchObject({ size: 8, version: 1 })
  })

  it('outlives the process that took its parts', async () => {
    const id = await start()
    await send(id, [1, 'abc'], [3, 'gh'])
    await house.engine.stop()
    const ledger = await SqliteLedger.open(`${house.directory}/ledger.db`, house.clock)
    const onError = (error: unknown): void => void house.errors.push(error)
    const parts = { ledger, stores: [house.store], queue: new LocalQueue(onError), clock: house.clock, ids: systemIds(house.clock), onError }
    const next = createEngine({
      ...parts,
      worker: 'next',
      concurrency: 1,
      maxItems: MAX_ITEMS,
      maxUploadBytes: 1_000,
      uploadLifeMs: DAY_MS,
      webhooks: WEBHOOKS,
      auditRetentionMs: 0,
      deletedRetentionMs: 30 * DAY_MS,
    })
    await next.start()
    await next.uploads.putPart(ALICE, id, 2, body('def'))
    // the bytes are joined, and the process ends before the ledger hears of it
    await house.store.put(body('abcdefgh'))
    expect(await next.uploads.complete(ALICE, id)).toMatchObject({ size: 8, version: 1 })
    await next.stop()
    await ledger.close()
    expect(await house.engine.uploads.complete(ALICE, id)).toMatchObject({ size: 8, version: 1 })
    expect(await text(house, c, 'big')).toBe('abcdefgh')
  })
})

/** A store that lets something else happen before it hands out a blob. */
function reading(store: BlobStore, meanwhile: () => Promise<void>): BlobStore {
  return {
    name: store.name,
    shared: store.shared,
    capabilities: store.capabilities,
    put: (bytes, expect) => store.put(bytes, expect),
    receive: (source, options) => store.receive(source, options),
    copyFrom: (other, blobs, options) => store.copyFrom(other, blobs, options),
    get: async (sha, range) => {
      await meanwhile()
      return store.get(sha, range)
    },
    stat: sha => store.stat(sha),
    verify: sha => store.verify(sha),
    list: () => store.list(),
    delete: (sha, since) => store.delete(sha, since),
    sweepUnfinished: before => store.sweepUnfinished(before),
    health: () => store.health(),
  }
}

describe('a part that comes while the others are joined', () => {
  it('is in the file when it was taken', async () => {
    await house.close()
    let meanwhile: () => Promise<void> = () => Promise.resolve()
    house = await openHouse({
      wrap: store => reading(store, () => meanwhile()),
    })
    c = (await house.engine.collections.create(ALICE, {})).id
    const id = await start()
    await send(id, [1, 'abc'], [2, 'def'], [3, 'gh'])
    meanwhile = async () => {
      meanwhile = () => Promise.resolve()
      await send(id, [2, 'DEF'])
    }
    await house.engine.uploads.complete(ALICE, id)
    expect(await text(house, c, 'big')).toBe('abcDEFgh')
  })
})

describe('a grant that goes while parts are joined', () => {
  it('ends the upload', async () => {
    await house.close()
    let meanwhile: () => Promise<void> = () => Promise.resolve()
    house = await openHouse({ wrap: store => reading(store, () => meanwhile()) })
    c = (await house.engine.collections.create(ALICE, {})).id
    await house.engine.collections.setGrant(ALICE, c, 'bob', 'readwrite')
    const id = await start({ size: 6 }, BOB)
    for (const number of [1, 2]) await house.engine.uploads.putPart(BOB, id, number, body('abc'))
    meanwhile = async () => {
      if ((await house.ledger.role('bob', c)) !== null) await house.engine.collections.removeGrant(ALICE, c, 'bob')
    }
    await refusal(house.engine.uploads.complete(BOB, id), 'collection_not_found')
    await refusal(house.engine.entries.stat(ALICE, c, 'big'), 'entry_not_found')
  })
})
