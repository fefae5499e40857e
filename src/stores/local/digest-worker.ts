import { createHash } from 'node:crypto'
import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import { parentPort } from 'node:worker_threads'
import type { DigestReply, DigestRequest } from './file-digests.ts'

/**
 * The thread that hashes many small files: on the main thread each of the calls below would be a trip to the thread pool and back, which costs several times
 * what it does, or would make everybody wait for the disk.
 */
parentPort?.on('message', ({ id, paths }: DigestRequest) => {
  const reply: DigestReply = { id, digests: paths.map(digestOf) }
  parentPort?.postMessage(reply)
})

/** Null for a file that cannot be read: who needs it will be told why when it is read again. */
function digestOf(path: string): string | null {
  try {
    const fd = openSync(path, 'r')
    try {
      const bytes = Buffer.allocUnsafe(fstatSync(fd).size)
      const read = readSync(fd, bytes, 0, bytes.length, 0)
      return createHash('sha256').update(bytes.subarray(0, read)).digest('hex')
    } finally {
      closeSync(fd)
    }
  } catch (error) {
    if (error instanceof Error && 'code' in error) return null
    throw error
  }
}
