import type { JobInfo, WaybillClient } from '../client/index.ts'
import { describeItem, describeJob, settled, troubles } from './describe-job.ts'
import { EXIT } from './exit-codes.ts'
import { count, note, print, printJson } from './output.ts'
import { startProgress } from './progress.ts'
import { BytesUnderWay } from './under-way.ts'

/** A server may restart while its job is waited for: the job goes on afterwards, so the wait does too. */
const AWAY_MS = 60_000
/** Items shown of those that went wrong; all of them by `track --failed`. */
const MOST_TROUBLES = 10

/** Waits for a job with progress on standard error; Ctrl-C stops the waiting, not the job. */
export async function waitShown(client: WaybillClient, id: string): Promise<JobInfo> {
  const progress = startProgress('Working', 'items')
  const bytes = new BytesUnderWay(client, id)
  const detail = (job: JobInfo): string => (job.paused ? 'paused' : [bytes.words(job), troubles(job)].filter(words => words !== '').join(', '))
  const interrupted = (): void => {
    progress.stop()
    note(`The job goes on; follow it with: waybill track ${id} --watch`)
    process.exit(130)
  }
  process.once('SIGINT', interrupted)
  try {
    return await client.wait(id, {
      awayMs: AWAY_MS,
      onProgress: job => progress.update(settled(job), job.counts.discovering ? null : job.counts.total, detail(job)),
    })
  } finally {
    process.off('SIGINT', interrupted)
    progress.stop()
  }
}

/** Prints a finished job and the first of its items that went wrong. Returns the exit code: 1 unless all items are done or skipped. */
export async function reportFinished(client: WaybillClient, job: JobInfo, json: boolean): Promise<number> {
  if (json) await printJson(job)
  else {
    for (const line of describeJob(job)) await print(line)
    await noteTroubles(client, job)
  }
  return finishedCode(job)
}

/** The exit code for a job that was waited for. */
export function finishedCode(job: JobInfo): number {
  return job.outcome === 'succeeded' ? EXIT.ok : EXIT.incomplete
}

async function noteTroubles(client: WaybillClient, job: JobInfo): Promise<void> {
  const all = job.counts.failed + job.counts.evicted
  if (all === 0) return
  let shown = 0
  for await (const item of client.items(job.id, { states: ['failed', 'evicted'] })) {
    note(describeItem(item))
    if (++shown === MOST_TROUBLES) break
  }
  if (all > shown) note(`and ${count(all - shown)} more: waybill track ${job.id} --failed`)
}
