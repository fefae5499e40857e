import { DatabaseSync } from 'node:sqlite'
import { join } from 'node:path'
import { WaybillError } from '../../model/errors.ts'

/**
 * Claims a data directory for one server at a time: leases are freed at start because nobody else can hold one. The claim is SQLite's own exclusive lock on
 * a file of its own, so the system gives it up with the process, however that ends. Returns how to release it. Throws `unavailable`.
 */
export function claimDirectory(data: string): () => void {
  const guard = new DatabaseSync(join(data, 'server.lock'), { timeout: 0 })
  try {
    guard.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE')
  } catch (cause) {
    guard.close()
    throw new WaybillError(
      'unavailable',
      `the data directory ${data} is in use by another server; stop that one first, or use another directory`,
      {},
      { cause },
    )
  }
  return () => guard.close()
}
