import type { BigIntStats } from 'node:fs'
import type { PlacedFile } from '../../ports/place.ts'

/**
 * What tells one content of a file from another without reading it: its size, when it was written, when anything of its inode was changed last (which nobody can
 * set back, as they can the time before it) and which inode it is. Times are nanoseconds.
 */
export function stampOf(stats: BigIntStats): string {
  return `${stats.size}-${stats.mtimeNs}-${stats.ctimeNs}-${stats.ino}`
}

/** What stays of a file when it is given its name: all of the stamp but the time of the inode, which a new name changes. */
export function markOf(stats: BigIntStats): string {
  return `${stats.size}-${stats.mtimeNs}-${stats.ino}`
}

export function placedFile(path: string, stats: BigIntStats): PlacedFile {
  return { path, size: Number(stats.size), stamp: stampOf(stats), modifiedAt: Math.floor(Number(stats.mtimeNs / 1_000_000n)) }
}
