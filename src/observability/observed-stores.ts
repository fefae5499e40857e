import type { Readable } from 'node:stream'
import { isWaybillError } from '../model/errors.ts'
import type { Blob, BlobSource, BlobStore, ByteRange, PutExpectations, StoreCapabilities, StoredBlob, TakeOptions } from '../ports/blob-store.ts'
import type { Observer, StoreOperation } from '../ports/observer.ts'
import type { Place, PlacedFile, PlacePage, PlaceQuery, Publication, Published, Removal, Removed, Staged } from '../ports/place.ts'

/** It is asked whether two stores have a way in common; and work ends when its lease is lost. */
const NO_FAILURES: ReadonlySet<string> = new Set(['unsupported', 'stale_lease'])

/** The parts that stores and places have in common: what is told of work with one of them. */
class Watched {
  readonly name: string
  readonly #observer: Observer

  constructor(name: string, observer: Observer) {
    this.name = name
    this.#observer = observer
  }

  /** Short work: only its failure is told. */
  protected async tell<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } catch (error) {
      this.failed(error)
      throw error
    }
  }

  /** Work with many bytes: its duration is told, too. */
  protected during<T>(operation: StoreOperation, work: () => Promise<T>, from?: string): Promise<T> {
    const activity = { name: 'store', store: this.name, operation, ...(from === undefined ? {} : { from }) } as const
    return this.tell(() => this.#observer.during(activity, work))
  }

  protected failed(error: unknown): void {
    if (error instanceof Error && error.name === 'AbortError') return
    const code = isWaybillError(error) ? error.code : 'internal'
    if (!NO_FAILURES.has(code)) this.#observer.storeFailed(this.name, code)
  }

  protected moved(way: 'written' | 'copied', bytes: number): void {
    if (bytes > 0) this.#observer.moved(this.name, way, bytes)
  }

  /**
   * The body, whose bytes are counted while it is filled and told at its end. `push` is what every readable stream is filled by: a stream in between, or a
   * listener, would cost more and take its pace from the reader.
   */
  protected counted(body: Readable): Readable {
    let bytes = 0
    const push = body.push
    body.push = function (this: Readable, chunk: unknown, encoding?: BufferEncoding): boolean {
      if (chunk instanceof Uint8Array) bytes += chunk.byteLength
      return push.call(this, chunk, encoding)
    }
    body.once('close', () => this.#observer.moved(this.name, 'read', bytes))
    body.once('error', (error: unknown) => this.failed(error))
    return body
  }
}

class ObservedBlobStore extends Watched implements BlobStore {
  readonly shared: boolean
  readonly capabilities: StoreCapabilities
  readonly #store: BlobStore

  constructor(store: BlobStore, observer: Observer) {
    super(store.name, observer)
    this.shared = store.shared
    this.capabilities = store.capabilities
    this.#store = store
  }

  async put(body: Readable, expect?: PutExpectations): Promise<Blob> {
    const blob = await this.during('put', () => this.#store.put(body, expect))
    this.moved('written', blob.size)
    return blob
  }

  async receive(source: BlobSource, options: Omit<TakeOptions, 'slot'>): Promise<void> {
    await this.during('receive', () => this.#store.receive(source, options))
    this.moved('written', source.size)
  }

  async copyFrom(other: BlobStore, blobs: readonly Blob[], options: TakeOptions): Promise<ReadonlySet<string>> {
    // a store knows another of its kind by what is inside of it
    const inner = other instanceof ObservedBlobStore ? other.#store : other
    const here = await this.during('copy', () => this.#store.copyFrom(inner, blobs, options), other.name)
    this.moved(
      'copied',
      blobs.reduce((sum, { sha256, size }) => (here.has(sha256) ? sum + size : sum), 0),
    )
    return here
  }

  async get(sha256: string, range?: ByteRange): Promise<Readable> {
    return this.counted(await this.tell(() => this.#store.get(sha256, range)))
  }

  stat(sha256: string): Promise<StoredBlob | null> {
    return this.tell(() => this.#store.stat(sha256))
  }

  verify(sha256: string): Promise<boolean> {
    return this.during('verify', () => this.#store.verify(sha256))
  }

  list(): AsyncIterable<StoredBlob> {
    return this.#store.list()
  }

  delete(sha256: string, unlessPutSince: number): Promise<boolean> {
    return this.tell(() => this.#store.delete(sha256, unlessPutSince))
  }

  sweepUnfinished(before: number, resumableBefore?: number): Promise<number> {
    return this.tell(() => this.#store.sweepUnfinished(before, resumableBefore))
  }

  health(): Promise<void> {
    return this.tell(() => this.#store.health())
  }
}

class ObservedPlace extends Watched implements Place {
  readonly readonly: boolean
  readonly shared: boolean
  readonly #place: Place

  constructor(place: Place, observer: Observer) {
    super(place.name, observer)
    this.readonly = place.readonly
    this.shared = place.shared
    this.#place = place
  }

  list(query: PlaceQuery): Promise<PlacePage> {
    return this.tell(() => this.#place.list(query))
  }

  stat(paths: readonly string[]): Promise<readonly (PlacedFile | null | undefined)[]> {
    return this.tell(() => this.#place.stat(paths))
  }

  marked(path: string, mark: string): Promise<PlacedFile | null> {
    return this.tell(() => this.#place.marked(path, mark))
  }

  async open(path: string, stamp: string, range?: ByteRange): Promise<Readable> {
    return this.counted(await this.tell(() => this.#place.open(path, stamp, range)))
  }

  async stage(body: Readable, expect: PutExpectations): Promise<Staged> {
    const staged = await this.during('put', () => this.#place.stage(body, expect))
    this.moved('written', staged.size)
    return staged
  }

  async stageCopy(source: Place, file: Pick<PlacedFile, 'path' | 'size' | 'stamp'>): Promise<Staged | null> {
    const inner = source instanceof ObservedPlace ? source.#place : source
    const staged = await this.during('copy', () => this.#place.stageCopy(inner, file), source.name)
    this.moved('copied', staged?.size ?? 0)
    return staged
  }

  async publish(publications: readonly Publication[], mayGoOn: () => boolean): Promise<readonly Published[]> {
    const published = await this.during('publish', () => this.#place.publish(publications, mayGoOn))
    for (const one of published) if ('error' in one) this.failed(one.error)
    return published
  }

  async remove(removals: readonly Removal[], mayGoOn: () => boolean): Promise<readonly Removed[]> {
    const removed = await this.tell(() => this.#place.remove(removals, mayGoOn))
    for (const one of removed) if (one !== null) this.failed(one.error)
    return removed
  }

  discard(staged: Staged): Promise<void> {
    return this.tell(() => this.#place.discard(staged))
  }

  sweepUnfinished(before: number): Promise<number> {
    return this.tell(() => this.#place.sweepUnfinished(before))
  }

  health(): Promise<void> {
    return this.tell(() => this.#place.health())
  }
}

/** The store, of which the observer hears: bytes, durations, failures. Passes `test/contracts/blob-store` as the store does. */
export function observedStore(store: BlobStore, observer: Observer): BlobStore {
  return new ObservedBlobStore(store, observer)
}

/** The place, likewise. */
export function observedPlace(place: Place, observer: Observer): Place {
  return new ObservedPlace(place, observer)
}
