import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { afterEach, describe, expect, it } from 'vitest'
import { refusal } from '../contracts/ledger/world.ts'
import { WaybillError } from '../../src/model/errors.ts'
import type { BlobStore } from '../../src/ports/blob-store.ts'
import { ALICE, itemsOf, openHouse, put, run, text, type House } from '../unit/engine/house.ts'

let house: House
afterEach(() => house.close())

/** A store whose reads break off in their middle, as those of a failing disk do, while `isBroken`. */
function breaking(store: BlobStore, isBroken: () => boolean): BlobStore {
  const get: BlobStore['get'] = async (sha256, range) => {
    const body = await store.get(sha256, range)
    if (!isBroken()) return body
    const half = async function* (): AsyncGenerator<Uint8Array> {
      for await (const chunk of body as AsyncIterable<Buffer>) {
        yield chunk.subarray(0, 1)
        throw Object.assign(new Error('EIO: i/o error, read'), { code: 'EIO' })
      }
    }
    return Readable.from(half(), { objectMode: false })
  }
  const bound = (target: BlobStore, key: string | symbol): unknown => {
    const value: unknown = Reflect.get(target, key)
    return typeof value === 'function' ? (value as (...args: unknown[]) => unknown).bind(target) : value
  }
  return new Proxy(store, { get: (target, key) => (key === 'get' ? get : bound(target, key)) })
}

describe('a read that breaks off', () => {
  it('is told as a store that cannot be used, not as damaged bytes; a retry succeeds', async () => {
    let broken = true
    house = await openHouse({ wrap: store => breaking(store, () => broken), more: ['far'] })
    await house.engine.collections.create(ALICE, { id: 'near' })
    await house.engine.collections.create(ALICE, { id: 'far', store: 'far' })
    await put(house, 'near', 'a', 'some bytes')
    const { id } = await run(house, { items: [{ source: { collection: 'near', path: 'a' }, destination: { collection: 'far', path: 'a' } }] })
    expect(await itemsOf(house, id)).toMatchObject([{ state: 'failed', reason: { code: 'unavailable' } }])
    broken = false
    await house.engine.jobs.retry(ALICE, id, ['failed'])
    expect(await house.engine.jobs.wait(ALICE, id, 1000)).toMatchObject({ outcome: 'succeeded' })
    expect(await text(house, 'far', 'a')).toBe('some bytes')
  })
})

describe('completing an upload', () => {
  let broken = false
  async function uploaded(): Promise<string> {
    house = await openHouse({ wrap: store => breaking(store, () => broken) })
    await house.engine.collections.create(ALICE, { id: 'near' })
    const { id } = await house.engine.uploads.start(ALICE, { collection: 'near', path: 'big', size: 6, partSize: 3 })
    await send(id, 1, 'abc')
    await send(id, 2, 'def')
    return id
  }
  const send = (id: string, number: number, bytes: string): Promise<{ sha256: string }> =>
    house.engine.uploads.putPart(ALICE, id, number, Readable.from([Buffer.from(bytes)], { objectMode: false }))

  it('whose parts cannot be read is not told as a body that broke off: it is to be asked for again', async () => {
    const id = await uploaded()
    broken = true
    await refusal(house.engine.uploads.complete(ALICE, id), 'unavailable')
    broken = false
    await house.engine.uploads.complete(ALICE, id)
    expect(await text(house, 'near', 'big')).toBe('abcdef')
  })

  it('makes no file of bytes that are not those that arrived: the part is to be sent again', async () => {
    const id = await uploaded()
    const { sha256 } = await send(id, 2, 'def')
    await writeFile(join(house.directory, 'store', 'blobs', sha256.slice(0, 2), sha256.slice(2)), 'dEf')
    expect((await refusal(house.engine.uploads.complete(ALICE, id), 'digest_mismatch')).message).toMatch(/^the stored bytes of part 2 /)
    await refusal(house.engine.entries.stat(ALICE, 'near', 'big'), 'entry_not_found')
    await send(id, 2, 'def')
    await house.engine.uploads.complete(ALICE, id)
    expect(await text(house, 'near', 'big')).toBe('abcdef')
  })

  it('whose part breaks off while the disk is found full is refused, and nothing else comes of it', async () => {
    const id = await uploaded()
    broken = true
    const { store } = house
    const putAsItIs = store.put.bind(store)
    store.put = async body => {
      body.on('readable', () => void body.read()) // what reads ahead goes on while the put fails
      await new Promise(resolve => setTimeout(resolve, 50))
      throw new WaybillError('out_of_space', 'the disk is full')
    }
    await refusal(house.engine.uploads.complete(ALICE, id), 'out_of_space')
    broken = false
    store.put = putAsItIs
    await house.engine.uploads.complete(ALICE, id)
  })
})
