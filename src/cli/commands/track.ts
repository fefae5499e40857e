import { type Command, Option } from 'commander'
import type { JobInfo, JobQuery, RetryState, WaybillClient } from '../../client/index.ts'
import { JOB_KINDS, JOB_STATES, OUTCOMES } from '../../model/job.ts'
import { connect, type ConnectionOptions, overHttp } from '../connection.ts'
import { describeItem, describeJob, settled, stateOf } from '../describe-job.ts'
import { EXIT } from '../exit-codes.ts'
import { finishedCode, reportFinished, waitShown } from '../follow.ts'
import { count, print, printJson, printTable, size } from '../output.ts'
import { underWay } from '../under-way.ts'
import { checked, parseMoment, parseStates, wholeNumber } from '../values.ts'

interface TrackFlags extends ConnectionOptions {
  readonly watch?: true
  readonly failed?: true
  readonly json?: true
}

interface JobsFlags extends ConnectionOptions, JobQuery {
  readonly limit: number
  readonly json?: true
}

interface SteerFlags extends ConnectionOptions {
  readonly json?: true
}

interface RetryFlags extends SteerFlags {
  readonly states: readonly RetryState[]
  readonly wait?: true
}

/** Items under way shown with a job. */
const MOST_UNDER_WAY = 10
const JOB_ID = 'the job, by id or number'

/** `track`, `jobs`, `cancel`, `pause`, `resume`, `retry`. */
export function registerTracking(program: Command): void {
  registerTrack(program)
  registerJobs(program)
  registerSteer(program, 'cancel', 'stop a job: what is done stays, the rest is cancelled', (client, id) => client.cancel(id))
  registerSteer(program, 'pause', 'hold a job after the items under way', (client, id) => client.pause(id))
  registerSteer(program, 'resume', 'let a paused job go on', (client, id) => client.resume(id))
  registerRetry(program)
}

function registerTrack(program: Command): void {
  const command = overHttp(program.command('track')).description('tell where a job is').argument('<ID>', JOB_ID)
  command
    .option('--watch', 'follow it until it is finished')
    .option('--failed', 'list the items that failed or were evicted, with their reasons')
    .option('--json', 'print the job, and with --failed each such item, as one line of JSON')
    .action(async (id: string) => {
      process.exitCode = await track(connect(command.opts<ConnectionOptions>()), id, command.opts<TrackFlags>())
    })
}

async function track(client: WaybillClient, id: string, flags: TrackFlags): Promise<number> {
  const job = flags.watch ? await waitShown(client, id) : await client.job(id)
  if (flags.watch && !flags.failed) return reportFinished(client, job, flags.json ?? false)
  if (flags.json) await printJson(job)
  else {
    for (const line of describeJob(job)) await print(line)
    if (job.state === 'running') await printUnderWay(client, id)
  }
  if (flags.failed) {
    for await (const item of client.items(id, { states: ['failed', 'evicted'] })) await (flags.json ? printJson(item) : print(describeItem(item)))
  }
  return flags.watch ? finishedCode(job) : EXIT.ok
}

/** The first of the large files that are being copied just now. */
async function printUnderWay(client: WaybillClient, id: string): Promise<void> {
  const items = await underWay(client, id)
  for (const item of items.slice(0, MOST_UNDER_WAY)) await print(`  ${describeItem(item)}: ${size(item.bytes)} so far`)
  if (items.length > MOST_UNDER_WAY) await print(`  and ${count(items.length - MOST_UNDER_WAY)} more`)
}

function registerJobs(program: Command): void {
  const command = overHttp(program.command('jobs')).description('list jobs, newest first')
  command
    .addOption(new Option('--state <state>').choices(JOB_STATES))
    .addOption(new Option('--outcome <outcome>').choices(OUTCOMES))
    .addOption(new Option('--kind <kind>').choices(JOB_KINDS))
    .option('--label <text>')
    .option('--submitted-by <subject>')
    .option('--collection <id>', 'only jobs that touch it')
    .option(
      '--since <when>',
      'a time, or 2h for two hours ago',
      checked(text => parseMoment(text, Date.now())),
    )
    .option(
      '--until <when>',
      'a time, or 2h for two hours ago',
      checked(text => parseMoment(text, Date.now())),
    )
    .option('--limit <n>', 'how many at most', checked(wholeNumber(1, 1_000_000)), 20)
    .option('--json', 'print each job as one line of JSON')
    .action(async () => {
      await listJobs(command.opts<JobsFlags>())
    })
}

async function listJobs(flags: JobsFlags): Promise<void> {
  const { url: _url, token: _token, json, limit, ...query } = flags
  const jobs: JobInfo[] = []
  for await (const job of connect(flags).jobs.list({ ...query, limit: Math.min(limit, 1000) })) {
    jobs.push(job)
    if (jobs.length === limit) break
  }
  if (json) for (const job of jobs) await printJson(job)
  else await printTable(['ID', 'KIND', 'STATE', 'ITEMS', 'CREATED', 'LABEL'], jobs.map(rowOf))
}

function rowOf(job: JobInfo): readonly string[] {
  return [job.id, job.kind, stateOf(job), `${count(settled(job))} of ${count(job.counts.total)}`, job.createdAt, job.label ?? '']
}

function registerSteer(program: Command, name: string, description: string, steer: (client: WaybillClient, id: string) => Promise<JobInfo>): void {
  const command = overHttp(program.command(name)).description(description).argument('<ID>', JOB_ID)
  command.option('--json', 'print the job as JSON').action(async (id: string) => {
    const flags = command.opts<SteerFlags>()
    await show(await steer(connect(flags), id), flags.json ?? false)
  })
}

function registerRetry(program: Command): void {
  const command = overHttp(program.command('retry')).description('try items again, in the same job').argument('<ID>', JOB_ID)
  command
    .addOption(
      new Option('--states <list>', 'which items: failed, evicted, skipped, cancelled (separated by commas)')
        .argParser(checked(parseStates))
        .default(['failed'], 'failed'),
    )
    .option('--wait', 'wait until the job is finished again, with progress')
    .option('--json', 'print the job as JSON')
    .action(async (id: string) => {
      const flags = command.opts<RetryFlags>()
      const client = connect(flags)
      const job = await client.retry(id, flags.states)
      if (flags.wait) process.exitCode = await reportFinished(client, await waitShown(client, job.id), flags.json ?? false)
      else await show(job, flags.json ?? false)
    })
}

async function show(job: JobInfo, json: boolean): Promise<void> {
  if (json) await printJson(job)
  else for (const line of describeJob(job)) await print(line)
}
