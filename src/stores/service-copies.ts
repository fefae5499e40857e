import type { Blob, TakeOptions } from '../ports/blob-store.ts'

/**
 * A blob up to this size costs a service fewer requests when nothing is asked before: to look whether it is there takes as long as to put it, and to read and
 * put it takes two requests, where a copy within the service takes four with its checks.
 */
export const SMALL_BYTES = 64 * 1024

/** Has a service copy each blob that is not small; returns the digests of those that it did copy (`copy` says so). Rejects when the signal aborts. */
export async function copyEach(blobs: readonly Blob[], { signal, slot }: TakeOptions, copy: (blob: Blob) => Promise<boolean>): Promise<Set<string>> {
  const here = new Set<string>()
  const copyOne = async (blob: Blob): Promise<void> => {
    signal.throwIfAborted()
    try {
      if (await copy(blob)) here.add(blob.sha256)
    } catch (error) {
      // a service that cannot copy (it may lack the right) can perhaps be read and written; whoever does that hears what is wrong
      if (signal.aborted) throw error
    }
  }
  await Promise.all(blobs.filter(({ size }) => size > SMALL_BYTES).map(blob => slot(() => copyOne(blob))))
  return here
}
