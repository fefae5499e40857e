import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'

/** A program that copies a tree on disk, timed beside ours on the same files. */
export interface Peer {
  readonly name: string
  command(source: string, destination: string): readonly string[]
  /** Default: ours. */
  readonly env?: NodeJS.ProcessEnv
}

export const CP: Peer = { name: 'cp -r', command: (source, destination) => ['cp', '-r', source, destination] }
export const RCLONE: Peer = { name: 'rclone copy', command: (source, destination) => ['rclone', 'copy', '--config', '/dev/null', source, destination] }

/** Which version of rclone is installed, or null. */
export function rcloneVersion(): string | null {
  const run = spawnSync('rclone', ['version'], { encoding: 'utf8' })
  return run.status === 0 ? (run.stdout.split('\n')[0] ?? 'rclone') : null
}

/** Seconds from a peer's start to its end, and to when a `sync` says that all of it is on disk. */
export interface PeerTime {
  readonly ended: number
  readonly synced: number
}

/**
 * Times a peer on the tree, which is read once before, untimed, so that it lies in the page cache. Each run needs a destination of its own, and none may be
 * removed before the last run: some file systems (ext4) are many times slower at making files for a while after as many were deleted.
 */
export async function timedPeer(peer: Peer, source: string, destination: string): Promise<PeerTime> {
  const [program = '', ...args] = peer.command(source, destination)
  readAll(source)
  const begin = performance.now()
  const [code] = (await once(spawn(program, args, { stdio: ['ignore', 'ignore', 'inherit'], env: peer.env ?? process.env }), 'exit')) as [number | null]
  const ended = (performance.now() - begin) / 1000
  if (code !== 0) throw new Error(`${peer.name} ended with ${code}`)
  settle()
  return { ended, synced: (performance.now() - begin) / 1000 }
}

/** Reads every file beneath a directory, so that it lies in the page cache. */
export function readAll(directory: string): void {
  spawnSync('sh', ['-c', 'find "$1" -type f -exec cat {} + > /dev/null', 'sh', directory])
}

/** Waits until the disk has taken what was written, so that nobody's run pays for the one before. */
export function settle(): void {
  spawnSync('sync')
}
