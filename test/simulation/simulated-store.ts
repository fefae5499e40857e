import { Readable } from 'node:stream'
import { hash } from 'node:crypto'
import { WaybillError } from '../../src/model/errors.ts'
import type { BlobStore, StoredBlob } from '../../src/ports/blob-store.ts'
import type { Random } from '../support/random.ts'
import type { Schedule, SimulatedProcess } from './schedule.ts'

/** The slowest answer, in milliseconds: about as long as a lease, so that one who stood still finds another at its work. */
const SLOW_MS = 12_000

/** What is in a store, for all processes. */
export class SimulatedBytes {
  readonly name: string
  readonly blobs = new Map<string, { bytes: Buffer; putAt: number }>()

  readonly #random: Random

  constructor(name: string, random: Random) {
    this.name = name
    this.#random = random
  }

  put(bytes: Buffer, now: number): string {
    const sha256 = hash('sha256', bytes)
    this.blobs.set(sha256, { bytes, putAt: now })
    return sha256
  }

  /** One process's way to the store: every call is a step, and one that publishes is two. */
  storeOf(process: SimulatedProcess, schedule: Schedule): BlobStore {
    const { name, blobs } = this
    const clock = schedule.clock(process)
    const step = async <T>(what: string, run: () => T): Promise<T> => {
      if (this.#random.chance(0.2)) await clock.sleep(this.#random.between(1, SLOW_MS))
      return schedule.step(process, `${name}.${what}`, run)
    }
    const stat = (sha256: string): StoredBlob | null => {
      const blob = blobs.get(sha256)
      return blob === undefined ? null : { sha256, size: blob.bytes.length, putAt: blob.putAt }
    }
    const missing = (): never => {
      throw new WaybillError('unsupported', 'jobs need no such call')
    }
    return {
      name,
      shared: true,
      capabilities: { serverSideCopy: false, link: false },
      put: async (body, { size, maxSize } = {}) => {
        const bytes = Buffer.concat(await body.toArray())
        if (maxSize !== undefined && bytes.length > maxSize) throw new WaybillError('body_too_large', 'simulated: too many bytes')
        if (size !== undefined && bytes.length !== size) throw new WaybillError('incomplete_body', 'simulated: too few bytes')
        return { sha256: await step('put', () => this.put(bytes, schedule.now)), size: bytes.length }
      },
      copyFrom: missing,
      receive: async ({ sha256, size, open }, { unlessPutSince }) => {
        const there = await step('stat', () => stat(sha256))
        if (there !== null && there.putAt >= unlessPutSince) return
        const bytes = Buffer.concat(await (await open(0)).toArray())
        if (bytes.length !== size || hash('sha256', bytes) !== sha256) throw new WaybillError('digest_mismatch', 'simulated: other bytes')
        await step('publish', () => this.put(bytes, schedule.now))
      },
      get: (sha256, range) =>
        step('get', () => {
          const blob = blobs.get(sha256)
          if (blob === undefined) throw new WaybillError('entry_not_found', 'simulated: no such blob')
          return Readable.from([blob.bytes.subarray(range?.start ?? 0, range?.end)])
        }),
      stat: sha256 => step('stat', () => stat(sha256)),
      verify: sha256 =>
        step('verify', () => {
          const blob = blobs.get(sha256)
          return blob !== undefined && hash('sha256', blob.bytes) === sha256
        }),
      list: async function* list() {
        const all = await step('list', () => [...blobs.keys()].map(stat))
        for (const blob of all) if (blob !== null) yield blob
      },
      delete: (sha256, unlessPutSince) =>
        step('delete', () => {
          const there = stat(sha256)
          if (there !== null && there.putAt < unlessPutSince) blobs.delete(sha256)
          return !blobs.has(sha256)
        }),
      sweepUnfinished: () => step('sweepUnfinished', () => 0),
      health: () => step('health', () => undefined),
    }
  }
}
