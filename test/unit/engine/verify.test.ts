import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { BlobStore } from '../../../src/ports/blob-store.ts'
import { ALICE, command, itemsOf, openHouse, put, run, text, type House } from './house.ts'

/** Overwrites a blob's bytes as a failing disk would. */
function rot(house: House, sha256: string): Promise<void> {
  return writeFile(join(house.directory, 'store', 'blobs', sha256.slice(0, 2), sha256.slice(2)), 'rotten')
}

/** A store whose every verification waits until the test lets it go. */
class SlowStore {
  readonly asked: string[] = []
  readonly #waiting: (() => void)[] = []
  #open = false

  wrap(store: BlobStore): BlobStore {
    const verify = async (sha256: string): Promise<boolean> => {
      this.asked.push(sha256)
      if (!this.#open) await new Promise<void>(resolve => this.#waiting.push(resolve))
      return store.verify(sha256)
    }
    return new Proxy(store, { get: (target, key) => (key === 'verify' ? verify : bound(target, key)) })
  }

  /** Lets one verification go on. */
  release(): void {
    this.#waiting.shift()?.()
  }

  releaseAll(): void {
    this.#open = true
    for (const go of this.#waiting.splice(0)) go()
  }
}

function bound(target: BlobStore, key: string | symbol): unknown {
  const value: unknown = Reflect.get(target, key)
  return typeof value === 'function' ? (value as (...args: unknown[]) => unknown).bind(target) : value
}

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise(resolve => setTimeout(resolve, 2))
}

describe('verify: digest', () => {
  const copies = (c: string, paths: readonly string[]): Parameters<typeof command>[0] => ({
    verify: 'digest',
    items: paths.map(path => ({ source: { collection: c, path }, destination: { collection: c, path: `copy/${path}` } })),
  })

  it('reads every source again and fails those whose bytes no longer match, and no others', async () => {
    const house = await openHouse()
    const { id: c } = await house.engine.collections.create(ALICE, {})
    for (const path of ['a', 'b', 'c', 'd', 'e', 'f']) await put(house, c, path)
    const { digest } = await put(house, c, 'bad', 'soon rotten')
    await put(house, c, 'twin', 'soon rotten')
    await rot(house, digest ?? '')
    const job = await run(house, copies(c, ['a', 'bad', 'b', 'twin', 'missing', 'c', 'd', 'e', 'f']))
    expect(job).toMatchObject({ outcome: 'partial', counts: { done: 6, failed: 3 } })
    const reasons = (await itemsOf(house, job.id)).map(({ reason }) => reason?.code ?? null)
    expect(reasons).toEqual([null, 'digest_mismatch', null, 'digest_mismatch', 'entry_not_found', null, null, null, null])
    expect(await text(house, c, 'copy/f')).toBe('f')
    await put(house, c, 'bad', 'soon rotten') // the same bytes again heal the blob
    await house.engine.jobs.retry(ALICE, job.id, ['failed'])
    expect(await house.engine.jobs.wait(ALICE, job.id, 1000)).toMatchObject({ counts: { done: 8, failed: 1 } })
    expect(house.errors).toEqual([])
    await house.close()
  })

  it('without it a copy reads nothing', async () => {
    const slow = new SlowStore()
    const house = await openHouse({ wrap: store => slow.wrap(store) })
    const { id: c } = await house.engine.collections.create(ALICE, {})
    const { digest } = await put(house, c, 'a')
    await rot(house, digest ?? '')
    expect(await run(house, { ...copies(c, ['a']), verify: 'none' })).toMatchObject({ outcome: 'succeeded' })
    expect(slow.asked).toEqual([])
    await house.close()
  })

  it('keeps its chunk however long one blob takes: nobody takes it over', async () => {
    const slow = new SlowStore()
    const house = await openHouse({ wrap: store => slow.wrap(store) })
    const { id: c } = await house.engine.collections.create(ALICE, {})
    for (const path of ['small', 'large']) await put(house, c, path)
    const opened = await house.engine.jobs.openManifest(ALICE, { ...command({}).options, verify: 'digest' })
    if (!('intake' in opened)) throw new Error('expected a manifest')
    for (const path of ['small', 'large']) await opened.intake.append(copies(c, [path]).items ?? [])
    const { job } = await opened.intake.seal('body')
    await until(() => slow.asked.length === 1)
    slow.release() // the first chunk is done, so that the job has two turns from now on
    await until(() => slow.asked.length === 2)
    for (let second = 0; second < 120; second++) {
      house.clock.advance(1000)
      await new Promise(resolve => setTimeout(resolve, 2))
      await house.ledger.health() // the renewal is on its way before this is answered
    }
    expect(slow.asked, 'each is read once').toHaveLength(2)
    slow.releaseAll()
    expect(await house.engine.jobs.wait(ALICE, job.id, 1000)).toMatchObject({ outcome: 'succeeded' })
    expect((await itemsOf(house, job.id)).map(({ attempts }) => attempts)).toEqual([1, 1])
    expect(house.errors).toEqual([])
    await house.close()
  })

  it('stopped on its way gives the chunk back: nothing unread is ever copied', async () => {
    const slow = new SlowStore()
    const house = await openHouse({ wrap: store => slow.wrap(store) })
    const { id: c } = await house.engine.collections.create(ALICE, {})
    const paths = ['a', 'b', 'c', 'd', 'e']
    for (const path of paths) await put(house, c, path)
    const { job } = await house.engine.jobs.submit(ALICE, command(copies(c, paths)))
    await until(() => slow.asked.length === 4)
    const stopped = house.engine.stop()
    slow.releaseAll()
    await stopped
    expect(slow.asked, 'the fifth was never read').toHaveLength(4)
    expect(await house.ledger.job(job.id)).toMatchObject({ state: 'running', counts: { pending: 5, running: 0, done: 0 } })
    expect((await house.engine.entries.list(ALICE, c, { prefix: 'copy/' }, { limit: 10 })).items).toEqual([])
    expect(house.errors).toEqual([])
    await house.close()
  })

  it('that meets a broken store gives the chunk back and is tried again later', async () => {
    let broken = true
    const wrap = (store: BlobStore): BlobStore => {
      const verify = (sha256: string): Promise<boolean> => (broken ? Promise.reject(new Error('input/output error')) : store.verify(sha256))
      return new Proxy(store, { get: (target, key) => (key === 'verify' ? verify : bound(target, key)) })
    }
    const house = await openHouse({ wrap })
    const { id: c } = await house.engine.collections.create(ALICE, {})
    await put(house, c, 'a')
    const { job } = await house.engine.jobs.submit(ALICE, command(copies(c, ['a'])))
    await until(async () => house.errors.length > 0 && (await house.ledger.job(job.id))?.counts.pending === 1)
    expect(house.errors).toMatchObject([{ message: 'input/output error' }])
    const waiting = await house.ledger.job(job.id)
    expect(await house.engine.jobs.waitingFor(waiting ?? job)).toMatch(/^The last turn of the job failed: something unexpected.*tried again by \d{4}-/)
    broken = false
    const finished = house.engine.jobs.wait(ALICE, job.id, 3600 * 1000)
    expect(await house.clock.passUntil(finished, 1000)).toMatchObject({ outcome: 'succeeded' })
    await house.close()
  })
})
