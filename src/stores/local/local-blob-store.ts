import { randomUUID } from 'node:crypto'
import { mkdirSync, renameSync, statSync, unlinkSync, type Stats } from 'node:fs'
import { mkdir, open, opendir, stat, unlink, writeFile, type FileHandle } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { Readable } from 'node:stream'
import { WaybillError } from '../../model/errors.ts'
import type { Blob, BlobSource, BlobStore, ByteRange, PutExpectations, StoredBlob, TakeOptions } from '../../ports/blob-store.ts'
import type { Clock } from '../../ports/clock.ts'
import { BodyMeter, bodyChunks } from '../body-meter.ts'
import { checkDigest, checkRange } from '../digest.ts'
import { OneAtATime } from '../one-at-a-time.ts'
import { isThere, putWhole } from '../receiving.ts'
import { DirectorySync } from './directory-sync.ts'
import { errnoOf, fileError, unlessMissing } from '../file-errors.ts'
import { digestOfFile } from './file-digest.ts'
import { link, whole } from './links.ts'
import { goOn } from './resumed-file.ts'
import { digestIn, isResumable, leaveToOthers, ownResumedFile } from './resumed-names.ts'
import { UnfinishedFile } from '../unfinished-file.ts'

export interface LocalStoreOptions {
  /** The store's name, as collections and errors call it. */
  readonly name: string
  /** Made when missing. Everything beneath it belongs to the store. */
  readonly directory: string
  /** True when other processes have the same directory (default: false). */
  readonly shared?: boolean
  /** Gives each put its time. */
  readonly clock: Clock
  /** Shorter known blobs begin anew when they break off: what going on gains is less than the look at what is there. Tests lower it. */
  readonly resumedBytes?: number
}

const SHARD = /^[0-9a-f]{2}$/
const REST = /^[0-9a-f]{62}$/
/** Four times the default: each read is a trip to the thread pool and back, and large files need many. */
const READ_BYTES = 256 * 1024
const RESUMED_BYTES = 8 * 1024 * 1024

/** Opens the store in its directory, making what is missing. Throws `unavailable` or `out_of_space` when that cannot be done. */
export async function openLocalBlobStore(options: LocalStoreOptions): Promise<BlobStore> {
  const store = new LocalBlobStore(options)
  await store.prepare()
  return store
}

/**
 * Blobs in a local directory.
 *
 *     blobs/<first 2 hex>/<other 62 hex>   whole, durable blobs; 256 shards keep directories small; the file's mtime is when it was last put
 *     tmp/<uuid>                           bytes of puts that are not finished; whatever a crash leaves here is swept
 *     tmp/<64 hex>                         those of a known blob, which the next try goes on with
 *
 * A put writes under tmp/, checks, fsyncs the file, renames it onto its final name (also over the same blob: that renews its age and heals
 * a damaged one) and fsyncs the directory. Check-and-delete of a sweep and the renewal of a put are each one tick of this process, so that
 * neither falls into the middle of the other. Where other processes put, too, a blob is taken out of the way before it is looked at.
 */
export class LocalBlobStore implements BlobStore {
  readonly name: string
  readonly shared: boolean
  readonly capabilities = { serverSideCopy: false, link: true }
  readonly #blobs: string
  readonly #temporary: string
  readonly #clock: Clock
  readonly #resumedBytes: number
  readonly #directories = new DirectorySync()
  /** Shards whose own names are known to be durable. Of one that is there that is not known: another put may have made it just now, or a server that was killed. */
  readonly #durable = new Set<string>()
  readonly #receiving = new OneAtATime()
  /** Temporary names of puts that run now: never swept, however long they take. */
  readonly #unfinished = new Set<string>()

  constructor(options: LocalStoreOptions) {
    this.name = options.name
    this.shared = options.shared ?? false
    this.#blobs = join(resolve(options.directory), 'blobs')
    this.#temporary = join(resolve(options.directory), 'tmp')
    this.#clock = options.clock
    this.#resumedBytes = options.resumedBytes ?? RESUMED_BYTES
  }

  async prepare(): Promise<void> {
    await this.#files(async () => {
      for (const directory of [this.#blobs, this.#temporary]) {
        const topmost = await mkdir(directory, { recursive: true })
        // also where it was there: whoever made it may have been killed before its name was durable
        await this.#syncUp(dirname(directory), dirname(topmost ?? directory))
      }
    })
  }

  /** Makes durable what was newly made in a directory and those above it, up to `top`. */
  async #syncUp(directory: string, top: string): Promise<void> {
    await this.#directories.sync(directory)
    if (directory.length > top.length) await this.#syncUp(dirname(directory), top)
  }

  /** Never destroys `body`: after a refusal the caller does, or lets its connection answer first. */
  async put(body: Readable, expect: PutExpectations = {}): Promise<Blob> {
    const meter = new BodyMeter(expect)
    const name = randomUUID()
    const file = new UnfinishedFile(join(this.#temporary, name))
    this.#unfinished.add(name)
    return this.#files(async () => {
      try {
        for await (const chunk of bodyChunks(body)) {
          meter.add(chunk)
          const written = file.write(chunk)
          if (written !== null) await written
        }
        const blob = meter.finish()
        await this.#publish(file, blob.sha256)
        return blob
      } finally {
        await file.close()
        this.#unfinished.delete(name)
      }
    })
  }

  async receive(source: BlobSource, { unlessPutSince, signal, onProgress }: Omit<TakeOptions, 'slot'>): Promise<void> {
    checkDigest(source.sha256)
    await this.#receiving.run(source.sha256, async () => {
      if (isThere(await this.stat(source.sha256), source, unlessPutSince)) return this.#files(() => this.#syncShards([source.sha256]))
      if (source.size <= this.#resumedBytes) return putWhole(this, source)
      const go = (path: string): Promise<void> =>
        goOn({
          ...{ store: this.name, path, source, signal },
          onProgress: bytes => onProgress?.(source.sha256, bytes),
          publish: (file, { sha256 }) => this.#publish(file, sha256),
        })
      await this.#files(() => (this.shared ? this.#goOnBesideOthers(source.sha256, go) : go(join(this.#temporary, source.sha256))))
    })
  }

  async #goOnBesideOthers(sha256: string, go: (path: string) => Promise<void>): Promise<void> {
    const own = await ownResumedFile(this.#temporary, sha256, this.#clock.now())
    try {
      await go(own)
    } finally {
      await leaveToOthers(own, this.#clock.now())
    }
  }

  /** By links: see docs/decisions/0032-copies-within-one-service.md. The bytes are hashed all the same, so that damage does not spread. */
  async copyFrom(other: BlobStore, blobs: readonly Blob[], options: TakeOptions): Promise<ReadonlySet<string>> {
    if (!(#blobs in other)) throw new WaybillError('unsupported', `the store "${this.name}" takes links from local stores only; "${other.name}" is none`)
    return this.#files(async () => {
      if (statSync(this.#blobs).dev !== statSync(other.#blobs).dev)
        throw new WaybillError('unsupported', `the store "${this.name}" is on another file system than "${other.name}": there are no links between them`)
      const there = new Set(blobs.filter(blob => this.#isThere(blob, options.unlessPutSince)).map(({ sha256 }) => sha256))
      const path = (sha256: string): string => other.#path(sha256)
      const good = await whole(
        blobs.filter(({ sha256 }) => !there.has(sha256)),
        path,
        options,
      )
      const temporary = join(this.#temporary, randomUUID())
      const linked = good.filter(sha256 => link({ from: path(sha256), to: this.#path(sha256), temporary, now: this.#clock.now() }))
      const here = new Set([...there, ...linked])
      await this.#syncShards(here) // also of what was there: another turn may be about to make that durable
      return here
    })
  }

  async get(sha256: string, range?: ByteRange): Promise<Readable> {
    return this.#files(async () => {
      const handle = await this.#openBlob(sha256)
      try {
        if (range !== undefined) checkRange(range, (await handle.stat()).size)
        if (range === undefined) return handle.createReadStream({ highWaterMark: READ_BYTES })
        if (range.start < range.end) return handle.createReadStream({ start: range.start, end: range.end - 1, highWaterMark: READ_BYTES })
      } catch (error) {
        await handle.close()
        throw error
      }
      await handle.close()
      return Readable.from([], { objectMode: false }) // an empty range: read streams cannot express it
    })
  }

  async stat(sha256: string): Promise<StoredBlob | null> {
    return this.#files(async () => {
      const found = await unlessMissing(stat(this.#path(sha256)))
      return found === null ? null : { sha256, size: found.size, putAt: putAtOf(found) }
    })
  }

  async verify(sha256: string): Promise<boolean> {
    return this.#files(async () => (await unlessMissing(digestOfFile(this.#path(sha256)))) === sha256)
  }

  async *list(): AsyncIterable<StoredBlob> {
    try {
      for await (const shard of await opendir(this.#blobs)) {
        if (SHARD.test(shard.name)) yield* this.#listShard(shard.name)
      }
    } catch (error) {
      throw fileError(error, this.name)
    }
  }

  async delete(sha256: string, unlessPutSince: number): Promise<boolean> {
    const path = this.#path(sha256)
    return this.#files(async () => {
      if (this.shared) return this.#deleteBesideOthers(path, unlessPutSince)
      // Looking and deleting are one tick: a put of the same bytes in this process renames before the look, which then spares the blob,
      // or after the deletion, which then makes it anew. With an await between them a blob just put again could be deleted.
      const found = statSync(path, { throwIfNoEntry: false })
      if (found === undefined) return true
      if (putAtOf(found) >= unlessPutSince) return false
      unlinkSync(path)
      return true // not fsynced: a blob that a power cut brings back is an orphan that the next sweep finds again
    })
  }

  /**
   * Another process may put the same bytes between a look and the deletion. So the blob goes under a temporary name first, where nobody renews it, and back to
   * its own when it was put since. All in one tick: nobody misses it for longer than two renames take.
   */
  #deleteBesideOthers(path: string, unlessPutSince: number): boolean {
    const aside = join(this.#temporary, randomUUID())
    try {
      renameSync(path, aside)
    } catch (error) {
      if (errnoOf(error) === 'ENOENT') return true
      throw error
    }
    if (putAtOf(statSync(aside)) >= unlessPutSince) {
      renameSync(aside, path)
      return false
    }
    unlinkSync(aside)
    return true
  }

  async sweepUnfinished(before: number, resumableBefore = before): Promise<number> {
    return this.#files(async () => {
      let swept = 0
      for await (const { name } of await opendir(this.#temporary)) {
        const path = join(this.#temporary, name)
        if (this.#unfinished.has(name) || this.#receiving.has(digestIn(name))) continue
        const found = await unlessMissing(stat(path))
        if (found === null || found.mtimeMs >= (isResumable(name) ? resumableBefore : before)) continue
        await unlessMissing(unlink(path)) // another process may sweep, too
        swept += 1
      }
      return swept
    })
  }

  async health(): Promise<void> {
    const name = randomUUID()
    const probe = join(this.#temporary, name)
    this.#unfinished.add(name)
    try {
      await stat(this.#blobs)
      await writeFile(probe, 'probe')
      await unlink(probe)
    } catch (error) {
      throw new WaybillError('unavailable', `the store "${this.name}" does not take files (${errnoOf(error) ?? 'unexpected error'})`, {}, { cause: error })
    } finally {
      this.#unfinished.delete(name)
    }
  }

  async #publish(file: UnfinishedFile, sha256: string): Promise<void> {
    await file.publish(
      () => this.#clock.now(),
      // Synchronous on purpose, see `delete`.
      from => renameMakingDirectory(from, this.#path(sha256)),
    )
    // When this fails the put fails, but the blob stays: it is whole, and deleting it could take away the same blob of an earlier put.
    await this.#syncShards([sha256])
  }

  #isThere({ sha256, size }: Blob, since: number): boolean {
    const found = statSync(this.#path(sha256), { throwIfNoEntry: false })
    return found?.size === size && putAtOf(found) >= since
  }

  /** Makes durable the names of these blobs, and of their shards: each directory once. */
  async #syncShards(digests: Iterable<string>): Promise<void> {
    const shards = new Set(Array.from(digests, sha256 => dirname(this.#path(sha256))))
    await Promise.all([...shards].map(shard => this.#directories.sync(shard)))
    if ([...shards].every(shard => this.#durable.has(shard))) return
    await this.#directories.sync(this.#blobs)
    for (const shard of shards) this.#durable.add(shard)
  }

  async *#listShard(shard: string): AsyncIterable<StoredBlob> {
    for await (const { name } of await opendir(join(this.#blobs, shard))) {
      if (!REST.test(name)) continue
      const found = await unlessMissing(stat(join(this.#blobs, shard, name)))
      if (found !== null) yield { sha256: shard + name, size: found.size, putAt: putAtOf(found) }
    }
  }

  async #openBlob(sha256: string): Promise<FileHandle> {
    const handle = await unlessMissing(open(this.#path(sha256), 'r'))
    if (handle === null) throw new WaybillError('entry_not_found', `the store "${this.name}" has no blob ${sha256}`)
    return handle
  }

  /** Where a blob lies. */
  #path(sha256: string): string {
    checkDigest(sha256)
    return join(this.#blobs, sha256.slice(0, 2), sha256.slice(2))
  }

  async #files<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } catch (error) {
      throw fileError(error, this.name)
    }
  }
}

/** When a blob was last put. Rounded: on the way through seconds the time may have lost up to a microsecond. */
function putAtOf(stats: Stats): number {
  return Math.round(stats.mtimeMs)
}

/** Renames; makes the target's directory where it is missing. */
function renameMakingDirectory(from: string, to: string): void {
  try {
    renameSync(from, to)
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw error
    mkdirSync(dirname(to), { recursive: true })
    renameSync(from, to)
  }
}
