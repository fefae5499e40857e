import { DeleteObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3'
import { WaybillError } from '../../model/errors.ts'
import { checkPath } from '../../model/paths.ts'
import type { PlacedFile, Removal } from '../../ports/place.ts'
import { publishCopy, type CopySource } from './s3-copy.ts'
import { isUnmet } from './s3-errors.ts'
import { lookAtObject, MARK } from './s3-object.ts'
import { isOwn, OWN_PREFIX } from './s3-own-keys.ts'
import type { S3Service } from './s3-service.ts'

/** Bytes that have no key yet: in memory, or in objects of which the new one is made. `end` removes what is temporary. */
export interface StagedObject {
  readonly bytes: Buffer | null
  readonly sources: readonly CopySource[]
  readonly end: () => Promise<void>
}

export interface PublishWish {
  readonly path: string
  readonly expect: string | null
  readonly mark: string
  /** The service checks conditions itself. */
  readonly conditional: boolean
  readonly mayGoOn: () => boolean
}

/** Gives staged bytes their key. Throws `destination_changed`, `source_changed`, `invalid_path`, `stale_lease`. */
export async function publishObject(service: S3Service, object: StagedObject, wish: PublishWish): Promise<PlacedFile> {
  const { path, expect, mark, mayGoOn } = wish
  checkPath(path)
  if (isOwn(path)) throw new WaybillError('invalid_path', `${JSON.stringify(path)} lies in ${OWN_PREFIX}, which the place keeps for itself`)
  const beforeNaming = async (): Promise<void> => {
    const there = await lookAtObject(service, path)
    if ((there?.file.stamp ?? null) !== expect) throw destinationChanged(path)
    if (!mayGoOn()) throw leaseOver(path)
  }
  await beforeNaming()
  try {
    await write(service, object, wish, beforeNaming)
  } catch (error) {
    if (!isUnmet(error)) throw error
    const found = await lookAtObject(service, path)
    // our own write of before, whose answer was lost
    if (found?.mark === mark) return found.file
    const isAsExpected = (found?.file.stamp ?? null) === expect
    throw isAsExpected && object.sources.some(({ etag }) => etag !== undefined) ? sourceChanged(path) : destinationChanged(path)
  }
  const written = await lookAtObject(service, path)
  if (written?.mark !== mark) throw destinationChanged(path)
  return written.file
}

/** Removes an object, if it is still the one that is meant. Throws `destination_changed`, `stale_lease`. */
export async function removeObject(service: S3Service, { path, stamp }: Removal, conditional: boolean, mayGoOn: () => boolean): Promise<void> {
  const there = await lookAtObject(service, path)
  if (there?.file.stamp !== stamp) throw destinationChanged(path)
  if (!mayGoOn()) throw leaseOver(path)
  const { client, bucket: Bucket, prefix } = service
  const command = { Bucket, Key: prefix + path, ...(conditional ? { IfMatch: stamp } : {}) }
  try {
    await service.ask(abortSignal => client.send(new DeleteObjectCommand(command), { abortSignal }))
  } catch (error) {
    throw isUnmet(error) ? destinationChanged(path) : error
  }
}

async function write(
  service: S3Service,
  { bytes, sources }: StagedObject,
  { path, expect, mark, conditional }: PublishWish,
  beforeNaming: () => Promise<void>,
): Promise<void> {
  const { client, bucket: Bucket, prefix } = service
  const conditions = !conditional ? {} : expect === null ? { IfNoneMatch: '*' as const } : { IfMatch: expect }
  const metadata = { [MARK]: mark }
  if (bytes === null && sources.length > 0) {
    await publishCopy(service, sources, prefix + path, { metadata, conditions, beforeNaming })
    return
  }
  const command = { Bucket, Key: prefix + path, Body: bytes ?? Buffer.alloc(0), Metadata: metadata, ...conditions }
  await service.ask(abortSignal => client.send(new PutObjectCommand(command), { abortSignal }))
}

function sourceChanged(path: string): WaybillError {
  return new WaybillError('source_changed', `the source of ${JSON.stringify(path)} is not the object any more that it was when it was looked at`)
}

function leaseOver(path: string): WaybillError {
  return new WaybillError('stale_lease', `the lease was over before ${JSON.stringify(path)} was changed`)
}

function destinationChanged(path: string): WaybillError {
  return new WaybillError('destination_changed', `${JSON.stringify(path)} was changed by another program in the meantime; it was left as it is`)
}
