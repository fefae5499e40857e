import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { grouped } from '../figures.ts'
import { Http } from '../../test/support/http.ts'
import type { ServerProcess } from '../../test/support/server-process.ts'
import { createCollections, drained, type JobSeen } from '../jobs.ts'
import { measured, type Measured, type Scale } from '../measured.ts'
import { residentMb } from '../memory.ts'
import { manyTimes } from '../side-by-side.ts'
import { filePath, importTree, makeTree } from '../tree.ts'
import { inWorld, type World } from '../world.ts'
import { DAEMON, withDaemon } from './rclone-daemon.ts'

interface Size {
  readonly rounds: number
  readonly jobs: number
}

const SIZES: Readonly<Record<Scale, Size>> = { whole: { rounds: 3, jobs: 50_000 }, quick: { rounds: 1, jobs: 5_000 }, tiny: { rounds: 1, jobs: 50 } }
const AT_ONCE = 32
/** Both sides rest so long before their memory is read. */
const REST_MS = 2_000
/** An empty server may be exceeded by a tenth. */
const WITHIN_A_TENTH = 1 / 1.1

/** MB of one round. */
interface Round {
  readonly grown: number
  readonly theirsGrown: number
  readonly kept: number
  readonly empty: number
}

/** Finished jobs that are kept: what they cost in memory, while they come in and after a restart. */
export async function daemonKept(scale: Scale): Promise<Measured> {
  const { rounds, jobs } = SIZES[scale]
  const taken: Round[] = []
  for (let round = 0; round < rounds; round++) taken.push(await oneRound(jobs))
  const count = grouped(jobs)
  return measured([
    {
      ...{ name: 'kept_jobs_grown_mb', what: `${count} jobs of one file, finished and kept: the memory that the process grew by`, unit: 'MB', better: 'less' },
      ...{ ours: taken.map(it => it.grown), peer: { name: DAEMON, values: taken.map(it => it.theirsGrown) } },
      note: 'the daemon is told to keep its jobs for a day, which is not its default of a minute; ours keeps them for 30 days, on disk',
    },
    {
      ...{ name: 'kept_jobs_restarted_mb', what: `${count} finished jobs, each asked for once after a restart: resident memory`, unit: 'MB', better: 'less' },
      ...{ ours: taken.map(it => it.kept), peer: { name: 'an empty server of ours, asked as often', values: taken.map(it => it.empty) } },
      ...{ goal: WITHIN_A_TENTH, note: 'the goal is to be within a tenth of it' },
    },
  ])
}

async function oneRound(jobs: number): Promise<Round> {
  const empty = await emptyServer(jobs)
  return inWorld(async world => {
    const tree = join(world.directory, 'tree')
    await makeTree(tree, 1)
    await createCollections(world.http, 'tree', 'inbox')
    await importTree(world.http, tree, 'tree', 1)
    await rested(world.server.pid)
    const before = residentMb(world.server.pid)
    const ids = await submitAll(world.http, jobs)
    const grown = (await rested(world.server.pid)) - before
    const theirsGrown = await theirGrowth(tree, join(world.directory, 'copies'), jobs)
    await world.server.stop()
    const kept = await polled(await world.again(), world.token, ids)
    return { grown, theirsGrown, kept, empty }
  })
}

async function submitAll(http: World['http'], jobs: number): Promise<string[]> {
  const source = { collection: 'tree', path: filePath(0) }
  const ids = await manyTimes(jobs, AT_ONCE, async n => {
    const items = [{ source, destination: { collection: 'inbox', path: `${n}.bin` } }]
    return (await http.json<JobSeen>('POST', '/v1/jobs', { kind: 'copy', items })).id
  })
  await drained(http)
  return ids
}

function theirGrowth(srcFs: string, dstFs: string, jobs: number): Promise<number> {
  return withDaemon(
    async daemon => {
      await rested(daemon.pid)
      const before = residentMb(daemon.pid)
      await manyTimes(jobs, AT_ONCE, n => daemon.submit('operations/copyfile', { srcFs, srcRemote: filePath(0), dstFs, dstRemote: `${n}.bin` }))
      await daemon.arrived(jobs, dstFs)
      return (await rested(daemon.pid)) - before
    },
    ['--rc-job-expire-duration', '24h'],
  )
}

/** The memory of a server that has no jobs and answered as many requests. */
function emptyServer(requests: number): Promise<number> {
  return inWorld(async ({ http, server }) => {
    await manyTimes(requests, AT_ONCE, () => http.json('GET', '/v1/jobs?limit=1'))
    return rested(server.pid)
  })
}

async function polled(server: ServerProcess, token: string, ids: readonly string[]): Promise<number> {
  const http = new Http(server.url, token)
  try {
    await manyTimes(ids.length, AT_ONCE, async n => {
      const { state, outcome } = await http.json<JobSeen>('GET', `/v1/jobs/${ids[n] ?? ''}`)
      if (state !== 'finished' || outcome !== 'succeeded') throw new Error(`job ${ids[n]} is ${state}, ${outcome}`)
    })
    return await rested(server.pid)
  } finally {
    http.close()
  }
}

async function rested(pid: number): Promise<number> {
  await sleep(REST_MS)
  return residentMb(pid)
}
