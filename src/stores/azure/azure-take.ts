import type { Blob, TakeOptions } from '../../ports/blob-store.ts'
import { publishCopy } from './azure-copy.ts'
import type { AzureService } from './azure-service.ts'

/** A blob up to this size is sooner read and put, with two requests, than copied within the service, with four. */
const COPIED_BYTES = 64 * 1024

/** Has the service copy blobs into another container or prefix of the account; returns the digests of those that are there now. */
export async function copyBlobs(from: AzureService, to: AzureService, blobs: readonly Blob[], options: TakeOptions): Promise<Set<string>> {
  const here = new Set<string>()
  const copy = async (blob: Blob): Promise<void> => {
    try {
      if (await copyBlob(from, to, blob, options)) here.add(blob.sha256)
    } catch (error) {
      // an account that cannot copy (it may lack the right) can perhaps be read and written; whoever does that hears what is wrong
      if (options.signal.aborted) throw error
    }
  }
  await Promise.all(blobs.filter(({ size }) => size > COPIED_BYTES).map(blob => options.slot(() => copy(blob))))
  return here
}

async function copyBlob(from: AzureService, to: AzureService, { sha256, size }: Blob, { unlessPutSince, signal }: TakeOptions): Promise<boolean> {
  signal.throwIfAborted()
  const [source, target] = [from.blob(sha256), to.blob(sha256)]
  const there = await to.find(target)
  // One that is older is renewed by bytes that were hashed: what the service copies is not, and must not come in place of a blob that is good.
  if (there !== null) return there.state === 'whole' && there.size === size && there.changedAt >= unlessPutSince
  const found = await from.find(source)
  if (found?.state !== 'whole' || found.size !== size) return false
  await publishCopy(to, source, target, size)
  const copied = await to.find(target)
  if (copied?.size !== size) return false
  if (copied.md5 === found.md5 || copied.md5 === null || found.md5 === null) return true
  await to.remove(target, copied.etag)
  return false
}
