import { join } from 'node:path'
import { figure, grouped, median, say, seconds } from './figures.ts'
import type { Http } from '../test/support/http.ts'
import { createCollections, timedCopy } from './jobs.ts'
import { sayMachine } from './machine.ts'
import type { Measured, Row, Scale } from './measured.ts'
import { residentMb, withPeakMemory } from './memory.ts'
import { CP, CP_LINKS, type Peer, type PeerTime, RCLONE, RSYNC, settle, timedPeer, versionOf } from './peers.ts'
import { FILE_BYTES, importTree, makeTree } from './tree.ts'
import { inWorld, type World } from './world.ts'

/** How much is measured. The big job has ten times the files of the tree. */
interface Size {
  readonly files: number
  readonly rounds: number
  readonly bigRounds: number
}

const SIZES: Readonly<Record<Scale, Size>> = {
  whole: { files: 100_000, rounds: 3, bigRounds: 3 },
  quick: { files: 10_000, rounds: 1, bigRounds: 1 },
  tiny: { files: 50, rounds: 1, bigRounds: 1 },
}
const MOVES = 'ours copies by reference and ends durable; the peer moves bytes and ends when they are in the cache'
const LINKS = 'neither side moves bytes; the peer makes hard links, which are one file under two names, and ends when they are in the cache'
const PEERS = [
  { key: 'cp', peer: CP, note: MOVES },
  { key: 'cp_links', peer: CP_LINKS, note: LINKS },
  { key: 'rclone', peer: RCLONE, note: MOVES },
  { key: 'rsync', peer: RSYNC, note: MOVES },
] as const
type PeerKey = (typeof PEERS)[number]['key']
/** Times of each peer; null for one that is not installed. */
type PeerTimes = Readonly<Record<PeerKey, PeerTime[] | null>>
/** The big collection is the tree this many times over. */
const TIMES = 10

/** Copy jobs beside `cp -r`, `cp -rl`, `rclone copy` and `rsync -a` on the same tree, then one job ten times as big. See bench/README.md. */
export function copyBench(scale: Scale): Promise<Measured> {
  const size = SIZES[scale]
  return inWorld(async world => {
    sayMachine(world.directory)
    const tree = join(world.directory, 'tree')
    await prepare(world, tree, size.files)
    const small = await besidePeers(world, tree, size)
    const big = await bigJobs(world, size)

    const items = size.files * TIMES
    const jobSeconds = median(small.job)
    say(`job, ${grouped(size.files)} files`, `${seconds(small.job)}   ${grouped(size.files / jobSeconds)} items/s, peak memory ${Math.round(small.peakMb)} MB`)
    for (const { key, peer } of PEERS) {
      const times = small.peers[key]
      if (times !== null) sayPeer(peer, times, size.files, jobSeconds)
    }
    say(`job, ${grouped(items)} files`, `${seconds(big.job)}   ${grouped(items / median(big.job))} items/s, peak memory ${Math.round(big.peakMb)} MB`)
    const ratio = (key: PeerKey): number | null => {
      const times = small.peers[key]
      return times === null ? null : figure(ended(times) / jobSeconds)
    }
    return {
      figures: {
        items_per_second_100k: figure(size.files / jobSeconds),
        ...{ ratio_cp_100k: ratio('cp'), ratio_cp_links_100k: ratio('cp_links'), ratio_rclone_100k: ratio('rclone'), ratio_rsync_100k: ratio('rsync') },
        items_per_second_1m: figure(items / median(big.job)),
        rss_mb_1m: figure(big.peakMb),
        time_ratio_1m_100k: figure(median(big.job) / jobSeconds),
      },
      rows: [...peerRows(small.job, small.peers, size.files), ...bigRows(big, items)],
    }
  })
}

function peerRows(job: readonly number[], peers: PeerTimes, files: number): Row[] {
  const what = `a tree of ${grouped(files)} files of 4 KiB`
  return PEERS.flatMap(({ key, peer, note }) => {
    const times = peers[key]
    if (times === null) return []
    return [
      {
        name: `tree_beside_${key}`,
        what,
        unit: 's',
        better: 'less' as const,
        ours: job,
        peer: { name: peer.name, values: times.map(time => time.ended) },
        note,
      },
    ]
  })
}

function bigRows({ job, peaksMb }: BigJobs, items: number): Row[] {
  const what = `one job over ${grouped(items)} files`
  return [
    { name: 'items_per_second_1m', what: `${what}, from submit to finished`, unit: 'items/s', better: 'more', ours: job.map(took => items / took) },
    { name: 'rss_mb_1m', what: `${what}: the server's memory at most`, unit: 'MB', better: 'less', ours: peaksMb },
  ]
}

interface BigJobs {
  readonly job: readonly number[]
  readonly peaksMb: readonly number[]
  readonly peakMb: number
}

function ended(times: readonly PeerTime[]): number {
  return median(times.map(time => time.ended))
}

function sayPeer(peer: Peer, times: readonly PeerTime[], files: number, jobSeconds: number): void {
  const took = ended(times)
  say(
    `${peer.name}, ${grouped(files)} files`,
    `${seconds(times.map(time => time.ended))}   ${grouped(files / took)} files/s: the job is ${figure(took / jobSeconds)} times as fast`,
  )
  const synced = median(times.map(time => time.synced))
  say('  until it is on disk', `${synced.toFixed(2)} s, which the job is already when it is finished: ${figure(synced / jobSeconds)} times as fast`)
}

async function prepare({ http }: World, tree: string, files: number): Promise<void> {
  const begin = performance.now()
  await makeTree(tree, files)
  await createCollections(http, 'tree', 'copies', 'big')
  const made = performance.now()
  await importTree(http, tree, 'tree', files)
  await settle()
  const uploading = (performance.now() - made) / 1000
  say(
    'tree',
    `${grouped(files)} files of ${FILE_BYTES} bytes written in ${((made - begin) / 1000).toFixed(0)} s, uploaded in ${uploading.toFixed(0)} s (not measured)`,
  )
}

/** In turn, several rounds: the job, then each peer. All find the tree in the page cache and the disk at rest. */
async function besidePeers(world: World, tree: string, size: Size): Promise<{ job: number[]; peers: PeerTimes; peakMb: number }> {
  const { http, directory, server } = world
  say('timed', 'job: from sending the request to seeing it finished, durable; the others: their own run, without a final sync')
  const peers: PeerTimes = { cp: [], cp_links: [], rclone: timesOf('rclone'), rsync: timesOf('rsync') }
  const job: number[] = []
  let peakMb = 0
  for (let round = 0; round < size.rounds; round++) {
    const run = await withPeakMemory(server.pid, () =>
      timedCopy(http, { collection: 'tree', prefix: '' }, { collection: 'copies', prefix: `round-${round}/` }, size.files),
    )
    job.push(run.result)
    peakMb = Math.max(peakMb, run.peakMb)
    await settle()
    for (const { key, peer } of PEERS) peers[key]?.push(await timedPeer(peer, tree, join(directory, `${key}-${round}`)))
  }
  return { job, peers, peakMb }
}

function timesOf(program: 'rclone' | 'rsync'): PeerTime[] | null {
  const version = versionOf(program)
  say(program, version ?? 'not installed: left out')
  return version === null ? null : []
}

/** Fills `big` with the tree ten times over, then copies the whole of it into a new collection, several times. */
async function bigJobs({ http, server }: World, size: Size): Promise<BigJobs> {
  const items = size.files * TIMES
  await multiply(http, size.files)
  await settle()
  const job: number[] = []
  const peaksMb: number[] = []
  for (let round = 0; round < size.bigRounds; round++) {
    await createCollections(http, `big-copy-${round}`)
    const before = residentMb(server.pid)
    const run = await withPeakMemory(server.pid, () =>
      timedCopy(http, { collection: 'big', prefix: '' }, { collection: `big-copy-${round}`, prefix: '' }, items),
    )
    say(
      `big job ${round + 1}`,
      `${run.result.toFixed(2)} s, server's memory ${Math.round(before)} MB before, ${Math.round(run.peakMb)} MB at most, ${Math.round(residentMb(server.pid))} MB after`,
    )
    job.push(run.result)
    peaksMb.push(run.peakMb)
    await settle()
  }
  return { job, peaksMb, peakMb: Math.max(...peaksMb) }
}

async function multiply(http: Http, files: number): Promise<void> {
  for (let n = 0; n < TIMES; n++) await timedCopy(http, { collection: 'tree', prefix: '' }, { collection: 'big', prefix: `part-${n}/` }, files)
}
