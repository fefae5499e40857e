import { linkSync, renameSync, unlinkSync, type BigIntStats } from 'node:fs'
import { WaybillError } from '../../model/errors.ts'
import { checkPath } from '../../model/paths.ts'
import type { PlacedFile, Publication, Published, Removal, Removed } from '../../ports/place.ts'
import { errnoOf } from '../file-errors.ts'
import type { Folder } from './folder.ts'
import type { FolderChain } from './folder-chain.ts'
import { beneathOf, folderOf, isOwn, nameOf, OWN_FOLDER } from './own-folder.ts'
import { markOf, placedFile, stampOf } from './stamps.ts'

/** Gives staged bytes, which lie in `own`, their name. What it throws is coded where the path or what lies there is at fault. */
export async function publishOne(chain: FolderChain, own: Folder, publication: Publication, mayGoOn: () => boolean): Promise<Published> {
  const { path } = publication
  try {
    checkPath(path)
    if (isOwn(path)) throw new WaybillError('invalid_path', `${JSON.stringify(path)} lies in ${OWN_FOLDER}, which the place keeps for itself`)
    const folder = await chain.enter(beneathOf(path), true)
    if (folder === null) throw new WaybillError('entry_exists', `${JSON.stringify(path)} cannot be written: something above it is no folder`)
    return { file: giveName(folder, own, publication, nameOf(path), mayGoOn) }
  } catch (error) {
    return { error: namingError(error, path) }
  }
}

/** Removes a file, if it is still the one that is meant. What it throws is coded where what lies there is at fault. */
export async function removeOne(chain: FolderChain, { path, stamp }: Removal, mayGoOn: () => boolean): Promise<Removed> {
  try {
    const folder = await folderOf(chain, path)
    if (folder === null) throw destinationChanged(path)
    if (!mayGoOn()) throw leaseOver(path)
    refuseOther(folder.lookNow(nameOf(path)), path, stamp)
    unlinkSync(folder.at(nameOf(path)))
    folder.isChanged = true
    return null
  } catch (error) {
    return { error }
  }
}

/** In one tick: whether the worker may still go on, what is there, and the new name, with nothing of this process between them. */
function giveName(folder: Folder, own: Folder, { staged, path, expect }: Publication, name: string, mayGoOn: () => boolean): PlacedFile {
  if (!mayGoOn()) throw leaseOver(path)
  const bytes = own.lookNow(staged.id)
  if (bytes === null || markOf(bytes) !== staged.mark) throw notStaged(path)
  if (expect === null) {
    refuseFolder(folder.lookNow(name), path)
    linkSync(own.at(staged.id), folder.at(name))
    unlinkSync(own.at(staged.id))
  } else {
    refuseOther(folder.lookNow(name), path, expect)
    renameSync(own.at(staged.id), folder.at(name))
  }
  folder.isChanged = true
  const stats = folder.lookNow(name)
  if (stats === null || markOf(stats) !== staged.mark) throw destinationChanged(path)
  return placedFile(path, stats)
}

function leaseOver(path: string): WaybillError {
  return new WaybillError('stale_lease', `the lease was over before ${JSON.stringify(path)} was changed`)
}

function notStaged(path: string): WaybillError {
  return new WaybillError(
    'unavailable',
    `the bytes for ${JSON.stringify(path)} are gone from ${OWN_FOLDER}, or were changed there; is another program at work in it?`,
  )
}

function refuseFolder(stats: BigIntStats | null, path: string): void {
  if (stats?.isDirectory() === true) throw new WaybillError('entry_exists', `${JSON.stringify(path)} is a folder`)
}

function refuseOther(stats: BigIntStats | null, path: string, expect: string): void {
  refuseFolder(stats, path)
  if (stats === null || !stats.isFile() || stampOf(stats) !== expect) throw destinationChanged(path)
}

function destinationChanged(path: string): WaybillError {
  return new WaybillError('destination_changed', `${JSON.stringify(path)} was changed by another program in the meantime; it was left as it is`)
}

/** What the system says of a name that it does not take. */
function namingError(error: unknown, path: string): unknown {
  switch (errnoOf(error)) {
    case 'EEXIST':
      return destinationChanged(path)
    case 'ENAMETOOLONG':
    case 'EILSEQ':
    case 'EINVAL':
      return new WaybillError('invalid_path', `${JSON.stringify(path)} is no name that the file system takes`, {}, { cause: error })
    case 'ENOTDIR':
    case 'EISDIR':
    case 'ELOOP':
      return new WaybillError('entry_exists', `${JSON.stringify(path)} cannot be written: a folder is there, or something else above it`, {}, { cause: error })
    case 'EXDEV':
      return new WaybillError('unsupported', `${JSON.stringify(path)} lies on another file system than the root of the place`, {}, { cause: error })
    case 'EPERM':
    case 'ENOTSUP':
      return new WaybillError('unsupported', `the file system of ${JSON.stringify(path)} has no hard links, or refuses the name`, {}, { cause: error })
    default:
      return error
  }
}
