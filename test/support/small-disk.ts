import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A file system of its own, so small that it can be filled. */
export interface SmallDisk {
  readonly directory: string
  /** Takes all but so many bytes. */
  fill(leave: number): void
  /** Gives them back. */
  free(): void
  remove(): void
}

const NAME = 'taken'

/** Mounts one in memory. Throws, with what to do, where that is not allowed: a test of full disks that tested none would prove nothing. */
export function mountSmallDisk(megabytes: number): SmallDisk {
  const directory = mkdtempSync(join(tmpdir(), 'waybill-small-'))
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'waybill-test', directory], { stdio: 'pipe' })
  } catch (cause) {
    rmSync(directory, { recursive: true })
    throw new Error('full disks are tested on one that is mounted for it: run this test as root, on Linux, or leave it out by its name', { cause })
  }
  const free = (): void => rmSync(join(directory, NAME), { force: true })
  return {
    directory,
    free,
    fill: leave => {
      free()
      const { bavail, bsize } = statfsSync(directory)
      writeFileSync(join(directory, NAME), Buffer.alloc(Math.max(0, bavail * bsize - leave)))
    },
    remove: () => {
      execFileSync('umount', ['--lazy', directory], { stdio: 'pipe' })
      rmSync(directory, { recursive: true })
    },
  }
}
