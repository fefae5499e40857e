import { createHash } from 'node:crypto'
import { open } from 'node:fs/promises'

const LARGEST_READ = 1024 * 1024

/** SHA-256 (hex) of a file's bytes as they are now. System errors pass unchanged. */
export async function digestOfFile(path: string): Promise<string> {
  const hash = createHash('sha256')
  const handle = await open(path, 'r')
  try {
    // One byte more than the file has: a small file's first read already tells that it is over.
    const { size } = await handle.stat()
    const buffer = Buffer.allocUnsafe(Math.min(size + 1, LARGEST_READ))
    for (;;) {
      const { bytesRead } = await handle.read(buffer, 0, buffer.length)
      hash.update(buffer.subarray(0, bytesRead))
      if (bytesRead < buffer.length) return hash.digest('hex')
    }
  } finally {
    await handle.close()
  }
}
