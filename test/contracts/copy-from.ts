import { randomBytes } from 'node:crypto'
import { Readable } from 'node:stream'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Blob, BlobStore, TakeOptions } from '../../src/ports/blob-store.ts'
import { sha256 } from '../support/sha256.ts'
import type { BlobStoreUnderTest } from './blob-store.ts'
import { taking } from './bodies.ts'

/** Larger than what is sooner moved by its bytes. */
const BODIES = [randomBytes(70_000), randomBytes(300_000), randomBytes(1_500_000)]

/** Two stores of one service. */
export interface Neighbours {
  readonly from: BlobStoreUnderTest
  readonly to: BlobStoreUnderTest
}

export function copying(progress: number[] = [], unlessPutSince?: number): TakeOptions {
  return { ...taking(progress, unlessPutSince), slot: work => work() }
}

async function put(store: BlobStore, bytes: Buffer): Promise<Blob> {
  return store.put(Readable.from([bytes], { objectMode: false }))
}

/** What every store must do that takes blobs from another of its service. */
export function copyFromContract(name: string, make: () => Promise<Neighbours>, outOfReach: () => Promise<BlobStore>): void {
  describe(`${name}, of blobs in another`, () => {
    let near: Neighbours
    let blobs: Blob[]

    beforeEach(async () => {
      near = await make()
      blobs = await Promise.all(BODIES.map(bytes => put(near.from.store, bytes)))
    })
    afterEach(() => Promise.all([near.from.close(), near.to.close()]))

    it('takes them whole, without a look at their bytes by us, and claims that it can', async () => {
      const { from, to } = near
      expect(to.store.capabilities.serverSideCopy || to.store.capabilities.link).toBe(true)
      const here = await to.store.copyFrom(from.store, blobs, copying())
      expect(here).toEqual(new Set(blobs.map(blob => blob.sha256)))
      for (const { sha256: digest, size } of blobs) {
        expect(await to.store.stat(digest)).toMatchObject({ size })
        expect(await to.store.verify(digest)).toBe(true)
      }
      expect(await to.unfinished()).toBe(0)
    })

    it('takes those that are there, and leaves the others', async () => {
      const missing = { sha256: sha256('nowhere'), size: 70_000 }
      expect(await near.to.store.copyFrom(near.from.store, [missing, ...blobs.slice(1)], copying())).toEqual(new Set(blobs.slice(1).map(blob => blob.sha256)))
      expect(await near.to.store.stat(missing.sha256)).toBeNull()
    })

    it('counts those that it has already, when they are fresh', async () => {
      await put(near.to.store, BODIES[0] as Buffer)
      const before = await near.to.store.stat(blobs[0]?.sha256 ?? '')
      expect(await near.to.store.copyFrom(near.from.store, blobs.slice(0, 1), copying([], 0))).toEqual(new Set([blobs[0]?.sha256]))
      expect(await near.to.store.stat(blobs[0]?.sha256 ?? '')).toEqual(before)
    })

    it('lives on when the other store deletes its own', async () => {
      await near.to.store.copyFrom(near.from.store, blobs, copying())
      for (const { sha256: digest } of blobs) await near.from.store.delete(digest, Number.MAX_SAFE_INTEGER)
      for (const { sha256: digest } of blobs) expect(await near.to.store.verify(digest)).toBe(true)
    })

    it('refuses stores out of its reach', async () => {
      await expect(near.to.store.copyFrom(await outOfReach(), blobs, copying())).rejects.toMatchObject({ code: 'unsupported' })
    })

    it('takes nothing when it is told to stop', async () => {
      const stopped = { ...copying(), signal: AbortSignal.abort() }
      const here = await near.to.store.copyFrom(near.from.store, blobs.slice(2), stopped).catch((error: unknown) => error)
      expect(here).toBeInstanceOf(Error)
      expect(await near.to.store.stat(blobs[2]?.sha256 ?? '')).toBeNull()
    })
  })
}
