import { setTimeout as sleep } from 'node:timers/promises'
import { grouped, median, say, seconds } from './figures.ts'
import { createCollections, drained, fillByCopies, finished, oneFileJob, submitCopy, timedCopy, type JobSeen } from './jobs.ts'
import { loadGenerator, type LoadResult } from './load.ts'
import { sayMachine } from './machine.ts'
import { figuresOf, type Measured, type Row, type Scale } from './measured.ts'
import { filePath } from './tree.ts'
import { inWorld, type World } from './world.ts'

/** How much is measured. `big` items are in the job that is polled. */
interface Size {
  readonly big: number
  readonly rounds: number
  readonly submitSeconds: number
}

const SIZES: Readonly<Record<Scale, Size>> = {
  whole: { big: 1_000_000, rounds: 3, submitSeconds: 10 },
  quick: { big: 200_000, rounds: 1, submitSeconds: 3 },
  tiny: { big: 200_000, rounds: 1, submitSeconds: 0.3 },
}
const SUBMIT_CONNECTIONS = 64
const POLL_CONNECTIONS = 20
/** A little above the 5,000 polls a second that are asked for: what they cost the job is measured at that rate. */
const POLL_RATE = 5200
const SMALL_ITEMS = 10

/** Seconds of the big job without and with polls, and the polls. */
interface PolledRuns {
  readonly alone: number[]
  readonly withPolls: number[]
  readonly loads: LoadResult[]
}

/** Durable submits, polls of a big running job and what they cost it, and a small job beside a big one. See bench/README.md. */
export function apiBench(scale: Scale): Promise<Measured> {
  const size = SIZES[scale]
  return inWorld(async world => {
    sayMachine(world.directory)
    await createCollections(world.http, 'big', 'inbox', 'small')
    await fillByCopies(world.http, 'big', size.big)
    say('prepared', `a collection of ${grouped(size.big)} files`)
    const submits = await submitLoad(world, size)
    const polled = await pollLoad(world, size)
    const small = await smallBesideBig(world, size.big)

    const slowdown = 1 - median(speedKept(polled))
    say('submits', `${load(median(submits.map(run => run.perSecond)), submits)}, ${SUBMIT_CONNECTIONS} connections, each answer durable`)
    say(
      'polls of the running job',
      `${load(median(polled.loads.map(run => run.perSecond)), polled.loads)}, ${POLL_CONNECTIONS} connections, at most ${grouped(POLL_RATE)}/s asked`,
    )
    say(`job, ${grouped(size.big)} items, alone`, seconds(polled.alone))
    say(`job, ${grouped(size.big)} items, polled`, `${seconds(polled.withPolls)}   ${(slowdown * 100).toFixed(1)} % of its speed lost`)
    say('10-file job beside the big one', `${median(small).toFixed(0)} ms   (runs: ${small.map(ms => ms.toFixed(0)).join(', ')})`)
    const rows = rowsOf(submits, polled, small, size)
    return { figures: { ...figuresOf(rows), poll_slowdown: Number(slowdown.toFixed(3)) }, rows }
  })
}

/** The part of its speed that the job keeps, round by round. */
function speedKept({ alone, withPolls }: PolledRuns): number[] {
  return alone.map((took, round) => took / (withPolls[round] ?? Number.NaN))
}

function rowsOf(submits: readonly LoadResult[], polled: PolledRuns, small: readonly number[], { big }: Size): Row[] {
  const submitted = `jobs of one file over ${SUBMIT_CONNECTIONS} connections, each answer durable`
  const polls = `polls of a job over ${grouped(big)} files, at most ${grouped(POLL_RATE)} a second asked`
  return [
    { name: 'submits_per_second', what: `${submitted}: submitted`, unit: 'jobs/s', better: 'more', ours: submits.map(run => run.perSecond) },
    { name: 'submit_p99_ms', what: `${submitted}: 99 % within`, unit: 'ms', better: 'less', ours: submits.map(run => run.p99) },
    { name: 'polls_per_second', what: `${polls}: answered`, unit: 'polls/s', better: 'more', ours: polled.loads.map(run => run.perSecond) },
    { name: 'poll_p99_ms', what: `${polls}: 99 % within`, unit: 'ms', better: 'less', ours: polled.loads.map(run => run.p99) },
    { name: 'poll_keeps_speed', what: `${polls}: part of its speed that the job keeps`, unit: 'of 1', better: 'more', ours: speedKept(polled) },
    { name: 'small_job_ms', what: `a job of ${SMALL_ITEMS} files beside it, from submit to finished`, unit: 'ms', better: 'less', ours: small },
  ]
}

function load(perSecond: number, runs: readonly LoadResult[]): string {
  return `${grouped(perSecond)}/s, p50 ${median(runs.map(run => run.p50))} ms, p99 ${median(runs.map(run => run.p99))} ms, slowest ${Math.max(...runs.map(run => run.max))} ms`
}

async function submitLoad({ server, token, http }: World, size: Size): Promise<LoadResult[]> {
  const order = { url: `${server.url}/v1/jobs`, token, connections: SUBMIT_CONNECTIONS, post: oneFileJob('seed', filePath(0), 'inbox') }
  await (await loadGenerator()).run({ ...order, seconds: 2 })
  const runs: LoadResult[] = []
  for (let round = 0; round < size.rounds; round++) {
    const run = await (await loadGenerator()).run({ ...order, seconds: size.submitSeconds })
    const begin = performance.now()
    await drained(http)
    say(
      `submits ${round + 1}`,
      `${load(run.perSecond, [run])}; the last of ${grouped(run.answered)} jobs finished ${((performance.now() - begin) / 1000).toFixed(2)} s later`,
    )
    runs.push(run)
  }
  return runs
}

/** The big job alone and polled, in turn; polling begins with the job and ends with it. */
async function pollLoad({ server, token, http }: World, size: Size): Promise<PolledRuns> {
  const alone: number[] = []
  const withPolls: number[] = []
  const loads: LoadResult[] = []
  for (let round = 0; round < size.rounds; round++) {
    await createCollections(http, `alone-${round}`, `polled-${round}`)
    alone.push(await timedCopy(http, { collection: 'big', prefix: '' }, { collection: `alone-${round}`, prefix: '' }, size.big))
    const generator = await loadGenerator()
    const begin = performance.now()
    const job = await submitCopy(http, { collection: 'big', prefix: '' }, { collection: `polled-${round}`, prefix: '' }, 0)
    const polls = generator.run({ url: `${server.url}/v1/jobs/${job.id}`, token, connections: POLL_CONNECTIONS, seconds: 600, rate: POLL_RATE })
    await finished(http, job, size.big)
    withPolls.push((performance.now() - begin) / 1000)
    generator.stop()
    loads.push(await polls)
  }
  return { alone, withPolls, loads }
}

/** Submits small jobs, one after the other, while a big one of the same caller runs; milliseconds from submit to finished of each. */
async function smallBesideBig({ http }: World, big: number): Promise<number[]> {
  await createCollections(http, 'beside')
  const job = await submitCopy(http, { collection: 'big', prefix: '' }, { collection: 'beside', prefix: '' }, 0)
  const times: number[] = []
  while (times.length < 20) {
    await sleep(100)
    const begin = performance.now()
    const items = Array.from({ length: SMALL_ITEMS }, (_, n) => ({
      source: { collection: 'seed', path: filePath(n) },
      destination: { collection: 'small', path: `${times.length}/${n}.bin` },
    }))
    await finished(http, await http.json<JobSeen>('POST', '/v1/jobs', { kind: 'copy', items }, { prefer: 'wait=60' }), SMALL_ITEMS)
    const took = performance.now() - begin
    const running = await http.json<JobSeen>('GET', `/v1/jobs/${job.id}`)
    if (running.state === 'finished') break
    times.push(took)
  }
  await finished(http, job, big)
  if (times.length === 0) throw new Error('the big job was finished before a small one: nothing was measured')
  return times
}
