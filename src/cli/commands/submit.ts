import { Argument, type Command, Option } from 'commander'
import type { JobChoices, JobInfo, WaybillClient } from '../../client/index.ts'
import { CONFLICTS, type Conflict, type JobKind, PRIORITY, VERIFY, type Verify } from '../../model/job.ts'
import { connect, type ConnectionOptions, overHttp } from '../connection.ts'
import { describeItem, describeJob } from '../describe-job.ts'
import { EXIT } from '../exit-codes.ts'
import { finishedCode, reportFinished, waitShown } from '../follow.ts'
import { jobRequest } from '../job-request.ts'
import { note, print, printJson } from '../output.ts'
import { type Destination, parseDestination, parseSource, type Source } from '../place.ts'
import { printable } from '../printable.ts'
import { placeBeneath } from '../selected.ts'
import { checked, wholeNumber } from '../values.ts'

interface SubmitFlags extends ConnectionOptions {
  readonly wait?: true
  readonly json?: true
  readonly dryRun?: true
  readonly label?: string
  readonly conflict?: Conflict
  readonly verify?: Verify
  readonly priority?: number
  readonly literal?: true
  readonly manifest?: 'ndjson' | 'csv'
  readonly idempotencyKey?: string
}

const SOURCE = 'collection:path, collection:prefix/, collection:glob, or a manifest file (.ndjson, .jsonl, .csv, or - for standard input)'
const DESTINATION = 'collection:path for one file, collection:prefix/ or collection: to go beneath, collection alone to keep the paths'

/** `cp`, `mv`, `rm`: each submits one job. */
export function registerSubmitting(program: Command): void {
  submitting(program, 'cp', 'copy', 'copy files between collections in one job, however many they are')
  submitting(program, 'mv', 'move', 'move files in one job')
  submitting(program, 'rm', 'delete', 'delete files in one job (soft: their versions stay)')
}

function submitting(program: Command, name: string, kind: JobKind, description: string): void {
  const command = overHttp(program.command(name)).description(description).argument('<SRC>', SOURCE)
  if (kind !== 'delete') {
    command.addArgument(new Argument('[DST]', `${DESTINATION}; a manifest may name its own`).argParser(checked(parseDestination)))
    command.addOption(
      new Option('--conflict <policy>', 'when the destination exists: a new version of it (the default), skip, fail, or copy under a free name').choices(
        CONFLICTS,
      ),
    )
    command.addOption(new Option('--verify <how>', 'digest reads and hashes the bytes again before an item is done').choices(VERIFY))
  }
  command
    .option('--wait', 'wait until the job is finished, with progress')
    .option('--json', 'print the job as JSON')
    .option('--dry-run', 'print what would happen, item by item, and change nothing')
    .option('--label <text>', 'a name for the job, to find it by')
    .option('--priority <n>', `${PRIORITY.least} (last) to ${PRIORITY.most} (first)`, checked(wholeNumber(PRIORITY.least, PRIORITY.most)))
    .option('--literal', 'take * ? [ { in SRC as they are, not as a pattern')
    .option('--idempotency-key <key>', 'the same key and request give the same job again, for 24 hours')
    .addOption(new Option('--manifest <format>', 'what the manifest is, when its name does not say').choices(['ndjson', 'csv']))
    .action(async (source: string, ...rest: unknown[]) => {
      const destination = kind === 'delete' ? null : ((rest[0] as Destination | undefined) ?? null)
      process.exitCode = await submit(kind, source, destination, command.opts<SubmitFlags>())
    })
}

async function submit(kind: JobKind, text: string, destination: Destination | null, flags: SubmitFlags): Promise<number> {
  const source = parseSource(text, { literal: flags.literal ?? false, ...(flags.manifest === undefined ? {} : { format: flags.manifest }) })
  const client = connect(flags)
  const request = await jobRequest(choicesOf(kind, flags), source, destination)
  const job = await client.submit(request, flags.idempotencyKey === undefined ? {} : { idempotencyKey: flags.idempotencyKey })
  if (flags.dryRun || flags.wait) {
    const finished = await waitShown(client, job.id)
    const code = await (flags.dryRun ? showPlan(client, finished, flags.json ?? false) : reportFinished(client, finished, flags.json ?? false))
    if (source.kind === 'file' && finished.outcome === 'failed') await noteDirectory(client, finished.id, source)
    if (source.kind === 'selection' && finished.outcome === 'succeeded' && finished.counts.total === 0) note(`Nothing matched ${printable(text)}.`)
    return code
  }
  if (flags.json) await printJson(job)
  else {
    await print(job.id)
    note(`Submitted; follow it with: waybill track ${job.id} --watch`)
  }
  return EXIT.ok
}

/** In a shell a directory is named without a slash at its end, too; here that is a file, which is not there. */
async function noteDirectory(client: WaybillClient, job: string, source: Extract<Source, { readonly kind: 'file' }>): Promise<void> {
  const { value: item } = await client.items(job).next()
  const place = item?.reason?.code === 'entry_not_found' ? await placeBeneath(client, source) : null
  if (place !== null) note(`What lies beneath it is ${printable(place)}, with a "/" at the end.`)
}

function choicesOf(kind: JobKind, flags: SubmitFlags): JobChoices {
  return {
    kind,
    ...(flags.conflict === undefined ? {} : { conflict: flags.conflict }),
    ...(flags.verify === undefined ? {} : { verify: flags.verify }),
    ...(flags.dryRun === undefined ? {} : { dryRun: true }),
    ...(flags.priority === undefined ? {} : { priority: flags.priority }),
    ...(flags.label === undefined ? {} : { label: flags.label }),
  }
}

/** A dry run is always waited for: its plan, the items, is what it is for. */
async function showPlan(client: WaybillClient, job: JobInfo, json: boolean): Promise<number> {
  for await (const item of client.items(job.id)) await (json ? printJson(item) : print(describeItem(item)))
  if (json) return finishedCode(job)
  for (const line of describeJob(job)) await print(line)
  note('Nothing was changed.')
  return finishedCode(job)
}
