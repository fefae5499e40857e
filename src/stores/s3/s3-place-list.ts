import { ListObjectsV2Command } from '@aws-sdk/client-s3'
import { pathFault } from '../../model/paths.ts'
import type { Misfit, PlacedFile, PlacePage, PlaceQuery } from '../../ports/place.ts'
import { stampOf } from './s3-object.ts'
import { isOwn } from './s3-own-keys.ts'
import type { S3Service } from './s3-service.ts'

/** A page of a place, in the order of the keys, which is that of their bytes. */
export async function listPlace(service: S3Service, { prefix, after, limit, delimiter }: PlaceQuery): Promise<PlacePage> {
  const command = {
    ...{ Bucket: service.bucket, Prefix: service.prefix + prefix, EncodingType: 'url' as const },
    // one more: behind a folder's key comes what lies beneath it, and that is the folder again
    ...{ MaxKeys: Math.min(limit + 1, service.limits.pageItems) },
    ...(after === '' ? {} : { StartAfter: service.prefix + after }),
    ...(delimiter === undefined ? {} : { Delimiter: delimiter }),
  }
  const page = await service.ask(abortSignal => service.client.send(new ListObjectsV2Command(command), { abortSignal }))
  const pathOf = (key = ''): string => decoded(key).slice(service.prefix.length)
  const objects = (page.Contents ?? []).map(({ Key, Size = 0, ETag, LastModified }) => ({
    ...{ path: pathOf(Key), size: Size, stamp: stampOf(ETag), modifiedAt: LastModified?.getTime() ?? 0 },
  }))
  const folders = (page.CommonPrefixes ?? []).map(({ Prefix }) => pathOf(Prefix)).filter(folder => folder !== after)
  const names = [...objects.map(({ path }) => path), ...folders].sort(byBytes).slice(0, limit)
  const last = names.at(-1)
  const isShown = (path: string): boolean => last !== undefined && byBytes(path, last) <= 0 && !isOwn(path)
  const more = page.IsTruncated === true || objects.length + folders.length > names.length
  return { ...sorted(objects.filter(({ path }) => isShown(path))), folders: folders.filter(isShown), through: more && last !== undefined ? last : null }
}

/** Keys that are no paths are misfits, but those that only stand for a folder. */
function sorted(objects: readonly PlacedFile[]): { readonly files: PlacedFile[]; readonly misfits: Misfit[] } {
  const files: PlacedFile[] = []
  const misfits: Misfit[] = []
  for (const object of objects) {
    const fault = pathFault(object.path)
    if (fault === null) files.push(object)
    else if (!(object.path.endsWith('/') && object.size === 0)) {
      misfits.push({ path: object.path, code: 'invalid_path', fault: `has a key that no entry can have: ${fault}` })
    }
  }
  return { files, misfits }
}

function byBytes(one: string, other: string): number {
  return Buffer.compare(Buffer.from(one), Buffer.from(other))
}

/** Keys come percent-encoded, so that XML can hold them; a space may be a "+". */
function decoded(key: string): string {
  return decodeURIComponent(key.replaceAll('+', ' '))
}
