import { join } from 'node:path'
import { figure, grouped, median, say, seconds } from './figures.ts'
import type { Http } from '../test/support/http.ts'
import { createCollections, timedCopy } from './jobs.ts'
import { sayMachine } from './machine.ts'
import { residentMb, withPeakMemory } from './memory.ts'
import { CP, type Peer, type PeerTime, rcloneVersion, RCLONE, settle, timedPeer } from './peers.ts'
import { FILE_BYTES, importTree, makeTree } from './tree.ts'
import { inWorld, type World } from './world.ts'

/** How much is measured. The big job has ten times the files of the tree. */
interface Size {
  readonly files: number
  readonly rounds: number
  readonly bigRounds: number
}

const WHOLE: Size = { files: 100_000, rounds: 3, bigRounds: 3 }
const QUICK: Size = { files: 10_000, rounds: 3, bigRounds: 1 }
/** The big collection is the tree this many times over. */
const TIMES = 10

/** Copy jobs beside `cp -r` and `rclone copy` on the same tree, then one job ten times as big. See bench/README.md. */
export function copyBench(quick: boolean): Promise<Record<string, number | null>> {
  const size = quick ? QUICK : WHOLE
  return inWorld(async world => {
    sayMachine(world.directory)
    const tree = join(world.directory, 'tree')
    await prepare(world, tree, size.files)
    const small = await besidePeers(world, tree, size)
    const big = await bigJobs(world, size)

    const items = size.files * TIMES
    const jobSeconds = median(small.job)
    say(`job, ${grouped(size.files)} files`, `${seconds(small.job)}   ${grouped(size.files / jobSeconds)} items/s, peak memory ${Math.round(small.peakMb)} MB`)
    sayPeer(CP, small.cp, size.files, jobSeconds)
    if (small.rclone !== null) sayPeer(RCLONE, small.rclone, size.files, jobSeconds)
    say(`job, ${grouped(items)} files`, `${seconds(big.job)}   ${grouped(items / median(big.job))} items/s, peak memory ${Math.round(big.peakMb)} MB`)
    return {
      items_per_second_100k: figure(size.files / jobSeconds),
      ratio_cp_100k: figure(ended(small.cp) / jobSeconds),
      ratio_rclone_100k: small.rclone === null ? null : figure(ended(small.rclone) / jobSeconds),
      items_per_second_1m: figure(items / median(big.job)),
      rss_mb_1m: figure(big.peakMb),
      time_ratio_1m_100k: figure(median(big.job) / jobSeconds),
    }
  })
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
  settle()
  const uploading = (performance.now() - made) / 1000
  say(
    'tree',
    `${grouped(files)} files of ${FILE_BYTES} bytes written in ${((made - begin) / 1000).toFixed(0)} s, uploaded in ${uploading.toFixed(0)} s (not measured)`,
  )
}

/** In turn, several rounds: the job, cp, rclone. All three find the tree in the page cache and the disk at rest. */
async function besidePeers(world: World, tree: string, size: Size): Promise<{ job: number[]; cp: PeerTime[]; rclone: PeerTime[] | null; peakMb: number }> {
  const { http, directory, server } = world
  const version = rcloneVersion()
  say('timed', 'job: from sending the request to seeing it finished, durable; cp and rclone: their own run, without a final sync')
  say('rclone', version ?? 'not installed: left out')
  const job: number[] = []
  const cp: PeerTime[] = []
  const rclone: PeerTime[] = []
  let peakMb = 0
  for (let round = 0; round < size.rounds; round++) {
    const run = await withPeakMemory(server.pid, () =>
      timedCopy(http, { collection: 'tree', prefix: '' }, { collection: 'copies', prefix: `round-${round}/` }, size.files),
    )
    job.push(run.result)
    peakMb = Math.max(peakMb, run.peakMb)
    settle()
    cp.push(await timedPeer(CP, tree, join(directory, `cp-${round}`)))
    if (version !== null) rclone.push(await timedPeer(RCLONE, tree, join(directory, `rclone-${round}`)))
  }
  return { job, cp, rclone: version === null ? null : rclone, peakMb }
}

/** Fills `big` with the tree ten times over, then copies the whole of it into a new collection, several times. */
async function bigJobs({ http, server }: World, size: Size): Promise<{ job: number[]; peakMb: number }> {
  const items = size.files * TIMES
  await multiply(http, size.files)
  settle()
  const job: number[] = []
  let peakMb = 0
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
    peakMb = Math.max(peakMb, run.peakMb)
    settle()
  }
  return { job, peakMb }
}

async function multiply(http: Http, files: number): Promise<void> {
  for (let n = 0; n < TIMES; n++) await timedCopy(http, { collection: 'tree', prefix: '' }, { collection: 'big', prefix: `part-${n}/` }, files)
}
