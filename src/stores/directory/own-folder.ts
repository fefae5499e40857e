import { pathFault } from '../../model/paths.ts'
import type { Folder } from './folder.ts'
import type { FolderChain } from './folder-chain.ts'

/** What a place keeps of its own, at its root: bytes that have no name yet. It must be on the file system of the files, for them to be given their names. */
export const OWN_FOLDER = '.waybill'

/** True for the place's own folder and all beneath it. */
export function isOwn(path: string): boolean {
  return path === OWN_FOLDER || path.startsWith(`${OWN_FOLDER}/`)
}

/** The folder that the file of a path lies in; null when there is none, and for what is no path of a file of the place. */
export async function folderOf(chain: FolderChain, path: string): Promise<Folder | null> {
  return isOwn(path) || pathFault(path) !== null ? null : chain.enter(beneathOf(path))
}

/** The path of the folder that a path lies in; '' at the root. */
export function beneathOf(path: string): string {
  return path.slice(0, Math.max(path.lastIndexOf('/'), 0))
}

/** The last segment of a path. */
export function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1)
}
