import type { Blob, TakeOptions } from '../../ports/blob-store.ts'
import { copyEach } from '../service-copies.ts'
import { publishCopy } from './azure-copy.ts'
import type { AzureService } from './azure-service.ts'

/** Has the service copy blobs into another container or prefix of the account; returns the digests of those that are there now. */
export function copyBlobs(from: AzureService, to: AzureService, blobs: readonly Blob[], options: TakeOptions): Promise<Set<string>> {
  return copyEach(blobs, options, blob => copyBlob(from, to, blob, options))
}

async function copyBlob(from: AzureService, to: AzureService, { sha256, size }: Blob, { unlessPutSince, signal }: TakeOptions): Promise<boolean> {
  const [source, target] = [from.blob(sha256), to.blob(sha256)]
  const there = await to.find(target)
  // One that is older is renewed by bytes that were hashed: what the service copies is not, and must not come in place of a blob that is good.
  if (there !== null) return there.state === 'whole' && there.size === size && there.changedAt >= unlessPutSince
  const found = await from.find(source)
  if (found?.state !== 'whole' || found.size !== size) return false
  await publishCopy(to, source, target, size, signal)
  const copied = await to.find(target)
  if (copied?.size !== size) return false
  if (copied.md5 === found.md5 || copied.md5 === null || found.md5 === null) return true
  await to.remove(target, copied.etag)
  return false
}
