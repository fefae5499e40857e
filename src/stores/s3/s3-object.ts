import { HeadObjectCommand } from '@aws-sdk/client-s3'
import { pathFault } from '../../model/paths.ts'
import type { PlacedFile } from '../../ports/place.ts'
import { isMissing } from './s3-errors.ts'
import { isOwn } from './s3-own-keys.ts'
import type { S3Service } from './s3-service.ts'

/** The metadata that an object which was written here carries: which publication it was. */
export const MARK = 'waybill'

/** An object of a place as it is now, and its mark; null when there is none, and for what is no path of a file of the place. */
export async function lookAtObject(service: S3Service, path: string): Promise<{ readonly file: PlacedFile; readonly mark: string | null } | null> {
  if (pathFault(path) !== null || isOwn(path)) return null
  const command = { Bucket: service.bucket, Key: service.prefix + path }
  try {
    const { ContentLength, ETag, LastModified, Metadata } = await service.ask(abortSignal =>
      service.client.send(new HeadObjectCommand(command), { abortSignal }),
    )
    const file = { path, size: ContentLength ?? 0, stamp: stampOf(ETag), modifiedAt: LastModified?.getTime() ?? 0 }
    return { file, mark: Metadata?.[MARK] ?? null }
  } catch (error) {
    if (isMissing(error)) return null
    throw error
  }
}

/** An ETag without its quotes, which not every answer has. */
export function stampOf(etag: string | undefined): string {
  return (etag ?? '').replaceAll('"', '')
}
