import { basename, resolve } from 'node:path'
import type { JobInfo, ServerEvent } from '../../client/index.ts'
import { WaybillError } from '../../model/errors.ts'
import { untilSignal } from '../commands/serve.ts'
import { describeItem, settled } from '../describe-job.ts'
import { EXIT, sentenceOf } from '../exit-codes.ts'
import { type LocalFile, readForUpload } from '../local-files.ts'
import { count, note, plural, print, size, span } from '../output.ts'
import { inParallel } from '../parallel.ts'
import { startProgress } from '../progress.ts'
import { trackByApollo } from './apollo.ts'
import { checkCopies } from './check-copies.ts'
import { pickFiles } from './pick-files.ts'
import { openStage, type Stage } from './stage.ts'

export interface DemoOptions {
  readonly once: boolean
  readonly directory: string
  readonly port: number
}

const FROM = 'demo-files'
const TO = 'demo-copies'
const [PREFIX, COPY_PREFIX] = ['tree/', 'backup/']
/** As shells have it for a process that Ctrl-C ended. */
const INTERRUPTED = 130
/** Uploads under way at once. */
const AT_ONCE = 32

/** Shows everything, or says in a sentence what went wrong and returns 1. */
export async function runDemo(options: DemoOptions): Promise<number> {
  const began = Date.now()
  await print('Waybill demo: real files, a real server, one job.\n')
  const opening = openStage(options.port)
  const interruption = onInterruption(opening)
  try {
    const stage = await opening
    await play(stage, resolve(options.directory))
    await act('Done', `everything checked, ${span(Date.now() - began)} in all\n`)
    interruption.over()
    await farewell(stage, options.once)
    return EXIT.ok
  } catch (error) {
    if (interruption.happened) return INTERRUPTED
    note(`The demo failed: ${sentenceOf(error) ?? ''}`)
    return EXIT.incomplete
  } finally {
    await closeStage(opening)
  }
}

/** A stage that never opened has cleaned up after itself, and its error was told. */
async function closeStage(opening: Promise<Stage>): Promise<void> {
  const [opened] = await Promise.allSettled([opening])
  if (opened.status === 'fulfilled') await opened.value.close()
}

async function play(stage: Stage, directory: string): Promise<void> {
  await act('Server', `${stage.url}, on the embedded default: SQLite and a local store in ${stage.data}`)
  const picked = await pickFiles(directory)
  await act('Files', `${plural(picked.files.length, 'file')}, ${size(picked.bytes)}, from ${directory}`)
  if (picked.left > 0) await more(`of ${count(picked.files.length + picked.left)} there: the demo takes ${picked.bound}`)
  await stage.client.collections.create({ id: FROM, name: basename(directory) })
  await stage.client.collections.create({ id: TO, name: 'the copies' })
  await importFiles(stage, picked.files, picked.bytes)
  const job = await copyAll(stage, picked.files.length)
  await trackBoth(stage, job)
  const { compared, fetched } = await checkCopies(stage, picked.files, { collection: TO, pathOf: local => COPY_PREFIX + local.path.slice(PREFIX.length) })
  await act('Check', `SHA-256 and size of all ${count(compared)} copies equal the files on disk`)
  await more(`${count(fetched)} of them downloaded again over HTTP: the same bytes`)
  await showTroubles(stage, picked.files[0] as LocalFile)
}

async function importFiles(stage: Stage, files: readonly LocalFile[], bytes: number): Promise<void> {
  const progress = startProgress('Import', 'files')
  const since = Date.now()
  let done = 0
  try {
    await inParallel(files, AT_ONCE, async local => {
      const { body, sha256 } = await readForUpload(local)
      await stage.client.upload(FROM, local.path, body, { sha256 })
      progress.update(++done, files.length)
    })
  } finally {
    progress.stop()
  }
  const ms = Date.now() - since
  await act('Import', `into the collection ${FROM} over HTTP, ${AT_ONCE} at once, each durable when answered`)
  await more(`${plural(files.length, 'file')}, ${size(bytes)} in ${span(ms)}: ${count((files.length / ms) * 1000)} files a second`)
}

async function copyAll(stage: Stage, files: number): Promise<JobInfo> {
  const since = Date.now()
  const submitted = await stage.client.submit({
    kind: 'copy',
    select: [{ source: { collection: FROM, prefix: PREFIX }, destination: { collection: TO, prefix: COPY_PREFIX } }],
    label: 'demo',
  })
  await act('Copy', `one job, ${FROM}:${PREFIX} to ${TO}:${COPY_PREFIX}; answered after ${span(Date.now() - since)} with the tracking id`)
  await more(`${submitted.id} (number ${submitted.number})`)
  await watch(stage, submitted.id, since)
  const job = await stage.client.wait(submitted.id)
  const ms = Date.now() - since
  if (job.outcome !== 'succeeded' || job.counts.done !== files) {
    throw new WaybillError('internal', `the copy should have succeeded with ${files} files, but it is ${job.outcome ?? job.state} with ${job.counts.done} done`)
  }
  await more(`${plural(files, 'file')}, ${size(job.bytes.done)} in ${span(ms)}, submission included: ${count((files / ms) * 1000)} files a second`)
  return job
}

/** The job's events as the server sends them, until it is finished. */
async function watch(stage: Stage, id: string, since: number): Promise<void> {
  for await (const event of stage.client.watch(id)) {
    await more(`${span(Date.now() - since)}  ${event.type.padEnd(13)}  ${detailOf(event)}`.trimEnd())
    if (event.type === 'job.finished') return
  }
}

function detailOf({ type, data }: ServerEvent): string {
  if (type === 'job.progress') return `${data.state}, ${count(settled(data))} of ${count(data.counts.total)}${data.counts.discovering ? ' found so far' : ''}`
  if (type === 'job.resolved') return plural(data.total, 'item')
  return type === 'job.finished' ? data.outcome : ''
}

async function trackBoth(stage: Stage, copied: JobInfo): Promise<void> {
  const { id, state, outcome, counts } = await stage.client.job(copied.id)
  await act('Track', `GET /v1/jobs/${id}`)
  await more(JSON.stringify({ state, outcome, counts }))
  const apollo = await trackByApollo(stage, id, TO)
  await act('Apollo', `${apollo.call}, the same job in another dialect`)
  await more(`"Summary": ${JSON.stringify(apollo.summary)}`)
  if (apollo.summary.Succeeded !== String(counts.done) || apollo.details !== counts.total) {
    throw new WaybillError('internal', `Apollo counts ${apollo.summary.Succeeded} files and ${apollo.details} details where /v1 counts ${counts.done}`)
  }
}

/** One item whose file is missing, one whose condition is stale, one that is good: each has its own state and reason. */
async function showTroubles(stage: Stage, local: LocalFile): Promise<void> {
  const { revision: stale } = await stage.client.entries.metadata(FROM, local.path)
  const { body } = await readForUpload(local)
  await stage.client.upload(FROM, local.path, body)
  const destination = { collection: TO, path: 'again' }
  const items = [
    { source: { collection: FROM, path: 'tree/no-such-file' }, destination },
    { source: { collection: FROM, path: local.path, ifMatch: stale }, destination },
    { source: { collection: FROM, path: local.path }, destination },
  ]
  const job = await stage.client.wait((await stage.client.submit({ kind: 'copy', items, label: 'demo, troubles' })).id)
  await act('Reasons', `a job of a missing file, a stale revision and a good one: ${job.outcome ?? job.state}`)
  const states: string[] = []
  for await (const item of stage.client.items(job.id)) {
    states.push(item.state)
    await more(describeItem(item))
  }
  if (states.join() !== 'failed,evicted,done')
    throw new WaybillError('internal', `the three items should be failed, evicted and done, but they are ${states.join(', ')}`)
}

async function farewell(stage: Stage, once: boolean): Promise<void> {
  if (once) {
    await print('Run ./waybill demo without --once and the server stays: with the console, the API page at /docs, and a token for both.')
    return
  }
  await print(`The server stays until Ctrl-C. The console: ${stage.url} (sign in with the token below); the API page: ${stage.url}/docs`)
  await print('Ask it something:\n')
  await print(`  curl -H 'Authorization: Bearer ${stage.token}' '${stage.url}/v1/jobs?limit=2'\n`)
  await print('Or with this command line:\n')
  await print(`  export WAYBILL_URL=${stage.url} WAYBILL_TOKEN=${stage.token}`)
  await print(`  ./waybill cp --wait ${FROM}:${PREFIX} ${TO}:another/\n`)
  await untilSignal()
}

/** Ctrl-C or SIGTERM in the middle of it. */
interface Interruption {
  readonly happened: boolean
  /** From now on the signals mean something else. */
  over(): void
}

/** The first signal closes the server and removes the temporary directory, and then ends the process. */
function onInterruption(opening: Promise<Stage>): Interruption {
  const signals = ['SIGINT', 'SIGTERM'] as const
  let happened = false
  const stop = (): void => {
    happened = true
    note('\nStopped; the server is closed and its directory removed.')
    void closeStage(opening).finally(() => process.exit(INTERRUPTED))
  }
  for (const signal of signals) process.once(signal, stop)
  return {
    get happened() {
      return happened
    },
    over() {
      for (const signal of signals) process.off(signal, stop)
    },
  }
}

async function act(name: string, text: string): Promise<void> {
  await print(`${name.padEnd(9)}${text}`)
}

async function more(text: string): Promise<void> {
  await print(`${' '.repeat(9)}${text}`)
}
