import { lstat, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { WaybillError } from '../model/errors.ts'
import { pathFault } from '../model/paths.ts'
import { isSystemError } from './exit-codes.ts'

/**
 * A directory that downloaded files are put beneath, and nowhere else: a name of the server's that could lead out of it is refused
 * (`..`, absolute, a backslash or drive where those mean something), and so is a way through a symbolic link that lies in it already.
 */
export class SafeTarget {
  readonly #root: string
  readonly #known = new Set<string>()

  constructor(root: string) {
    this.#root = root
  }

  /** The local file for a path from the server, its directories made. Throws `invalid_path` for one that could escape. */
  async fileFor(path: string): Promise<string> {
    const fault = localNameFault(path)
    if (fault !== null) throw new WaybillError('invalid_path', `refused to write ${JSON.stringify(path)}: ${fault}`)
    const segments = path.split('/')
    let directory = this.#root
    await this.#make(directory, true)
    for (const segment of segments.slice(0, -1)) {
      directory = join(directory, segment)
      await this.#make(directory, false)
    }
    return join(directory, segments.at(-1) as string)
  }

  /** The root may be a link, it is the caller's own choice; what lies beneath it may not. */
  async #make(directory: string, isRoot: boolean): Promise<void> {
    if (this.#known.has(directory)) return
    const found = await kindOf(directory)
    if (found === 'link' && !isRoot) throw new WaybillError('invalid_path', `refused to write through the symbolic link ${directory}`)
    if (found === 'nothing') await mkdir(directory, { recursive: true })
    if (found === 'other') throw new WaybillError('invalid_path', `${directory} is a file, so nothing can be written beneath it`)
    this.#known.add(directory)
  }
}

/** What would make a path from the server leave its directory on this machine, or null. */
export function localNameFault(path: string, platform: string = process.platform): string | null {
  const fault = pathFault(path)
  if (fault !== null) return fault
  if (platform !== 'win32') return null
  return /[\\:*?"<>|]|[. ](?:\/|$)/.test(path) ? 'the name means something else on this system' : null
}

async function kindOf(path: string): Promise<'directory' | 'link' | 'nothing' | 'other'> {
  try {
    const found = await lstat(path)
    if (found.isSymbolicLink()) return 'link'
    return found.isDirectory() ? 'directory' : 'other'
  } catch (error) {
    if (isSystemError(error) && error.code === 'ENOENT') return 'nothing'
    throw error
  }
}
