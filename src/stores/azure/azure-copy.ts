import { BlobSASPermissions, StorageSharedKeyCredential, type BlockBlobClient } from '@azure/storage-blob'
import { WaybillError } from '../../model/errors.ts'
import { isAzureError } from './azure-errors.ts'
import type { AzureService } from './azure-service.ts'

/** How long a signed address of a temporary blob is good for: longer than any copy waits to begin. */
const SOURCE_LIFE_MS = 24 * 3600 * 1000
const COPY_MS = 15 * 60_000
/** Between two looks at a copy that is under way. */
const LOOK_MS = 500

/** Copies a blob to a final name, within the service. It is seen there when it is whole. When the signal aborts nobody waits for it any more. */
export async function publishCopy(
  service: AzureService,
  source: BlockBlobClient,
  target: BlockBlobClient,
  size: number,
  signal: AbortSignal = new AbortController().signal,
): Promise<void> {
  const address = await sourceAddress(service, source)
  // Copied before it is answered, and in place of an older one in the same moment.
  if (size <= service.limits.copyBytes) await service.ask(abortSignal => target.syncCopyFromURL(address, { abortSignal }), { attemptMs: COPY_MS, signal })
  else await copyAndWait(service, address, target, size, signal)
}

/**
 * A long blob is copied while we wait. During that time it exists without its bytes (and never in place of one that has them: only where none is), so that
 * this store takes it for missing until its copy has succeeded.
 */
async function copyAndWait(service: AzureService, address: string, target: BlockBlobClient, size: number, signal: AbortSignal): Promise<void> {
  for (let copied = false; ;) {
    const found = await service.find(target)
    if (found === null) {
      copied = await begin(service, address, target)
    } else if (found.state === 'copying') {
      await service.clock.sleep(LOOK_MS, signal)
      signal.throwIfAborted()
    } else if (found.state === 'broken' && copied) {
      throw new WaybillError('unavailable', `a copy within the store "${service.store}" failed`)
    } else if (found.state === 'broken' || found.size !== size) {
      await service.remove(target, found.etag)
    } else if (copied || (await touch(service, target, found.etag))) {
      return
    }
  }
}

/** Begins a copy where nothing is; false when something is by now. */
async function begin(service: AzureService, address: string, target: BlockBlobClient): Promise<boolean> {
  try {
    await service.ask(abortSignal => target.beginCopyFromURL(address, { conditions: { ifNoneMatch: '*' }, abortSignal }))
    return true
  } catch (error) {
    if (isAzureError(error, 'BlobAlreadyExists', 'ConditionNotMet', 'PendingCopyOperation')) return false
    throw error
  }
}

/** Renews the age of a blob; false when it was changed or deleted meanwhile. */
async function touch(service: AzureService, blob: BlockBlobClient, etag: string): Promise<boolean> {
  try {
    await service.ask(abortSignal => blob.setMetadata({}, { conditions: { ifMatch: etag }, abortSignal }))
    return true
  } catch (error) {
    if (isAzureError(error, 'BlobNotFound', 'ConditionNotMet')) return false
    throw error
  }
}

/** The address of a source must open it by itself: a signature of our account key is added, one that the connection string brought along is there already. */
async function sourceAddress(service: AzureService, source: BlockBlobClient): Promise<string> {
  if (!(source.credential instanceof StorageSharedKeyCredential)) return source.url
  return source.generateSasUrl({ permissions: BlobSASPermissions.parse('r'), expiresOn: new Date(service.clock.now() + SOURCE_LIFE_MS) })
}
