import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { BlobStore, PutExpectations } from '../../src/ports/blob-store.ts'
import { sha256 } from '../support/sha256.ts'
import { broken, HELLO, LARGE, listed, stream } from './bodies.ts'
import { receivingContract } from './receiving.ts'

/** A store under test and what the suite needs to do behind its back. */
export interface BlobStoreUnderTest {
  readonly store: BlobStore
  /**
   * Lets time pass, as the store's own clock sees it, and returns a moment (epoch ms) between: what was put before the call is older, what is put afterwards is not.
   * A clock of our own is set, a service's must be waited for: its seconds are the grain of what it tells.
   */
  nextMoment(): Promise<number>
  /** How often to try what only sometimes goes wrong. */
  readonly rounds: number
  /** Overwrites the stored bytes of a blob, as a failing disk would. */
  corrupt(sha256: string): Promise<void>
  /** Leaves behind what a put that a crash ended leaves, written to until now. */
  leaveUnfinished(): Promise<void>
  /** How many unfinished puts lie in the store. */
  unfinished(): Promise<number>
  close(): Promise<void>
}

/** Later than anything that is put. */
const LATER = Number.MAX_SAFE_INTEGER

/** What every BlobStore must do (src/ports/blob-store.ts). */
export function blobStoreContract(name: string, makeStore: () => Promise<BlobStoreUnderTest>): void {
  describe(`${name} is a BlobStore`, () => {
    let under: BlobStoreUnderTest
    let store: BlobStore

    beforeEach(async () => {
      under = await makeStore()
      store = under.store
    })
    afterEach(() => under.close())

    async function expectNothingLeft(): Promise<void> {
      expect(await listed(store)).toEqual([])
      expect(await under.unfinished()).toBe(0)
    }

    describe('put and get', () => {
      it.each([
        ['a small body', HELLO],
        ['an empty body', Buffer.alloc(0)],
        ['a large body', LARGE],
      ])('gives back %s', async (_what, bytes) => {
        const blob = await store.put(stream(bytes), { sha256: sha256(bytes), size: bytes.length, maxSize: bytes.length })
        expect(blob).toEqual({ sha256: sha256(bytes), size: bytes.length })
        expect(sha256(await buffer(await store.get(blob.sha256)))).toBe(blob.sha256)
        expect(await store.stat(blob.sha256)).toEqual({ ...blob, putAt: expect.any(Number) as number })
        expect(await store.verify(blob.sha256)).toBe(true)
        expect(await listed(store)).toEqual([{ ...blob, putAt: expect.any(Number) }])
        expect(await under.unfinished()).toBe(0)
      })

      it('takes a body of many tiny chunks', async () => {
        const bytes = LARGE.subarray(0, 40_000)
        const { sha256: digest } = await store.put(stream(bytes, 7))
        expect((await buffer(await store.get(digest))).equals(bytes)).toBe(true)
      })

      it('knows nothing of a blob it was never given', async () => {
        const missing = sha256(HELLO)
        await expect(store.get(missing)).rejects.toMatchObject({ code: 'entry_not_found' })
        expect(await store.stat(missing)).toBeNull()
        expect(await store.verify(missing)).toBe(false)
        await expectNothingLeft()
      })

      it('takes the same bytes many times at once', async () => {
        const bytes = LARGE.subarray(0, 300_000)
        const blobs = await Promise.all(Array.from({ length: 24 }, () => store.put(stream(bytes))))
        expect(new Set(blobs.map(blob => blob.sha256))).toEqual(new Set([sha256(bytes)]))
        expect(await listed(store)).toMatchObject([{ sha256: sha256(bytes), size: bytes.length }])
        expect(await store.verify(sha256(bytes))).toBe(true)
        expect(await under.unfinished()).toBe(0)
      })

      it('takes many different bodies at once', async () => {
        const bodies = Array.from({ length: 100 }, (_, n) => Buffer.from(`body ${n}`))
        await Promise.all(bodies.map(body => store.put(stream(body))))
        expect((await listed(store)).map(blob => blob.sha256)).toEqual(bodies.map(sha256).sort())
      })

      it('heals a damaged blob when its bytes are put again', async () => {
        const { sha256: digest } = await store.put(stream(HELLO))
        await under.corrupt(digest)
        await store.put(stream(HELLO))
        expect(await store.verify(digest)).toBe(true)
      })
    })

    describe('refusals', () => {
      const refusals: readonly [string, PutExpectations, string][] = [
        ['other bytes than announced', { sha256: sha256(Buffer.from('other')) }, 'digest_mismatch'],
        ['fewer bytes than announced', { size: HELLO.length + 1 }, 'incomplete_body'],
        ['more bytes than announced', { size: HELLO.length - 1 }, 'incomplete_body'],
        ['more bytes than allowed', { maxSize: HELLO.length - 1 }, 'body_too_large'],
        ['an announced size above what is allowed', { size: HELLO.length, maxSize: HELLO.length - 1 }, 'body_too_large'],
      ]
      it.each(refusals)('refuses %s and keeps nothing', async (_what, expectations, code) => {
        await expect(store.put(stream(HELLO), expectations)).rejects.toMatchObject({ code })
        await expectNothingLeft()
      })

      it('tells both digests when they differ', async () => {
        const expected = sha256(Buffer.from('other'))
        await expect(store.put(stream(HELLO), { sha256: expected })).rejects.toMatchObject({ facts: { expected, actual: sha256(HELLO) } })
      })

      it('stops reading a body once it is too large, and leaves the stream open for the answer', async () => {
        let given = 0
        async function* endless(): AsyncGenerator<Buffer> {
          for (;;) {
            given += 1
            yield Buffer.alloc(64 * 1024)
          }
        }
        const body = Readable.from(endless(), { objectMode: false })
        await expect(store.put(body, { maxSize: 1024 * 1024 })).rejects.toMatchObject({ code: 'body_too_large' })
        expect(given).toBeLessThan(40)
        expect(body.destroyed).toBe(false)
        body.destroy()
        await expectNothingLeft()
      })

      it.each([
        ['small', HELLO],
        ['large', LARGE],
      ])('keeps nothing of a %s body that breaks off', async (_what, bytes) => {
        await expect(store.put(broken(bytes))).rejects.toMatchObject({ code: 'incomplete_body', cause: { message: 'connection reset' } })
        await expectNothingLeft()
      })

      it('keeps nothing of a body that was destroyed', async () => {
        const body = stream(LARGE)
        body.destroy()
        await expect(store.put(body)).rejects.toMatchObject({ code: 'incomplete_body' })
        await expectNothingLeft()
      })

      it('refuses names that are no digests', async () => {
        for (const name of ['', '../../etc/passwd', 'AB'.repeat(32), 'a'.repeat(63)]) {
          await expect(store.get(name)).rejects.toMatchObject({ code: 'invalid_request' })
          await expect(store.delete(name, Infinity)).rejects.toMatchObject({ code: 'invalid_request' })
        }
      })
    })

    receivingContract(() => under)

    describe('ranges', () => {
      it('reads any range, from the first byte to the last', async () => {
        const { sha256: digest } = await store.put(stream(LARGE))
        const ranges = [
          { start: 0, end: 10 },
          { start: 1_000_000, end: 2_000_001 },
          { start: LARGE.length - 5, end: LARGE.length },
          { start: 0, end: LARGE.length },
          { start: 7, end: 7 },
          { start: LARGE.length, end: LARGE.length },
        ]
        for (const { start, end } of ranges) {
          const bytes = await buffer(await store.get(digest, { start, end }))
          expect(bytes.equals(LARGE.subarray(start, end)), `${start} to ${end}`).toBe(true)
        }
      })

      it('knows no range of a blob it was never given', async () => {
        for (const range of [
          { start: 0, end: 5 },
          { start: 0, end: 0 },
        ]) {
          await expect(store.get(sha256(HELLO), range)).rejects.toMatchObject({ code: 'entry_not_found' })
        }
      })

      it.each([
        ['beyond the end', 0, HELLO.length + 1],
        ['backwards', 5, 4],
        ['before the beginning', -1, 4],
        ['from beyond the end', HELLO.length + 1, HELLO.length + 5],
        ['nothing beyond the end', HELLO.length + 1, HELLO.length + 1],
      ])('refuses to read %s', async (_what, start, end) => {
        const { sha256: digest } = await store.put(stream(HELLO))
        await expect(store.get(digest, { start, end })).rejects.toMatchObject({ code: 'range_not_satisfiable' })
      })

      it('lets a reader go on while the blob is put again', async () => {
        const { sha256: digest } = await store.put(stream(LARGE))
        const reader = await store.get(digest)
        await store.put(stream(LARGE))
        expect(sha256(await buffer(reader))).toBe(digest)
      })
    })

    describe('upkeep', () => {
      it('deletes a blob that is old enough', async () => {
        const { sha256: digest } = await store.put(stream(HELLO))
        expect(await store.delete(digest, LATER)).toBe(true)
        expect(await store.stat(digest)).toBeNull()
        expect(await listed(store)).toEqual([])
        expect(await store.delete(digest, LATER)).toBe(true)
      })

      it('spares a blob put at that very time or since', async () => {
        const { sha256: digest } = await store.put(stream(HELLO))
        const [{ putAt } = { putAt: 0 }] = await listed(store)
        expect(await store.delete(digest, putAt)).toBe(false)
        expect(await store.delete(digest, putAt - 1)).toBe(false)
        expect(await store.verify(digest)).toBe(true)
      })

      it.each([
        ['small', HELLO],
        ['large', LARGE],
      ])('renews the age of a %s blob that is put again', async (_what, bytes) => {
        const { sha256: digest } = await store.put(stream(bytes))
        const moment = await under.nextMoment()
        const [before] = await listed(store)
        expect(before?.putAt).toBeLessThan(moment)
        await store.put(stream(bytes))
        const [after] = await listed(store)
        expect(after?.putAt).toBeGreaterThanOrEqual(moment)
        expect(await store.delete(digest, moment)).toBe(false)
        expect(await store.verify(digest)).toBe(true)
      })

      it('never deletes what a put has just promised', async () => {
        for (let round = 1; round <= under.rounds; round += 1) {
          const bytes = round % 2 === 0 ? HELLO : LARGE.subarray(0, 2 * 1024 * 1024)
          const { sha256: digest } = await store.put(stream(bytes))
          const moment = await under.nextMoment()
          const put = (): Promise<unknown> => store.put(stream(bytes))
          const remove = (): Promise<unknown> => store.delete(digest, moment)
          await Promise.all(round % 4 < 2 ? [put(), remove()] : [remove(), put()])
          expect(await store.verify(digest)).toBe(true)
        }
      })

      it('finds damaged bytes', async () => {
        const { sha256: digest } = await store.put(stream(LARGE))
        await under.corrupt(digest)
        expect(await store.verify(digest)).toBe(false)
      })

      it('sweeps what unfinished puts left, but not the younger ones nor whole blobs', async () => {
        const { sha256: digest } = await store.put(stream(HELLO))
        await under.leaveUnfinished()
        await under.leaveUnfinished()
        const moment = await under.nextMoment()
        await under.leaveUnfinished()
        expect(await listed(store)).toHaveLength(1)
        expect(await store.sweepUnfinished(moment)).toBe(2)
        expect(await under.unfinished()).toBe(1)
        expect(await store.verify(digest)).toBe(true)
      })

      it('never sweeps a put that is still running', async () => {
        const { promise: sweeping, resolve: sweptNow } = Promise.withResolvers<undefined>()
        async function* slow(): AsyncGenerator<Buffer> {
          yield LARGE
          await sweeping
          yield HELLO
        }
        const put = store.put(Readable.from(slow(), { objectMode: false }))
        while ((await under.unfinished()) === 0) await new Promise(resolve => setImmediate(resolve))
        expect(await store.sweepUnfinished(Number.MAX_SAFE_INTEGER)).toBe(0)
        sweptNow(undefined)
        expect(await put).toEqual({ sha256: sha256(Buffer.concat([LARGE, HELLO])), size: LARGE.length + HELLO.length })
      })

      it('is healthy and leaves no trace of the question', async () => {
        await store.health()
        await expectNothingLeft()
      })
    })
  })
}

/** `nextMoment` for a service on this machine, whose seconds may be rounded up: those of the next second are over when the one after it begins. */
export async function nextMomentOfAService(): Promise<number> {
  const moment = (Math.floor(Date.now() / 1000) + 2) * 1000
  await new Promise(resolve => setTimeout(resolve, moment - Date.now()))
  return moment
}
