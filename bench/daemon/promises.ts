import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { createCollections, drained, finished, type JobSeen } from '../jobs.ts'
import { inRounds, measured, type Measured, type Scale } from '../measured.ts'
import { filePath, importTree, makeTree } from '../tree.ts'
import { inWorld, type World } from '../world.ts'
import { DAEMON, type RcloneDaemon, withDaemon } from './rclone-daemon.ts'

const REQUESTS: Readonly<Record<Scale, number>> = { whole: 100, quick: 20, tiny: 3 }
const ROUNDS: Readonly<Record<Scale, number>> = { whole: 3, quick: 1, tiny: 1 }

interface Late {
  /** How long after its end a job is asked for. */
  readonly afterMs: number
  readonly flags: readonly string[]
  readonly told: string
}

/** The daemon forgets a job a minute after its end, looking every ten seconds. Where nobody waits for that, it is told to forget sooner. */
const SOONER: Late = { afterMs: 4_000, flags: ['--rc-job-expire-duration', '2s', '--rc-job-expire-interval', '1s'], told: 'told to forget jobs after 2 s' }
const LATE: Readonly<Record<Scale, Late>> = { whole: { afterMs: 75_000, flags: [], told: 'at its default of a minute' }, quick: SOONER, tiny: SOONER }

/** The same request sent twice, as by a client that lost the answer. */
export function daemonTwice(scale: Scale): Promise<Measured> {
  const requests = REQUESTS[scale]
  return withFile([], async ({ http }, daemon, theirCopy) => {
    const jobsEach = async (submit: (n: number) => Promise<unknown>): Promise<number> => {
      const ids = new Set<unknown>()
      for (let n = 0; n < requests; n++) ids.add(await submit(n)).add(await submit(n))
      return ids.size / requests
    }
    const rounds = await inRounds(ROUNDS[scale], async round => ({
      ours: await jobsEach(async n => (await submitOne(http, `${round}/${n}.bin`, { 'idempotency-key': `${round}-${n}` })).id),
      theirs: await jobsEach(n => daemon.submit('operations/copyfile', { ...theirCopy, dstRemote: `${round}/${n}.bin` })),
    }))
    await drained(http)
    return measured([
      {
        ...{ name: 'jobs_of_a_repeated_request', what: 'the same submission sent twice: jobs that it makes', unit: 'jobs', better: 'less' },
        ...{ ours: rounds.map(it => it.ours), peer: { name: DAEMON, values: rounds.map(it => it.theirs) } },
        note: 'ours with an Idempotency-Key; the daemon has nothing like it',
      },
    ])
  })
}

/** A question about a finished job after the daemon forgets it. */
export function daemonLate(scale: Scale): Promise<Measured> {
  const { afterMs, flags, told } = LATE[scale]
  return withFile(flags, async ({ http }, daemon, theirCopy) => {
    const job = await submitOne(http, 'late.bin', { prefer: 'wait=60' })
    await finished(http, job, 1)
    const jobid = await daemon.submit('operations/copyfile', { ...theirCopy, dstRemote: 'late.bin' })
    await daemon.finished(jobid)
    await sleep(afterMs)
    const ours = (await http.send('GET', `/v1/jobs/${job.id}`)).status
    const theirs = (await daemon.ask('job/status', { jobid })).status
    const known = (status: number): number[] => [status === 200 ? 100 : 0]
    return measured([
      {
        ...{ name: 'known_late_percent', what: `a finished job, asked for ${afterMs / 1000} s after its end: known`, unit: '%', better: 'more' },
        ...{
          ours: known(ours),
          peer: { name: DAEMON, values: known(theirs) },
          note: `the daemon ${told} answered ${theirs}, ours ${ours}; ours answers 410 after 30 days`,
        },
      },
    ])
  })
}

function submitOne(http: World['http'], path: string, headers: Readonly<Record<string, string>>): Promise<JobSeen> {
  const items = [{ source: { collection: 'tree', path: filePath(0) }, destination: { collection: 'inbox', path } }]
  return http.json<JobSeen>('POST', '/v1/jobs', { kind: 'copy', items }, headers)
}

interface TheirCopy {
  readonly srcFs: string
  readonly srcRemote: string
  readonly dstFs: string
}

/** Both sides with one file to copy. */
function withFile(flags: readonly string[], use: (world: World, daemon: RcloneDaemon, theirCopy: TheirCopy) => Promise<Measured>): Promise<Measured> {
  return inWorld(async world => {
    const tree = join(world.directory, 'tree')
    await makeTree(tree, 1)
    await createCollections(world.http, 'tree', 'inbox')
    await importTree(world.http, tree, 'tree', 1)
    return withDaemon(daemon => use(world, daemon, { srcFs: tree, srcRemote: filePath(0), dstFs: join(world.directory, 'copies') }), flags)
  })
}
