import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { Readable } from 'node:stream'
import { isWaybillError } from '../../src/model/errors.ts'
import type { SubmittedJob } from '../../src/engine/api.ts'
import type { Caller } from '../../src/model/access.ts'
import type { SubmitItem, SubmitJob } from '../../src/model/job.ts'
import type { BlobStore } from '../../src/ports/blob-store.ts'
import { ALICE, command, put, type House } from '../unit/engine/house.ts'
import type { Random } from '../support/random.ts'
import { Asking } from './asking.ts'

/** Files there are in the beginning, and what they weigh: empty ones, small ones, and some of several reads. */
const FILES = 7
const SIZES = [0, 1, 100, 5_000, 70_000, 400_000]
const JOBS = 7
const PART_BYTES = 1_000
/** Longer than any of it takes in virtual time. */
const RETENTION_MS = 365 * 24 * 3600 * 1000

/** What a storm goes over: the nodes of a ledger with the stores `local`, `far` and the place `place`. */
export interface Stage {
  readonly houses: readonly House[]
  /** The stores as they are, behind any faults. */
  readonly real: readonly BlobStore[]
  /** What `place` is. */
  readonly directory: string
  /** Virtual time passes in steps of so many milliseconds, a real one and more for each. */
  readonly stepMs: number
  close(): Promise<void>
}

/** A job, and the bytes that each of its items is to bring. */
export interface StormJob {
  readonly id: string
  /** The request, with its idempotency key. */
  readonly submit: (caller: Caller) => Promise<SubmittedJob>
  /** The collections that it names. */
  readonly collections: ReadonlySet<string>
  readonly kind: 'copy' | 'move' | 'delete'
  readonly items: readonly { readonly item: SubmitItem; readonly bytes: string }[]
}

/** Engines over something that fails, what they are asked to do meanwhile, and what they have acknowledged. */
export class Storm {
  readonly stage: Stage
  readonly jobs: StormJob[] = []
  /** Bytes of files whose upload was acknowledged, by their path in `near`. */
  readonly uploaded = new Map<string, string>()
  readonly asking = new Asking()
  readonly #random: Random
  /** What lies in `near` and in the attached `out`. */
  readonly #near = new Map<string, string>()
  readonly #out = new Map<string, string>()
  /** Of the attached directory, for deletions alone: what a copy reads must not go meanwhile. */
  readonly #toGo: string[] = []
  #names = 0

  private constructor(stage: Stage, random: Random) {
    this.stage = stage
    this.#random = random
  }

  static async over(stage: Stage, random: Random): Promise<Storm> {
    const storm = new Storm(stage, random)
    await storm.#fill()
    return storm
  }

  /** The first node, which the checks ask. */
  get house(): House {
    return this.stage.houses[0] as House
  }

  /** Any node. */
  anywhere(): House {
    return this.#random.pick(this.stage.houses)
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
    await mkdir(dirname(join(this.stage.directory, path)), { recursive: true })
    await writeFile(join(this.stage.directory, path), this.#out.get(path) as string)
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

  /** Jobs and uploads, and whatever `more` there is, while everything fails from `begin` on; ends when all of them have. */
  async run(faults: { begin(): void }, more: () => Promise<void> = () => Promise.resolve()): Promise<void> {
    const own: string[][] = []
    for (let n = 0; n < JOBS; n++) own.push([await this.#source(), await this.#source()])
    faults.begin()
    const uploads = Promise.all([...Array(4).keys()].map(n => (n % 2 === 0 ? this.#upload(n) : this.#uploadInParts(n))))
    const others = more()
    await this.passUntil(this.#submitAll(own))
    await this.passUntil(Promise.all([uploads, others, this.finished()]))
  }

  async #submitAll(own: readonly (readonly string[])[]): Promise<void> {
    for (const sources of own) await this.#submit(sources)
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
    await this.#submitOnce(`key-${name}`, kind, items, command({ ...options, items: items.map(({ item }) => item) }))
  }

  /** One job, also where it is asked for twice at once. */
  async #submitOnce(key: string, kind: StormJob['kind'], items: StormJob['items'], wish: SubmitJob): Promise<void> {
    const submit: StormJob['submit'] = caller => this.anywhere().engine.jobs.submit(caller, wish, { idempotency: { key, fingerprint: key } })
    const collections = new Set(items.flatMap(({ item: { source, destination } }) => [source, destination ?? source].map(({ collection }) => collection)))
    const asked = Array.from({ length: this.#random.chance(0.3) ? 2 : 1 }, () => this.asking.ask(submit, ({ replayed }) => (replayed ? 0 : collections.size)))
    const ids = new Set((await Promise.all(asked)).map(({ job }) => job.id))
    for (const id of ids) this.jobs.push({ id, submit, collections, kind, items })
    if (ids.size > 1) throw new Error(`one key made several jobs: ${[...ids].join(', ')}`)
  }

  async #upload(n: number): Promise<void> {
    const path = `upload/${n}`
    const text = `upload ${this.#text()}`
    await this.asking.ask(
      caller => put(this.anywhere(), 'near', path, text, caller),
      () => 1,
    )
    this.uploaded.set(path, text)
  }

  async #uploadInParts(n: number): Promise<void> {
    const path = `upload/${n}`
    const bytes = Buffer.from(`parts ${this.#text()}`.slice(0, 9 * PART_BYTES))
    const wish = { collection: 'near', path, size: bytes.length, partSize: PART_BYTES }
    const { id } = await this.#unrecorded(caller => this.anywhere().engine.uploads.start(caller, wish))
    for (let isDone = false; !isDone;) {
      for (let at = 0, number = 1; at < bytes.length; at += PART_BYTES, number++) {
        const part = (): Readable => Readable.from([bytes.subarray(at, at + PART_BYTES)], { objectMode: false })
        await this.#unrecorded(caller => this.anywhere().engine.uploads.putPart(caller, id, number, part()))
      }
      isDone = await this.asking.ask(caller => this.#complete(caller, id), Number)
    }
    this.uploaded.set(path, bytes.toString())
  }

  #unrecorded<T>(call: (caller: Caller) => Promise<T>): Promise<T> {
    return this.asking.ask(call, () => 0)
  }

  /** False when parts have to be sent again. */
  async #complete(caller: Caller, id: string): Promise<boolean> {
    try {
      await this.anywhere().engine.uploads.complete(caller, id)
      return true
    } catch (error) {
      if (!isWaybillError(error, 'digest_mismatch')) throw error
      return false
    }
  }

  /** Resolves when every job is finished; time has to pass meanwhile. */
  async finished(): Promise<void> {
    for (const { id } of this.jobs) await this.#unrecorded(caller => this.anywhere().engine.jobs.wait(caller, id, Number.MAX_SAFE_INTEGER))
  }

  passUntil<T>(promise: Promise<T>, stepMs = this.stage.stepMs): Promise<T> {
    return this.house.clock.passUntil(promise, stepMs)
  }

  /** The bytes of a file of the attached directory; null: there is none. */
  placed(path: string): Promise<string | null> {
    return readFile(join(this.stage.directory, path), 'utf8').catch((error: unknown) => {
      if (error instanceof Error && 'code' in error && ['ENOENT', 'ENOTDIR'].includes(String(error.code))) return null
      throw error
    })
  }
}
