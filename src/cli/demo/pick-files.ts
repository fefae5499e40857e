import { WaybillError } from '../../model/errors.ts'
import { pathFault } from '../../model/paths.ts'
import { filesBeneath, type LocalFile } from '../local-files.ts'

/** As many as show something on a small machine within some seconds. */
const MOST = { files: 5000, bytes: 150_000_000 }

export interface PickedFiles {
  readonly files: readonly LocalFile[]
  readonly bytes: number
  /** Files of the tree beyond the bounds, which were left out. */
  readonly left: number
  /** Why not all of them, in words; empty when it is all of them. */
  readonly bound: string
}

/** In a hidden file or directory: caches, which other programs may change at any moment. */
const HIDDEN = /\/\./

/** The files of a tree to show with, hidden ones left out: all of a small one, the first 5,000 files or 150 MB of a large one. */
export async function pickFiles(directory: string): Promise<PickedFiles> {
  const files: LocalFile[] = []
  let bytes = 0
  let left = 0
  for await (const local of filesBeneath(directory, 'tree/')) {
    if (HIDDEN.test(local.path)) continue
    if (pathFault(local.path) !== null || files.length === MOST.files || bytes + local.size > MOST.bytes) left++
    else {
      files.push(local)
      bytes += local.size
    }
  }
  if (files.length === 0) throw new WaybillError('invalid_request', `there are no files beneath ${directory}; give another directory with --dir`)
  const bound = left === 0 ? '' : `at most ${MOST.files.toLocaleString('en-US')} files and ${MOST.bytes / 1_000_000} MB`
  return { files, bytes, left, bound }
}
