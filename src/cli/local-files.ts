import { createHash } from 'node:crypto'
import { createReadStream, openAsBlob } from 'node:fs'
import { readdir, readFile, stat } from 'node:fs/promises'
import { basename, join } from 'node:path'
import type { Body } from '../client/index.ts'
import { WaybillError } from '../model/errors.ts'
import { type Destination, isDirectory } from './place.ts'

/** A file on this machine and the entry path it goes to. */
export interface LocalFile {
  readonly file: string
  readonly path: string
  readonly size: number
}

/** Files up to this size are read once into memory, for digest and sending; larger ones are read twice, as streams. */
const IN_MEMORY_BYTES = 1024 * 1024

/**
 * The files that these names stand for, with their entry paths: a file goes to the exact path or beneath a directory, the contents of a
 * directory (not its name) go beneath the destination. Links and special files are left out. In a steady order.
 */
export async function* localFiles(names: readonly string[], destination: Destination): AsyncGenerator<LocalFile, void, undefined> {
  const base = destination.path ?? ''
  for (const name of names) {
    const found = await stat(name)
    if (found.isDirectory()) yield* filesBeneath(name, base === '' || base.endsWith('/') ? base : `${base}/`)
    else if (!found.isFile()) throw new WaybillError('invalid_request', `${name} is neither a file nor a directory`)
    else if (!isDirectory(destination) && names.length > 1) {
      throw new WaybillError('invalid_request', `several files cannot all become ${destination.collection}:${base}; end it with "/"`)
    } else yield { file: name, path: isDirectory(destination) ? base + basename(name) : base, size: found.size }
  }
}

/** Every regular file beneath a directory, by name, with its path after `prefix`. */
export async function* filesBeneath(directory: string, prefix: string): AsyncGenerator<LocalFile, void, undefined> {
  const found = await readdir(directory, { withFileTypes: true })
  for (const one of found.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const file = join(directory, one.name)
    if (one.isDirectory()) yield* filesBeneath(file, `${prefix}${one.name}/`)
    else if (one.isFile()) yield { file, path: prefix + one.name, size: (await stat(file)).size }
  }
}

/** A file's bytes, ready to send, and their SHA-256 in hex. */
export async function readForUpload(local: LocalFile): Promise<{ readonly body: Body; readonly sha256: string }> {
  if (local.size <= IN_MEMORY_BYTES) {
    const body = await readFile(local.file)
    return { body, sha256: createHash('sha256').update(body).digest('hex') }
  }
  const sha256 = await sha256OfFile(local.file)
  return { body: await openAsBlob(local.file), sha256 }
}

/** The SHA-256 of a file in hex, read as a stream. */
export async function sha256OfFile(file: string): Promise<string> {
  const hash = createHash('sha256')
  for await (const chunk of createReadStream(file)) hash.update(chunk as Buffer)
  return hash.digest('hex')
}
