import type { Http } from '../test/support/http.ts'

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
