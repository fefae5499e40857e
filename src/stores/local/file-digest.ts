import { createHash } from 'node:crypto'
import { open } from 'node:fs/promises'

const LARGEST_READ = 1024 * 1024

/** Hears of each run of bytes that was read: where it ends. May throw to end the reading. */
export type OnRead = (at: number) => void

/** SHA-256 (hex) of a file's bytes as they are now. System errors pass unchanged. */
export async function digestOfFile(path: string, onRead?: OnRead): Promise<string> {
  const hash = createHash('sha256')
  await readFile(path, bytes => hash.update(bytes), onRead)
  return hash.digest('hex')
}

/** Gives all bytes of a file, a run at a time (good until the next one); returns how many there were. */
export async function readFile(path: string, give: (bytes: Uint8Array) => unknown, onRead?: OnRead): Promise<number> {
  const handle = await open(path, 'r')
  try {
    // One byte more than the file has: a small file's first read already tells that it is over.
    const { size } = await handle.stat()
    const buffer = Buffer.allocUnsafe(Math.min(size + 1, LARGEST_READ))
    for (let at = 0; ;) {
      const { bytesRead } = await handle.read(buffer, 0, buffer.length)
      at += bytesRead
      give(buffer.subarray(0, bytesRead))
      onRead?.(at)
      if (bytesRead < buffer.length) return at
    }
  } finally {
    await handle.close()
  }
}
