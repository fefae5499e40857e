import type { Dirent } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { pathFault } from '../../model/paths.ts'
import type { Misfit } from '../../ports/place.ts'
import type { Folder } from './folder.ts'

/** One name in a folder, as a listing comes to it. */
export interface Found {
  /** Its path; of a folder with "/" at the end: what lists are in the order of. */
  readonly key: string
  readonly name: string
  readonly kind: 'file' | 'folder' | 'misfit'
  readonly misfit?: Misfit
}

/**
 * What is in a folder, in the byte order of the paths that lie in it or beneath it: a folder stands where its "/" puts it. `beneath` is the folder's own path, with
 * "/" at its end ('' for the root). Names that are no paths, links and devices are misfits.
 */
export async function namesIn(folder: Folder, beneath: string): Promise<Found[]> {
  const entries = await readdir(folder.path, { withFileTypes: true, encoding: 'buffer' })
  return entries
    .map(entry => foundOf(entry, beneath))
    .map(found => ({ found, order: Buffer.from(found.key) }))
    .sort((one, other) => Buffer.compare(one.order, other.order))
    .map(({ found }) => found)
}

function foundOf(entry: Dirent<Buffer>, beneath: string): Found {
  const name = entry.name.toString('utf8')
  const isText = Buffer.from(name, 'utf8').equals(entry.name)
  const path = beneath + name
  const fault = isText ? pathFault(path) : 'the name is not valid UTF-8'
  if (fault !== null) {
    const shown = beneath + shownName(entry.name)
    return { key: shown, name, kind: 'misfit', misfit: { path: shown, code: 'invalid_path', fault: `has a name that no entry can have: ${fault}` } }
  }
  if (entry.isDirectory()) return { key: `${path}/`, name, kind: 'folder' }
  if (entry.isFile()) return { key: path, name, kind: 'file' }
  return { key: path, name, kind: 'misfit', misfit: { path, code: 'unsupported', fault: natureOf(entry) } }
}

function natureOf(entry: Dirent<Buffer>): string {
  if (entry.isSymbolicLink()) return 'is a symbolic link, and links are not followed'
  return 'is a device, a pipe or a socket, and only files have bytes to copy'
}

/** A name that is no text, as text: bytes outside of printable ASCII as %XX. */
function shownName(name: Buffer): string {
  return [...name].map(byte => (byte > 0x20 && byte < 0x7f && byte !== 0x25 ? String.fromCharCode(byte) : `%${byte.toString(16).padStart(2, '0')}`)).join('')
}
