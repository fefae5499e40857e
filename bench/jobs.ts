import { setTimeout as sleep } from 'node:timers/promises'
import type { Http } from '../test/support/http.ts'
import { EACH } from './load.ts'
import { uploadSome } from './tree.ts'

/** What the benches read of a job (docs/reference/v1.md, The job). */
export interface JobSeen {
  readonly id: string
  readonly state: string
  readonly outcome: string | null
  readonly counts: { readonly total: number; readonly done: number }
}

/** A place: a collection and a prefix in it. */
export interface Place {
  readonly collection: string
  readonly prefix: string
}

/** Submits a copy of everything beneath a prefix; the answer is held until the job is finished or a minute is over. */
export function submitCopy(http: Http, source: Place, destination: Place, waitSeconds = 60): Promise<JobSeen> {
  const prefer: Record<string, string> = waitSeconds > 0 ? { prefer: `wait=${waitSeconds}` } : {}
  return http.json<JobSeen>('POST', '/v1/jobs', { kind: 'copy', select: [{ source, destination }] }, prefer)
}

/** Waits until the job is finished, and throws unless all of its items are done and there are `items` of them. */
export async function finished(http: Http, job: JobSeen, items: number): Promise<void> {
  let seen = job
  while (seen.state !== 'finished') seen = await http.json<JobSeen>('GET', `/v1/jobs/${job.id}`, undefined, { prefer: 'wait=60' })
  if (seen.outcome !== 'succeeded' || seen.counts.total !== items || seen.counts.done !== items) {
    throw new Error(`the job was to copy ${items} items and succeed, but: ${JSON.stringify(seen)}`)
  }
}

/** Runs one copy job and returns the seconds from sending the request to seeing the job finished. */
export async function timedCopy(http: Http, source: Place, destination: Place, items: number): Promise<number> {
  const begin = performance.now()
  await finished(http, await submitCopy(http, source, destination), items)
  return (performance.now() - begin) / 1000
}

/** Creates collections that the caller owns. */
export async function createCollections(http: Http, ...ids: readonly string[]): Promise<void> {
  for (const id of ids) await http.json('POST', '/v1/collections', { id })
}

/** Waits until no job is unfinished. */
export async function drained(http: Http): Promise<void> {
  for (const state of ['submitted', 'resolving', 'running']) {
    while ((await http.json<{ items: unknown[] }>('GET', `/v1/jobs?state=${state}&limit=1`)).items.length > 0) await sleep(20)
  }
}

/** The body of a job that copies one file; each request of a load sends it to a path of its own. */
export function oneFileJob(collection: string, path: string, destination: string): string {
  return JSON.stringify({ kind: 'copy', items: [{ source: { collection, path }, destination: { collection: destination, path: EACH } }] })
}

/** Files that `fillByCopies` uploads. */
const UPLOADED = 1000

/** Fills a collection with `files` files: a thousand are uploaded into `seed`, and copied until there are enough. `files` is a multiple of 10,000, or at most that. */
export async function fillByCopies(http: Http, collection: string, files: number): Promise<void> {
  await createCollections(http, 'seed', 'middle')
  const uploaded = Math.min(UPLOADED, files / 10)
  await uploadSome(http, 'seed', uploaded)
  const middle = files / 10
  for (let n = 0; n < middle / uploaded; n++) {
    await timedCopy(http, { collection: 'seed', prefix: '' }, { collection: 'middle', prefix: `part-${String(n).padStart(3, '0')}/` }, uploaded)
  }
  for (let n = 0; n < 10; n++) await timedCopy(http, { collection: 'middle', prefix: '' }, { collection, prefix: `part-${n}/` }, middle)
}
