import { randomFillSync } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createCollections, fillByCopies, finished, type JobSeen, submitCopy, timedCopy } from '../jobs.ts'
import { loadGenerator, type LoadOrder, type LoadResult } from '../load.ts'
import { measured, type Measured, type Row, type Scale } from '../measured.ts'
import { grouped, median } from '../figures.ts'
import { readAll, settle } from '../peers.ts'
import { FILE_BYTES, filePath, makeTree } from '../tree.ts'
import { inWorld, type World } from '../world.ts'
import { DAEMON, type RcloneDaemon, withDaemon } from './rclone-daemon.ts'

/** Items of our big job, files of theirs: both are to last for some seconds. */
interface Size {
  readonly rounds: number
  readonly ours: number
  readonly theirs: number
}

const SIZES: Readonly<Record<Scale, Size>> = {
  whole: { rounds: 3, ours: 1_000_000, theirs: 100_000 },
  quick: { rounds: 1, ours: 200_000, theirs: 20_000 },
  tiny: { rounds: 1, ours: 100_000, theirs: 2_000 },
}
const POLL_CONNECTIONS = 20
const POLL_RATE = 5_000
const SMALL_ITEMS = 10
/** Small jobs of one round: most, and the pause before each, in milliseconds. */
const SMALL_JOBS = 20
const PAUSE_MS = 50

const sizesDiffer = ({ ours, theirs }: Size): string =>
  `the big job has ${grouped(ours)} files here and ${grouped(theirs)} at the daemon, so that both last for some seconds`

/** A job's own seconds, alone and polled, and the polls. */
interface Polled {
  readonly alone: number
  readonly polled: number
  readonly load: LoadResult
}

/** Polls of a job that copies, and what they cost it. */
export function daemonPolls(scale: Scale): Promise<Measured> {
  const size = SIZES[scale]
  return besideBig(size, async (world, daemon, tree) => {
    const [ours, theirs]: [Polled[], Polled[]] = [[], []]
    for (let round = 0; round < size.rounds; round++) {
      ours.push(await pollOurs(world, size.ours, round))
      theirs.push(await pollTheirs(daemon, tree, join(world.directory, `polled-${round}`)))
    }
    const row = (name: string, what: string, unit: string, better: Row['better'], of: (run: Polled) => number): Row => ({
      ...{ name, what, unit, better, ours: ours.map(of), peer: { name: `${DAEMON}, job/status`, values: theirs.map(of) }, note: sizesDiffer(size) },
    })
    const asked = `polls of a job that copies, at most ${grouped(POLL_RATE)} a second asked`
    return measured([
      row('polls_per_second', `${asked}: answered`, 'polls/s', 'more', run => run.load.perSecond),
      row('poll_p99_ms', `${asked}: 99 % answered within`, 'ms', 'less', run => run.load.p99),
      row('poll_keeps_speed', `${asked}: part of its speed that the job keeps`, 'of 1', 'more', run => run.alone / run.polled),
    ])
  })
}

async function pollOurs({ http, server, token }: World, items: number, round: number): Promise<Polled> {
  await createCollections(http, `alone-${round}`, `polled-${round}`)
  const alone = await timedCopy(http, { collection: 'big', prefix: '' }, { collection: `alone-${round}`, prefix: '' }, items)
  const submit = async (): Promise<string> => (await submitCopy(http, { collection: 'big', prefix: '' }, { collection: `polled-${round}`, prefix: '' }, 0)).id
  return polledWhile(
    alone,
    submit,
    id => ({ url: `${server.url}/v1/jobs/${id}`, token }),
    async id => {
      await finished(http, await http.json<JobSeen>('GET', `/v1/jobs/${id}`), items)
    },
  )
}

async function pollTheirs(daemon: RcloneDaemon, srcFs: string, destination: string): Promise<Polled> {
  await readAll(srcFs)
  await settle()
  const alone = await daemon.timed('sync/copy', { srcFs, dstFs: `${destination}-alone` })
  await settle()
  const submit = (): Promise<number> => daemon.submit('sync/copy', { srcFs, dstFs: destination })
  const poll = (jobid: number): Target => ({ url: `${daemon.url}/job/status`, token: 'none', post: JSON.stringify({ jobid }) })
  return polledWhile(alone, submit, poll, jobid => daemon.finished(jobid))
}

type Target = Pick<LoadOrder, 'url' | 'token' | 'post'>

/** Polling begins with the job and ends with it. */
async function polledWhile<Id>(alone: number, submit: () => Promise<Id>, poll: (id: Id) => Target, done: (id: Id) => Promise<void>): Promise<Polled> {
  const generator = await loadGenerator()
  const begin = performance.now()
  const id = await submit()
  const load = generator.run({ ...poll(id), connections: POLL_CONNECTIONS, seconds: 600, rate: POLL_RATE })
  await done(id)
  const polled = (performance.now() - begin) / 1000
  generator.stop()
  return { alone, polled, load: await load }
}

/** A small job beside a big one. */
export function daemonFairness(scale: Scale): Promise<Measured> {
  const size = SIZES[scale]
  return besideBig(size, async (world, daemon, tree) => {
    await createCollections(world.http, 'small')
    const small = join(world.directory, 'small')
    await makeSmall(small)
    const [ours, theirs]: [number[], number[]] = [[], []]
    for (let round = 0; round < size.rounds; round++) {
      ours.push(await smallOurs(world, size.ours, round))
      await readAll(tree)
      await settle()
      theirs.push(await smallTheirs(daemon, tree, small, join(world.directory, `fair-${round}`)))
    }
    const what = `a job of ${SMALL_ITEMS} files beside a big one, from submit to finished`
    return measured([{ name: 'small_job_ms', what, unit: 'ms', better: 'less', ours, peer: { name: DAEMON, values: theirs }, note: sizesDiffer(size) }])
  })
}

async function makeSmall(directory: string): Promise<void> {
  await mkdir(directory)
  for (let n = 0; n < SMALL_ITEMS; n++) await writeFile(join(directory, `${n}.bin`), randomFillSync(Buffer.alloc(FILE_BYTES)))
}

async function smallOurs({ http }: World, items: number, round: number): Promise<number> {
  await createCollections(http, `fair-${round}`)
  const big = await submitCopy(http, { collection: 'big', prefix: '' }, { collection: `fair-${round}`, prefix: '' }, 0)
  const runs = async (): Promise<boolean> => (await http.json<JobSeen>('GET', `/v1/jobs/${big.id}`)).state !== 'finished'
  const times = await smallWhile(runs, async n => {
    const names = Array.from({ length: SMALL_ITEMS }, (_, item) => ({
      source: { collection: 'seed', path: filePath(item) },
      destination: { collection: 'small', path: `${round}/${n}/${item}.bin` },
    }))
    await finished(http, await http.json<JobSeen>('POST', '/v1/jobs', { kind: 'copy', items: names }, { prefer: 'wait=60' }), SMALL_ITEMS)
  })
  await finished(http, big, items)
  return times
}

async function smallTheirs(daemon: RcloneDaemon, tree: string, small: string, destination: string): Promise<number> {
  const big = await daemon.submit('sync/copy', { srcFs: tree, dstFs: `${destination}-big` })
  const times = await smallWhile(
    async () => !(await daemon.isFinished(big)),
    async n => daemon.finished(await daemon.submit('sync/copy', { srcFs: small, dstFs: join(destination, String(n)) })),
  )
  await daemon.finished(big)
  return times
}

/** Median milliseconds of small jobs, one after the other, as long as the big one runs. */
async function smallWhile(bigRuns: () => Promise<boolean>, small: (n: number) => Promise<void>): Promise<number> {
  const times: number[] = []
  while (times.length < SMALL_JOBS) {
    const begin = performance.now()
    await small(times.length)
    const took = performance.now() - begin
    if (!(await bigRuns())) break
    times.push(took)
    await new Promise(resolve => setTimeout(resolve, PAUSE_MS))
  }
  if (times.length === 0) throw new Error('the big job was finished before a small one: nothing was measured')
  return median(times)
}

/** Both sides with a big job's files: a collection `big`, and a tree on disk. */
function besideBig(size: Size, use: (world: World, daemon: RcloneDaemon, tree: string) => Promise<Measured>): Promise<Measured> {
  return inWorld(async world => {
    const tree = join(world.directory, 'tree')
    await createCollections(world.http, 'big')
    await fillByCopies(world.http, 'big', size.ours)
    await makeTree(tree, size.theirs)
    return withDaemon(daemon => use(world, daemon, tree))
  })
}
