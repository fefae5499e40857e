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
