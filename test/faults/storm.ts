import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { Readable } from 'node:stream'
import { isWaybillError } from '../../src/model/errors.ts'
import type { SubmitItem } from '../../src/model/job.ts'
import type { BlobStore } from '../../src/ports/blob-store.ts'
import { openDirectoryPlace } from '../../src/stores/directory/directory-place.ts'
import { systemClock } from '../../src/system/clock.ts'
import { ALICE, command, openHouse, put, type House } from '../unit/engine/house.ts'
import type { Random } from '../support/random.ts'
import { faultyPlace } from './faulty-place.ts'
import { faultyStore } from './faulty-store.ts'
import type { Injector } from './injector.ts'

/** Files there are in the beginning, and what they weigh: empty ones, small ones, and some of several reads. */
const FILES = 7
const SIZES = [0, 1, 100, 5_000, 70_000, 400_000]
const JOBS = 7
const PART_BYTES = 1_000
/** Longer than any of it takes in virtual time. */
const RETENTION_MS = 365 * 24 * 3600 * 1000

/** A job, and the bytes that each of its items is to bring. */
export interface StormJob {
  readonly id: string
  readonly kind: 'copy' | 'move' | 'delete'
  readonly items: readonly { readonly item: SubmitItem; readonly bytes: string }[]
}

/** An engine whose stores and place fail, what it is asked to do meanwhile, and what it has acknowledged. */
export class Storm {
  readonly house: House
  readonly jobs: StormJob[] = []
  /** Bytes of files whose upload was acknowledged, by their path in `near`. */
  readonly uploaded = new Map<string, string>()
  /** The stores as they are, behind the faults. */
  readonly real: readonly BlobStore[]
  readonly #faults: Injector
  readonly #random: Random
  readonly #directory: string
  /** What lies in `near` and in the attached `out`. */
  readonly #near = new Map<string, string>()
  readonly #out = new Map<string, string>()
  /** Of the attached directory, for deletions alone: what a copy reads must not go meanwhile. */
  readonly #toGo: string[] = []
  #names = 0

  private constructor(house: House, real: readonly BlobStore[], directory: string, parts: { faults: Injector; random: Random }) {
    this.house = house
    this.real = real
    this.#directory = directory
    this.#faults = parts.faults
    this.#random = parts.random
  }

  static async open(faults: Injector, random: Random): Promise<Storm> {
    const directory = await mkdtemp(join(tmpdir(), 'waybill-storm-'))
    const place = openDirectoryPlace({ name: 'place', directory, readonly: false, clock: systemClock })
    const real: BlobStore[] = []
    const wrap = (store: BlobStore): BlobStore => {
      real.push(store)
      return faultyStore(store, faults)
    }
    const house = await openHouse({ wrap, more: ['far'], places: [faultyPlace(place, faults)] })
    const storm = new Storm(house, real, directory, { faults, random })
    await storm.#fill()
    return storm
  }

  async close(): Promise<void> {
    await this.house.close()
    await rm(this.#directory, { recursive: true })
  }

  async #fill(): Promise<void> {
    const { collections } = this.house.engine
    await collections.create(ALICE, { id: 'near' })
    await collections.create(ALICE, { id: 'far', store: 'far' })
    await collections.create(ALICE, { id: 'out', store: 'place' })
    for (let n = 0; n < FILES; n++) {
      await this.#source()
      await this.#theirs(`theirs/${n}`)
    }
    for (let n = 0; n < 2 * JOBS; n++) {
      await this.#theirs(`to go/${n}`)
      this.#toGo.push(`to go/${n}`)
    }
  }

  /** A file that somebody else has put into the attached directory. */
  async #theirs(path: string): Promise<void> {
    this.#out.set(path, this.#text())
    await mkdir(dirname(join(this.#directory, path)), { recursive: true })
    await writeFile(join(this.#directory, path), this.#out.get(path) as string)
  }

  async #source(): Promise<string> {
    const path = `source/${++this.#names}`
    this.#near.set(path, this.#text())
    await put(this.house, 'near', path, this.#near.get(path))
    return path
  }

  #text(): string {
    const size = this.#random.pick(SIZES)
    // some files are alike
    return `${this.#random.chance(0.2) ? 0 : ++this.#names} `.padEnd(size, 'abcdefg').slice(0, size)
  }

  /** Jobs and uploads, while everything fails; ends when all of them have. */
  async run(): Promise<void> {
    const own: string[][] = []
    for (let n = 0; n < JOBS; n++) own.push([await this.#source(), await this.#source()])
    this.#faults.begin()
    const uploads = Promise.all([...Array(4).keys()].map(n => (n % 2 === 0 ? this.#upload(n) : this.#uploadInParts(n))))
    for (const sources of own) await this.#submit(sources)
    await this.passUntil(Promise.all([uploads, this.finished()]))
  }

  async #submit(own: readonly string[]): Promise<void> {
    const kind = this.#random.pick(['copy', 'copy', 'copy', 'copy', 'move', 'delete'] as const)
    const from = kind === 'delete' ? 'out' : kind === 'move' ? 'near' : this.#random.pick(['near', 'near', 'out'])
    const to = this.#random.pick(kind === 'move' ? ['near', 'far'] : ['near', 'far', 'far', 'out'])
    const files = from === 'near' ? this.#near : this.#out
    const paths = kind === 'move' ? own : kind === 'delete' ? this.#toGo.splice(0, 2) : [...files.keys()].slice(0, this.#random.between(1, FILES))
    const name = ++this.#names
    const items = paths.map(path => {
      const source = { collection: from, path }
      const item: SubmitItem = kind === 'delete' ? { source } : { source, destination: { collection: to, path: `job-${name}/${path}` } }
      return { item, bytes: files.get(path) as string }
    })
    const options = { kind, retentionMs: RETENTION_MS, verify: this.#random.pick(['none', 'digest'] as const) }
    const { job } = await this.house.engine.jobs.submit(ALICE, command({ ...options, items: items.map(({ item }) => item) }))
    this.jobs.push({ id: job.id, kind, items })
  }

  async #upload(n: number): Promise<void> {
    const path = `upload/${n}`
    const text = `upload ${this.#text()}`
    await this.#persisted(() => put(this.house, 'near', path, text))
    this.uploaded.set(path, text)
  }

  async #uploadInParts(n: number): Promise<void> {
    const path = `upload/${n}`
    const bytes = Buffer.from(`parts ${this.#text()}`.slice(0, 9 * PART_BYTES))
    const { uploads } = this.house.engine
    const { id } = await this.#persisted(() => uploads.start(ALICE, { collection: 'near', path, size: bytes.length, partSize: PART_BYTES }))
    for (let isDone = false; !isDone;) {
      for (let at = 0, number = 1; at < bytes.length; at += PART_BYTES, number++)
        await this.#persisted(() => uploads.putPart(ALICE, id, number, Readable.from([bytes.subarray(at, at + PART_BYTES)], { objectMode: false })))
      isDone = await this.#persisted(() => this.#complete(id))
    }
    this.uploaded.set(path, bytes.toString())
  }

  /** False when parts have to be sent again. */
  async #complete(id: string): Promise<boolean> {
    try {
      await this.house.engine.uploads.complete(ALICE, id)
      return true
    } catch (error) {
      if (!isWaybillError(error, 'digest_mismatch')) throw error
      return false
    }
  }

  /** As a client does: what could not be done just now is asked for again. Any other answer is a fault. */
  async #persisted<T>(call: () => Promise<T>): Promise<T> {
    for (;;) {
      try {
        return await call()
      } catch (error) {
        if (!isWaybillError(error, 'unavailable') && !isWaybillError(error, 'out_of_space')) throw error
      }
    }
  }

  /** Resolves when every job is finished; time has to pass meanwhile. */
  async finished(): Promise<void> {
    for (const { id } of this.jobs) await this.house.engine.jobs.wait(ALICE, id, Number.MAX_SAFE_INTEGER)
  }

  passUntil<T>(promise: Promise<T>): Promise<T> {
    return this.house.clock.passUntil(promise, 1_000)
  }

  /** The bytes of a file of the attached directory; null: there is none. */
  placed(path: string): Promise<string | null> {
    return readFile(join(this.#directory, path), 'utf8').catch((error: unknown) => {
      if (error instanceof Error && 'code' in error && ['ENOENT', 'ENOTDIR'].includes(String(error.code))) return null
      throw error
    })
  }
}
