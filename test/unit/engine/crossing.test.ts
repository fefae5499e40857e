import { stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { afterEach, describe, expect, it } from 'vitest'
import { WaybillError } from '../../../src/model/errors.ts'
import type { BlobSource, BlobStore } from '../../../src/ports/blob-store.ts'
import { sha256 } from '../../support/sha256.ts'
import { ALICE, itemsOf, openHouse, put, run, text, type House } from './house.ts'

/** Stores that count what is put into them by its bytes, and refuse what a test says. They are not taken for stores of one service: what they copy goes by its bytes. */
class Watched {
  readonly puts: string[] = []
  refuse: ((store: string) => Error | null) | null = null

  readonly wrap = (store: BlobStore): BlobStore => {
    const check = (): void => {
      const refusal = this.refuse?.(store.name) ?? null
      if (refusal !== null) throw refusal
    }
    const put: BlobStore['put'] = async (body, expect) => {
      check()
      this.puts.push(store.name)
      return store.put(body, expect)
    }
    const receive: BlobStore['receive'] = async (source, options) => {
      check()
      const open: BlobSource['open'] = at => {
        this.puts.push(store.name)
        return source.open(at)
      }
      return store.receive({ ...source, open }, options)
    }
    const given = (target: BlobStore, key: string | symbol): unknown => {
      if (key === 'put') return put
      if (key === 'receive') return receive
      const value: unknown = Reflect.get(target, key)
      return typeof value === 'function' ? (value as (...args: unknown[]) => unknown).bind(target) : value
    }
    return new Proxy(store, { get: given })
  }
}

describe('a job between two stores', () => {
  const houses: House[] = []
  afterEach(async () => {
    for (const house of houses.splice(0)) await house.close()
  })

  async function twoStores(): Promise<{ house: House; watched: Watched; near: string; far: string }> {
    const watched = new Watched()
    const house = await openHouse({ more: ['far'], wrap: watched.wrap })
    houses.push(house)
    const near = (await house.engine.collections.create(ALICE, { id: 'near' })).id
    const far = (await house.engine.collections.create(ALICE, { id: 'far-away', store: 'far' })).id
    return { house, watched, near, far }
  }

  const copies = (from: string, to: string, paths: readonly string[]): Parameters<typeof run>[1] => ({
    items: paths.map(path => ({ source: { collection: from, path }, destination: { collection: to } })),
  })

  it('copies the bytes, each blob once, and what was copied can be read', async () => {
    const { house, watched, near, far } = await twoStores()
    for (const path of ['a', 'b', 'c']) await put(house, near, path, path === 'c' ? 'a' : path)
    watched.puts.length = 0
    expect(await run(house, copies(near, far, ['a', 'b', 'c']))).toMatchObject({ outcome: 'succeeded', bytesDone: 3 })
    expect(await Promise.all(['a', 'b', 'c'].map(path => text(house, far, path)))).toEqual(['a', 'b', 'a'])
    expect(watched.puts).toEqual(['far', 'far'])
    expect(await run(house, copies(near, far, ['a', 'b', 'c']))).toMatchObject({ outcome: 'succeeded' })
    expect(watched.puts, 'what is there, and fresh, is not copied again').toHaveLength(2)
  })

  it('moves them, whole folders by their prefix, and back', async () => {
    const { house, near, far } = await twoStores()
    for (const path of ['x/a', 'x/b/c']) await put(house, near, path)
    const select = (from: string, to: string): Parameters<typeof run>[1] => ({
      kind: 'move',
      select: [{ source: { collection: from, prefix: 'x/' }, destination: { collection: to, prefix: 'x/' } }],
    })
    expect(await run(house, select(near, far))).toMatchObject({ outcome: 'succeeded', counts: { done: 2 } })
    expect(await text(house, far, 'x/b/c')).toBe('x/b/c')
    expect(await run(house, select(far, near))).toMatchObject({ outcome: 'succeeded' })
    expect(await text(house, near, 'x/a')).toBe('x/a')
  })

  it('reads the source again where the job asks for it, however fresh the copy is that is there', async () => {
    const { house, near, far } = await twoStores()
    const { digest } = await put(house, near, 'bad', 'soon rotten')
    const copy = { ...copies(near, far, ['bad']), verify: 'digest' as const }
    expect(await run(house, copy)).toMatchObject({ outcome: 'succeeded' })
    await writeFile(join(house.directory, 'store', 'blobs', (digest ?? '').slice(0, 2), (digest ?? '').slice(2)), 'rotten')
    const job = await run(house, copy)
    expect(await itemsOf(house, job.id)).toMatchObject([{ state: 'failed', reason: { code: 'digest_mismatch' } }])
    expect(await text(house, far, 'bad'), 'the good copy stays').toBe('soon rotten')
  })

  it('fails items whose bytes are bad, and leaves nothing of them', async () => {
    const { house, near, far } = await twoStores()
    const { digest } = await put(house, near, 'bad', 'soon rotten')
    await put(house, near, 'good')
    await writeFile(join(house.directory, 'store', 'blobs', (digest ?? '').slice(0, 2), (digest ?? '').slice(2)), 'rotten bytes')
    const job = await run(house, copies(near, far, ['bad', 'good']))
    expect(job).toMatchObject({ outcome: 'partial', counts: { done: 1, failed: 1 } })
    const [bad] = await itemsOf(house, job.id)
    expect(bad).toMatchObject({ state: 'failed', reason: { code: 'digest_mismatch', end: 'source' } })
    await expect(house.engine.entries.stat(ALICE, far, 'bad')).rejects.toMatchObject({ code: 'entry_not_found' })
  })

  it('fails items that the other store does not take, with its reason, until they are tried again', async () => {
    const { house, watched, near, far } = await twoStores()
    await put(house, near, 'a')
    watched.refuse = store => (store === 'far' ? new WaybillError('out_of_space', 'the disk is full') : null)
    const job = await run(house, copies(near, far, ['a']))
    expect((await itemsOf(house, job.id))[0]).toMatchObject({ state: 'failed', reason: { code: 'out_of_space', end: 'destination' } })
    watched.refuse = store => (store === 'far' ? new Error('the line is down') : null)
    await house.engine.jobs.retry(ALICE, job.id, ['failed'])
    expect(await house.engine.jobs.wait(ALICE, job.id, 60_000)).toMatchObject({ outcome: 'failed' })
    expect((await itemsOf(house, job.id))[0]).toMatchObject({ reason: { code: 'unavailable' } })
    expect(house.errors, 'what nobody expected is told').toHaveLength(1)
    watched.refuse = null
    await house.engine.jobs.retry(ALICE, job.id, ['failed'])
    expect(await house.engine.jobs.wait(ALICE, job.id, 60_000)).toMatchObject({ outcome: 'succeeded' })
    expect(await text(house, far, 'a')).toBe('a')
  })

  it('copies nothing in a rehearsal, and nothing within one store', async () => {
    const { house, watched, near, far } = await twoStores()
    await put(house, near, 'a')
    watched.puts.length = 0
    expect(await run(house, { ...copies(near, far, ['a']), dryRun: true })).toMatchObject({ counts: { done: 1 } })
    const within = { source: { collection: near, path: 'a' }, destination: { collection: near, path: 'b' } }
    expect(await run(house, { items: [within] })).toMatchObject({ outcome: 'succeeded' })
    expect(watched.puts).toEqual([])
    expect(await house.ledger.referenced('far', [sha256('a')])).toEqual(new Set())
  })

  it('links the blobs of stores on one file system, and copies them where the job reads the bytes', async () => {
    const house = await openHouse({ more: ['far'] })
    houses.push(house)
    const near = (await house.engine.collections.create(ALICE, { id: 'near' })).id
    const far = (await house.engine.collections.create(ALICE, { id: 'far-away', store: 'far' })).id
    const place = (store: string, digest: string | null): string => join(house.directory, store, 'blobs', (digest ?? '').slice(0, 2), (digest ?? '').slice(2))
    const linked = (await put(house, near, 'linked')).digest
    expect(await run(house, copies(near, far, ['linked']))).toMatchObject({ outcome: 'succeeded' })
    expect((await stat(place('far', linked))).ino).toBe((await stat(place('store', linked))).ino)
    const copied = (await put(house, near, 'copied')).digest
    expect(await run(house, { ...copies(near, far, ['copied']), verify: 'digest' })).toMatchObject({ outcome: 'succeeded' })
    expect((await stat(place('far', copied))).ino).not.toBe((await stat(place('store', copied))).ino)
  })

  it('fails an item whose source breaks off in the middle, and goes on from there when it is tried again', async () => {
    const large = Buffer.alloc(9_000_000, 'waybill')
    let breakAt: number | null = null
    const opened: number[] = []
    const breaking = (store: BlobStore): BlobStore => {
      const get: BlobStore['get'] = async (digest, range) => {
        opened.push(range?.start ?? 0)
        const body = await store.get(digest, range)
        if (breakAt === null) return body
        return Readable.from(brokenAt(body, breakAt), { objectMode: false })
      }
      const given = (target: BlobStore, key: string | symbol): unknown => {
        const value: unknown = key === 'get' && store.name === 'local' ? get : Reflect.get(target, key)
        return typeof value === 'function' && value !== get ? (value as (...args: unknown[]) => unknown).bind(target) : value
      }
      return new Proxy(store, { get: given })
    }
    const house = await openHouse({ more: ['far'], wrap: breaking, maxUploadBytes: 10_000_000 })
    houses.push(house)
    const near = (await house.engine.collections.create(ALICE, { id: 'near' })).id
    const far = (await house.engine.collections.create(ALICE, { id: 'far-away', store: 'far' })).id
    await house.engine.entries.put(ALICE, near, 'large', Readable.from([large], { objectMode: false }), {})
    breakAt = 5_000_000
    const job = await run(house, copies(near, far, ['large']))
    expect((await itemsOf(house, job.id))[0]).toMatchObject({ state: 'failed', reason: { code: 'unavailable' } })
    await expect(house.engine.entries.stat(ALICE, far, 'large')).rejects.toMatchObject({ code: 'entry_not_found' })
    breakAt = null
    await house.engine.jobs.retry(ALICE, job.id, ['failed'])
    expect(await house.engine.jobs.wait(ALICE, job.id, 60_000)).toMatchObject({ outcome: 'succeeded', bytesDone: large.length })
    expect(opened[0]).toBe(0)
    expect(opened[1]).toBeGreaterThan(4_000_000)
  })
})

async function* brokenAt(body: Readable, at: number): AsyncGenerator<Buffer> {
  let given = 0
  for await (const chunk of body as AsyncIterable<Buffer>) {
    given += chunk.byteLength
    if (given > at) throw new WaybillError('unavailable', 'the store broke off a download')
    yield chunk
  }
}
