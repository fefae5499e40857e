import { randomUUID } from 'node:crypto'
import { Readable } from 'node:stream'
import { DeleteObjectCommand, GetObjectCommand, HeadBucketCommand, PutObjectCommand } from '@aws-sdk/client-s3'
import { WaybillError } from '../../model/errors.ts'
import type { Blob, ByteRange, PutExpectations } from '../../ports/blob-store.ts'
import type { Place, PlacedFile, PlacePage, PlaceQuery, Publication, Published, Removal, Removed, Staged } from '../../ports/place.ts'
import { BodyMeter } from '../body-meter.ts'
import { checkRange } from '../digest.ts'
import { partsOf } from '../parts.ts'
import { resumingRead } from '../resuming-read.ts'
import { CLEANING } from '../retries.ts'
import { isMissing, isUnmet, s3Error } from './s3-errors.ts'
import { lookAtObject } from './s3-object.ts'
import { publishObject, removeObject, type StagedObject } from './s3-publish.ts'
import { OWN_PREFIX } from './s3-own-keys.ts'
import { listPlace } from './s3-place-list.ts'
import { S3Service, checkRegion, type S3StoreOptions } from './s3-service.ts'
import { sweepTemporary } from './s3-sweep.ts'
import { S3Upload } from './s3-upload.ts'

export interface S3PlaceOptions extends S3StoreOptions {
  readonly readonly: boolean
  /** The service refuses a write whose `If-Match` or `If-None-Match` does not hold. Without that a place looks first, and a write in between is overwritten. */
  readonly conditionalWrites: boolean
}

/** Bodies that wait in memory for their name: one request instead of three. A run of jobs has some hundred of them. */
const KEPT_BYTES = 64 * 1024
/** Requests at once for one list of paths or publications. */
const AT_ONCE = 16
const HEALTH = { attempts: 1, attemptMs: 10_000 }

/** Opens a part of a bucket as a place. Asks the service nothing yet. Throws `invalid_request` without a region. */
export async function openS3Place(options: S3PlaceOptions): Promise<Place> {
  const service = new S3Service({ ...options, own: { temporary: OWN_PREFIX, keys: /^\.waybill\/[0-9a-f-]{36}$/ } })
  await checkRegion(service)
  return new S3Place(service, options)
}

/**
 * Objects of a bucket, under their own keys.
 *
 *     <prefix><any path>        objects of the place, ours and others'; those that were written here carry their mark as metadata
 *     <prefix>.waybill/<uuid>   bytes that are not published yet
 *
 * The stamp of an object is its ETag. Large bodies are staged as temporary objects and copied to their key within the service, which shows an object whole or not
 * at all; small ones wait in memory.
 */
class S3Place implements Place {
  readonly name: string
  readonly readonly: boolean
  readonly shared = true
  readonly #service: S3Service
  readonly #options: S3PlaceOptions
  readonly #staged = new Map<string, StagedObject>()

  constructor(service: S3Service, options: S3PlaceOptions) {
    this.name = service.store
    this.readonly = options.readonly
    this.#service = service
    this.#options = options
  }

  list(query: PlaceQuery): Promise<PlacePage> {
    return this.#service.coded(() => listPlace(this.#service, query))
  }

  async stat(paths: readonly string[]): Promise<readonly (PlacedFile | null)[]> {
    return this.#service.coded(() => allOf(paths, async path => (await lookAtObject(this.#service, path))?.file ?? null))
  }

  async marked(path: string, mark: string): Promise<PlacedFile | null> {
    return this.#service.coded(async () => {
      const found = await lookAtObject(this.#service, path)
      return found?.mark === mark ? found.file : null
    })
  }

  async open(path: string, stamp: string, range?: ByteRange): Promise<Readable> {
    return this.#service.coded(async () => {
      const file = (await lookAtObject(this.#service, path))?.file
      if (file?.stamp !== stamp) throw sourceChanged(path)
      if (range !== undefined) checkRange(range, file.size)
      const { start, end } = range ?? { start: 0, end: file.size }
      if (start === end) return Readable.from([], { objectMode: false })
      const open = (from: number): Promise<Readable> => this.#service.coded(() => this.#fetch(path, stamp, { start: from, end }))
      return resumingRead({ store: this.name, clock: this.#service.clock, first: await open(start), start, end, open })
    })
  }

  async stage(body: Readable, expect: PutExpectations): Promise<Staged> {
    this.#refuseReadonly()
    const meter = new BodyMeter(expect)
    return this.#service.coded(async () => {
      const upload = new S3Upload(this.#service)
      try {
        for await (const part of partsOf(body, meter, () => this.#service.limits.partBytes)) {
          if (part.last && upload.isEmpty) return await this.#stageWhole(meter.finish(), part.bytes)
          if (part.bytes.byteLength > 0) await upload.add(part.bytes)
        }
        const blob = meter.finish()
        return this.#keep(blob, { bytes: null, sources: (await upload.finish()).map(source => ({ ...source, ofParts: true })), end: () => upload.clear() })
      } catch (error) {
        await upload.clear()
        throw error
      }
    })
  }

  async #stageWhole(blob: Blob, bytes: Buffer): Promise<Staged> {
    if (bytes.byteLength <= KEPT_BYTES) return this.#keep(blob, { bytes, sources: [], end: () => Promise.resolve() })
    const { client, bucket: Bucket, budget } = this.#service
    const Key = this.#service.temporaryKey(randomUUID())
    this.#service.running.add(Key)
    await budget.take(bytes.byteLength)
    try {
      await this.#service.ask(abortSignal => client.send(new PutObjectCommand({ Bucket, Key, Body: bytes }), { abortSignal }))
    } catch (error) {
      await this.#remove(Key)
      throw error
    } finally {
      budget.giveBack(bytes.byteLength)
    }
    return this.#keep(blob, { bytes: null, sources: [{ key: Key, size: blob.size }], end: () => this.#remove(Key) })
  }

  /** A failure stays unheard: what is left is swept later. */
  async #remove(Key: string): Promise<void> {
    const { client, bucket: Bucket } = this.#service
    await Promise.allSettled([this.#service.ask(abortSignal => client.send(new DeleteObjectCommand({ Bucket, Key }), { abortSignal }), CLEANING)])
    this.#service.running.delete(Key)
  }

  /** Within one service; the copy itself is made when it is published, and only of that very object. */
  async stageCopy(source: Place, { path, size, stamp }: Pick<PlacedFile, 'path' | 'size' | 'stamp'>): Promise<Staged | null> {
    this.#refuseReadonly()
    if (!(source instanceof S3Place) || !this.#isOneService(source)) return null
    const copied = { bucket: source.#service.bucket, key: source.#service.prefix + path, size, etag: stamp, ofParts: stamp.includes('-') }
    return this.#keep({ sha256: null, size }, { bytes: null, sources: [copied], end: () => Promise.resolve() })
  }

  async publish(publications: readonly Publication[], mayGoOn: () => boolean): Promise<readonly Published[]> {
    return allOf(publications, async ({ staged, path, expect }) => {
      try {
        const object = this.#staged.get(staged.id)
        if (object === undefined) throw new Error(`nothing is staged under ${staged.id}`)
        const wish = { path, expect, mark: staged.mark, conditional: this.#options.conditionalWrites, mayGoOn }
        const file = await this.#service.coded(() => publishObject(this.#service, object, wish))
        await this.discard(staged)
        return { file }
      } catch (error) {
        return { error }
      }
    })
  }

  async remove(removals: readonly Removal[], mayGoOn: () => boolean): Promise<readonly Removed[]> {
    this.#refuseReadonly()
    return allOf(removals, async removal => {
      try {
        await this.#service.coded(() => removeObject(this.#service, removal, this.#options.conditionalWrites, mayGoOn))
        return null
      } catch (error) {
        return { error }
      }
    })
  }

  async discard({ id }: Pick<Staged, 'id'>): Promise<void> {
    const object = this.#staged.get(id)
    this.#staged.delete(id)
    await object?.end()
  }

  async sweepUnfinished(before: number): Promise<number> {
    return this.readonly ? 0 : this.#service.coded(() => sweepTemporary(this.#service, before, before))
  }

  async health(): Promise<void> {
    const { client, bucket: Bucket } = this.#service
    try {
      await this.#service.ask(abortSignal => client.send(new HeadBucketCommand({ Bucket }), { abortSignal }), HEALTH)
    } catch (error) {
      if (!isMissing(error)) throw s3Error(error, this.name, this.#service.clock.now())
      throw new WaybillError('unavailable', `the bucket of the store "${this.name}" is not there`)
    }
    if (this.readonly) return
    await this.#service.coded(() => this.#probe())
  }

  /** Whether it takes anything is known only when it has. */
  async #probe(): Promise<void> {
    const { client, bucket: Bucket } = this.#service
    const Key = this.#service.temporaryKey(randomUUID())
    await this.#service.ask(abortSignal => client.send(new PutObjectCommand({ Bucket, Key, Body: 'probe' }), { abortSignal }), HEALTH)
    await this.#service.ask(abortSignal => client.send(new DeleteObjectCommand({ Bucket, Key }), { abortSignal }), HEALTH)
  }

  #keep(blob: { readonly sha256: string | null; readonly size: number }, object: StagedObject): Staged {
    const id = randomUUID()
    this.#staged.set(id, object)
    return { ...blob, id, mark: id }
  }

  #isOneService(other: S3Place): boolean {
    const [ours, theirs] = [this.#options, other.#options]
    return ours.endpoint === theirs.endpoint && ours.region === theirs.region && ours.credentials?.accessKeyId === theirs.credentials?.accessKeyId
  }

  async #fetch(path: string, stamp: string, { start, end }: ByteRange): Promise<Readable> {
    const { client, bucket: Bucket, prefix } = this.#service
    const command = { Bucket, Key: prefix + path, IfMatch: stamp, Range: `bytes=${start}-${end - 1}` }
    try {
      return (await this.#service.ask(abortSignal => client.send(new GetObjectCommand(command), { abortSignal }))).Body as Readable
    } catch (error) {
      throw isUnmet(error) || isMissing(error) ? sourceChanged(path) : error
    }
  }

  #refuseReadonly(): void {
    if (this.readonly) throw new WaybillError('unsupported', `the store "${this.name}" is attached read-only; nothing is written to it`)
  }
}

function sourceChanged(path: string): WaybillError {
  return new WaybillError('source_changed', `${JSON.stringify(path)} is not the object any more that it was when it was looked at`)
}

/** The results in the order of what they are of, some worked on at once. */
async function allOf<T, R>(all: readonly T[], work: (one: T) => Promise<R>): Promise<R[]> {
  const results: R[] = []
  let next = 0
  const go = async (): Promise<void> => {
    for (let at = next++; at < all.length; at = next++) results[at] = await work(all[at] as T)
  }
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, all.length) }, go))
  return results
}
