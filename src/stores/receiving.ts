import { isWaybillError } from '../model/errors.ts'
import type { Blob, BlobSource, BlobStore, StoredBlob } from '../ports/blob-store.ts'

/** True when the whole blob was put since: a copy of it would change nothing. */
export function isThere(found: StoredBlob | null, blob: Blob, since: number): boolean {
  return found?.size === blob.size && found.putAt >= since
}

/** Puts a known blob in one go, from its beginning. */
export async function putWhole(store: Pick<BlobStore, 'put'>, source: BlobSource): Promise<void> {
  const body = await source.open(0)
  try {
    await store.put(body, { sha256: source.sha256, size: source.size, maxSize: source.size })
  } finally {
    body.destroy()
  }
}

/** True for what a body's meter throws at bytes that are not the announced ones; false where the source broke off, which has a cause. */
export function isOfWrongBytes(error: unknown): boolean {
  return isWaybillError(error) && error.cause === undefined && ['digest_mismatch', 'incomplete_body', 'body_too_large'].includes(error.code)
}
