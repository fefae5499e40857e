import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3'
import { Http } from '../test/support/http.ts'
import { startSwift, type SwiftServer } from '../test/support/servers/swift.ts'
import { figure, grouped, median, say, seconds } from './figures.ts'
import { timedCopy } from './jobs.ts'
import { makeLarge, uploadLarge } from './large.ts'
import { sayMachine } from './machine.ts'
import type { Measured, Row, Scale } from './measured.ts'
import { withPeakMemory } from './memory.ts'
import { type Peer, readAll, settle, timedPeer, versionOf } from './peers.ts'
import { FILE_BYTES, importTree, makeTree } from './tree.ts'
import { inWorld, type World } from './world.ts'

/** How much is measured, and with how many transfers, theirs and ours. */
export interface BytesSize {
  readonly files: number
  /** Small files that go into S3: there each takes either side as long as some hundred on disk. */
  readonly s3Files: number
  readonly largeMib: number
  readonly rounds: number
  readonly transfers: number
}

/** Four transfers are what rclone does by itself. */
export const BYTES_SIZES: Readonly<Record<Scale, BytesSize>> = {
  whole: { files: 20_000, s3Files: 2_000, largeMib: 2048, rounds: 3, transfers: 4 },
  quick: { files: 1_000, s3Files: 200, largeMib: 128, rounds: 1, transfers: 4 },
  tiny: { files: 20, s3Files: 20, largeMib: 1, rounds: 1, transfers: 4 },
}

const BUCKET = 'waybill-bench'
/** rclone's name for the service, in its settings. */
const REMOTE = 'bench'

/** One source: a directory for rclone, a collection of the same files for us. */
interface Source {
  readonly name: 'small' | 'large'
  readonly collection: string
  readonly directory: string
  readonly files: number
}

/** Seconds of the runs, ours and theirs. */
interface Times {
  readonly ours: number[]
  readonly theirs: number[]
}

/**
 * Jobs that take bytes from one store to another, beside `rclone copy` of the same files. See bench/README.md.
 *
 * Both find their source in the page cache, the disk at rest and an empty destination; both have the same number of transfers. Ours is timed from sending the
 * request to seeing the job finished, when every byte is durable and its digest was compared; rclone's own run is timed without a final sync. On S3 rclone has its
 * own sizes of parts and its own number of them at once, and the server keeps everything in memory.
 */
export async function bytesBench(size: BytesSize): Promise<Measured> {
  const version = versionOf('rclone')
  if (version === null) throw new Error('this bench compares with rclone, which is not installed (Debian: apt-get install rclone)')
  const swift = await startSwift()
  try {
    await createBucket(swift)
    return await inWorld(world => measure(world, swift, size, version), {
      config: directory => ({ stores: stores(directory, swift, size), defaultStore: 'near' }),
      env: { BENCH_S3_KEY: swift.credentials.accessKeyId, BENCH_S3_SECRET: swift.credentials.secretAccessKey },
    })
  } finally {
    await swift.stop()
  }
}

async function createBucket({ url, region, credentials }: SwiftServer): Promise<void> {
  const client = new S3Client({ endpoint: url, region, credentials, forcePathStyle: true, requestChecksumCalculation: 'WHEN_REQUIRED' })
  await client.send(new CreateBucketCommand({ Bucket: BUCKET }))
  client.destroy()
}

/** A store holds a blob once, whatever the collection: so each run has a store of its own to copy into. */
function stores(directory: string, swift: SwiftServer, { rounds, transfers }: BytesSize): Record<string, unknown> {
  const places: Record<string, unknown> = { near: { kind: 'local', directory: join(directory, 'near'), transfers } }
  const service = { endpoint: swift.url, region: swift.region, accessKeyIdVariable: 'BENCH_S3_KEY', secretAccessKeyVariable: 'BENCH_S3_SECRET', transfers }
  for (const source of ['small', 'large'])
    for (let round = 0; round < rounds; round++) {
      const name = `${source}-${round}`
      places[`local-${name}`] = { kind: 'local', directory: join(directory, `store-${name}`), transfers }
      places[`s3-${name}`] = { kind: 's3', bucket: BUCKET, prefix: `ours-${name}`, ...service }
    }
  return places
}

async function measure(world: World, swift: SwiftServer, size: BytesSize, version: string): Promise<Measured> {
  sayMachine(world.directory)
  say('rclone', `${version}; ${size.transfers} transfers each`)
  const sources = await prepare(world, size)
  const peer = rclone(swift, size.transfers)
  const figures: Record<string, number> = {}
  const rows: Row[] = []
  let peakMb = 0
  for (const place of ['local', 's3'] as const) {
    for (const source of sources[place]) {
      const { times, peak } = await inTurn(world, peer, source, place, size.rounds)
      peakMb = Math.max(peakMb, peak)
      const ratio = median(times.ours) / median(times.theirs)
      say(`${source.name} to ${place}, job`, `${seconds(times.ours)}   peak memory ${Math.round(peak)} MB`)
      say(`${source.name} to ${place}, rclone`, `${seconds(times.theirs)}   the job takes ${figure(ratio)} times as long`)
      figures[`ratio_rclone_${source.name}_${place}`] = figure(ratio)
      rows.push(rowOf(source, place, times, size.largeMib))
    }
  }
  return { figures: { ...figures, rss_mb: figure(peakMb) }, rows }
}

const NOTES = {
  local: 'ours hashes all of it and makes links, durable; the peer makes second copies in the cache',
  s3: 'the service is OpenStack Swift on this machine, with its files in memory; both sides send all bytes, each in parts as large and as many at once as is its default',
} as const

function rowOf({ name, files }: Source, place: 'local' | 's3', times: Times, largeMib: number): Row {
  const what = name === 'small' ? `${grouped(files)} files of 4 KiB` : `one file of ${grouped(largeMib)} MiB`
  const where = place === 'local' ? 'from one local store to another' : 'from a local store into S3 (Swift)'
  const peer = { name: 'rclone copy', values: times.theirs }
  return { name: `bytes_${name}_${place}_s`, what: `${what} ${where}`, unit: 's', better: 'less', ours: times.ours, peer, note: NOTES[place] }
}

/** Writes the sources to disk, and uploads them into collections of the near store. Not measured. */
async function prepare(world: World, { files, s3Files, largeMib }: BytesSize): Promise<Record<'local' | 's3', readonly Source[]>> {
  const { http, directory } = world
  const [small, few] = [await smallFiles(world, 'small', files), await smallFiles(world, 'few', s3Files)]
  const large: Source = { name: 'large', collection: 'large', directory: join(directory, 'large'), files: 1 }
  await makeLarge(large.directory, largeMib)
  await http.json('POST', '/v1/collections', { id: 'large', store: 'near' })
  await uploadLarge(world, large.directory)
  await settle()
  say('sources', `${grouped(files)} files of ${FILE_BYTES} bytes (${grouped(s3Files)} into S3), and one of ${grouped(largeMib)} MiB`)
  return { local: [small, large], s3: [few, large] }
}

async function smallFiles({ http, directory }: World, collection: string, files: number): Promise<Source> {
  const source: Source = { name: 'small', collection, directory: join(directory, collection), files }
  await makeTree(source.directory, files)
  await http.json('POST', '/v1/collections', { id: collection, store: 'near' })
  await importTree(http, source.directory, collection, files)
  return source
}

/** Several rounds of both, one after the other, each into a place of its own. */
async function inTurn(world: World, peer: Peer, source: Source, place: 'local' | 's3', rounds: number): Promise<{ times: Times; peak: number }> {
  const { directory, server, token } = world
  const times: Times = { ours: [], theirs: [] }
  let peak = 0
  for (let round = 0; round < rounds; round++) {
    const collection = `${place}-${source.name}-${round}`
    const http = new Http(server.url, token) // not kept for long: the server lets go of a connection that rests while rclone runs
    await http.json('POST', '/v1/collections', { id: collection, store: collection })
    await readAll(join(directory, 'near', 'blobs'))
    const run = await withPeakMemory(server.pid, () => timedCopy(http, { collection: source.collection, prefix: '' }, { collection, prefix: '' }, source.files))
    times.ours.push(run.result)
    http.close()
    peak = Math.max(peak, run.peakMb)
    await settle()
    const theirs = place === 'local' ? join(directory, `theirs-${source.name}-${round}`) : `${REMOTE}:${BUCKET}/theirs-${source.name}-${round}`
    times.theirs.push((await timedPeer(peer, source.directory, theirs)).ended)
    // the service holds its files in memory: only so much fits
    if (place === 's3') for (const whose of ['ours', 'theirs']) purge(peer, `${REMOTE}:${BUCKET}/${whose}-${source.name}-${round}`)
  }
  return { times, peak }
}

/** `rclone copy` with everything at its default, but for where the service is. */
function rclone({ url, region, credentials }: SwiftServer, transfers: number): Peer {
  const { AWS_CA_BUNDLE: _refused, ...env } = process.env // with it, this version of rclone does not begin
  const remote = {
    type: 's3',
    provider: 'Other',
    endpoint: url,
    region,
    access_key_id: credentials.accessKeyId,
    secret_access_key: credentials.secretAccessKey,
  }
  for (const [key, value] of Object.entries(remote)) env[`RCLONE_CONFIG_${REMOTE.toUpperCase()}_${key.toUpperCase()}`] = value
  return {
    name: 'rclone copy',
    env,
    command: (source, destination) => ['rclone', 'copy', '--config', '/dev/null', '--transfers', `${transfers}`, source, destination],
  }
}

function purge(peer: Peer, place: string): void {
  const run = spawnSync('rclone', ['purge', '--config', '/dev/null', place], { env: peer.env, encoding: 'utf8' })
  if (run.status !== 0) throw new Error(`rclone could not remove ${place}: ${run.stderr}`)
}
