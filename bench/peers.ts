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
/** Hard links in place of copies: it moves no bytes either, and what changes through one name has changed under the other. */
export const CP_LINKS: Peer = { name: 'cp -rl', command: (source, destination) => ['cp', '-rl', source, destination] }
export const RCLONE: Peer = { name: 'rclone copy', command: (source, destination) => ['rclone', 'copy', '--config', '/dev/null', source, destination] }
export const RSYNC: Peer = { name: 'rsync -a', command: (source, destination) => ['rsync', '-a', `${source}/`, destination] }

/** What a program says of its version, in one line; null where it is not installed. */
export function versionOf(program: 'cp' | 'rclone' | 'rsync'): string | null {
  const run = spawnSync(program, [program === 'rclone' ? 'version' : '--version'], { encoding: 'utf8' })
  return run.status === 0 ? (run.stdout.split('\n')[0] ?? program).replace(/ +/g, ' ').trim() : null
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
  await readAll(source)
  const begin = performance.now()
  const [code] = (await once(spawn(program, args, { stdio: ['ignore', 'ignore', 'inherit'], env: peer.env ?? process.env }), 'exit')) as [number | null]
  const ended = (performance.now() - begin) / 1000
  if (code !== 0) throw new Error(`${peer.name} ended with ${code}`)
  await settle()
  return { ended, synced: (performance.now() - begin) / 1000 }
}

/** Reads a file, or every file beneath a directory, so that it lies in the page cache. */
export function readAll(path: string): Promise<void> {
  return untilEnded('sh', ['-c', 'find "$1" -type f -exec cat {} + > /dev/null', 'sh', path])
}

/** Waits until the disk has taken what was written, so that nobody's run pays for the one before. */
export function settle(): Promise<void> {
  return untilEnded('sync', [])
}

/** Not by a synchronous call: kept-alive connections that are closed meanwhile would not be noticed. */
async function untilEnded(program: string, args: readonly string[]): Promise<void> {
  const [code] = (await once(spawn(program, args, { stdio: 'inherit' }), 'exit')) as [number | null]
  if (code !== 0) throw new Error(`${program} ended with ${code}`)
}
