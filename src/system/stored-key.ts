import { randomBytes } from 'node:crypto'
import { closeSync, fsyncSync, openSync, readFileSync, renameSync, rmSync, writeSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { WaybillError } from '../model/errors.ts'
import { syncNames } from './directories.ts'

/** HMAC-SHA-256 wants a key as long as its output (RFC 2104 section 3). */
const KEY_BYTES = 32
const KEY = /^[0-9a-f]{64}\n?$/

/**
 * The key of a data directory that signs URLs: made once, at random, and kept in the file `signing-key` (hex, readable by its owner alone), so that URLs
 * survive a restart. For the process that has claimed the directory. Throws `unavailable` for a file that holds something else.
 */
export function storedKey(directory: string): Uint8Array {
  const file = join(directory, 'signing-key')
  const text = readIfThere(file) ?? makeKey(file)
  if (KEY.test(text)) return Buffer.from(text.trim(), 'hex')
  throw new WaybillError(
    'unavailable',
    `${file} does not hold a key of ${KEY_BYTES} bytes in hex; remove it, then a new one is made and URLs signed before end`,
  )
}

function readIfThere(file: string): string | null {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  }
}

/** Written beside it and renamed: a crash leaves no half of a key, and a power cut none that URLs were not signed with. */
function makeKey(file: string): string {
  const text = `${randomBytes(KEY_BYTES).toString('hex')}\n`
  const unfinished = `${file}.new`
  rmSync(unfinished, { force: true })
  const handle = openSync(unfinished, 'wx', 0o600)
  try {
    writeSync(handle, text)
    fsyncSync(handle)
  } finally {
    closeSync(handle)
  }
  renameSync(unfinished, file)
  syncNames(dirname(file))
  return text
}
