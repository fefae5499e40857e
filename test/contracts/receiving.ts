import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { beforeEach, describe, expect, it } from 'vitest'
import type { BlobStore } from '../../src/ports/blob-store.ts'
import { sha256 } from '../support/sha256.ts'
import type { BlobStoreUnderTest } from './blob-store.ts'
import { broken, HELLO, LARGE, listed, sourceOf, stream, taking } from './bodies.ts'

/** `receive`, of the contract of a BlobStore. */
export function receivingContract(underTest: () => BlobStoreUnderTest): void {
  describe('receiving a known blob', () => {
    let under: BlobStoreUnderTest
    let store: BlobStore
    beforeEach(() => {
      under = underTest()
      store = under.store
    })

    async function expectNothingLeft(): Promise<void> {
      expect(await listed(store)).toEqual([])
      expect(await under.unfinished()).toBe(0)
    }

    /** Half of a large blob arrives, then its source breaks off. */
    async function breakOff(): Promise<number> {
      const progress: number[] = []
      const half = sourceOf(LARGE, from => broken(LARGE.subarray(from, LARGE.length / 2)))
      await expect(store.receive(half, taking(progress))).rejects.toMatchObject({ code: 'incomplete_body' })
      return progress.at(-1) ?? 0
    }

    it.each([
      ['a small one', HELLO],
      ['an empty one', Buffer.alloc(0)],
      ['a large one', LARGE],
    ])('takes %s', async (_what, bytes) => {
      const progress: number[] = []
      await store.receive(sourceOf(bytes), taking(progress))
      expect(sha256(await buffer(await store.get(sha256(bytes))))).toBe(sha256(bytes))
      expect(await listed(store)).toMatchObject([{ sha256: sha256(bytes), size: bytes.length }])
      expect(progress.toSorted((a, b) => a - b)).toEqual(progress)
      expect(await under.unfinished()).toBe(0)
    })

    it('leaves one that is there and fresh as it is, and renews an older one', async () => {
      await store.put(stream(LARGE))
      const source = sourceOf(LARGE)
      await store.receive(source, taking([], 0))
      expect(source.opened).toEqual([])
      const moment = await under.nextMoment()
      await store.receive(source, taking([], moment))
      expect(source.opened).toEqual([0])
      expect((await listed(store))[0]?.putAt).toBeGreaterThanOrEqual(moment)
    })

    it('goes on with a large one that broke off, and nothing is seen of it before', async () => {
      const before = await breakOff()
      expect(before).toBeGreaterThan(0)
      expect(await listed(store)).toEqual([])
      expect(await under.unfinished()).toBe(1)
      const progress: number[] = []
      await store.receive(sourceOf(LARGE), taking(progress))
      expect(Math.max(...progress)).toBeLessThanOrEqual(LARGE.length)
      expect(await store.verify(sha256(LARGE))).toBe(true)
      expect(await under.unfinished()).toBe(0)
    })

    it('ends when it is told to, and goes on later', async () => {
      const stop = new AbortController()
      const body = (from: number): Readable =>
        Readable.from(
          (async function* () {
            yield LARGE.subarray(from, LARGE.length / 2)
            stop.abort()
            await new Promise(resolve => setImmediate(resolve))
            throw new Error('stopped')
          })(),
          { objectMode: false },
        )
      await expect(store.receive(sourceOf(LARGE, body), { ...taking(), signal: stop.signal })).rejects.toThrow()
      expect(await listed(store)).toEqual([])
      await store.receive(sourceOf(LARGE), taking())
      expect(await store.verify(sha256(LARGE))).toBe(true)
    })

    it.each([
      ['other bytes', Buffer.concat([LARGE.subarray(1), Buffer.from('x')]), 'digest_mismatch'],
      ['fewer bytes', LARGE.subarray(1), 'incomplete_body'],
    ])('keeps nothing of %s', async (_what, bytes, code) => {
      await expect(
        store.receive(
          sourceOf(LARGE, from => stream(bytes.subarray(from))),
          taking(),
        ),
      ).rejects.toMatchObject({ code })
      await expectNothingLeft()
    })

    it('takes the same blob many times at once from one of its sources', async () => {
      const sources = Array.from({ length: 5 }, () => sourceOf(LARGE))
      await Promise.all(sources.map(source => store.receive(source, taking([], 0))))
      expect(sources.flatMap(({ opened }) => opened)).toEqual([0])
      expect(await store.verify(sha256(LARGE))).toBe(true)
    })

    it('sweeps what is left of one, but later than other unfinished puts where that is asked', async () => {
      await breakOff()
      await under.leaveUnfinished()
      const moment = await under.nextMoment()
      expect(await store.sweepUnfinished(moment, 0)).toBe(1)
      expect(await under.unfinished()).toBe(1)
      expect(await store.sweepUnfinished(Number.MAX_SAFE_INTEGER)).toBe(1)
      expect(await under.unfinished()).toBe(0)
    })
  })
}
