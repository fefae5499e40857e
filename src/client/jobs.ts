import type { ItemState } from '../model/item.ts'
import { ClientError } from './client-error.ts'
import { ALL_EVENTS, type EventsRequest, readEvents } from './events.ts'
import { jobPath } from './places.ts'
import { pause, type Transport } from './transport.ts'
import type { ItemInfo, ItemQuery, JobInfo, JobQuery, JobRequest, ManifestRequest, ServerEvent, SubmitOptions } from './types.ts'

const MANIFEST_TYPES = { ndjson: 'application/x-ndjson', csv: 'text/csv' } as const
/** The server holds an answer for at most a minute (docs/reference/v1.md, Waiting). */
const MOST_WAIT_SECONDS = 60
/** Between attempts to reach a server that is away while its job is waited for. */
const AWAY_PAUSE_MS = 1000

/** How long to wait for a job, and what stops it. */
export interface WaitOptions {
  /** Called with every state seen, the last one included. */
  readonly onProgress?: (job: JobInfo) => void
  /** How often `onProgress` is called at least, in seconds (at most 60); default 60 without it and 1 with it. */
  readonly everySeconds?: number
  /** How long a server may be away meanwhile (a restart, a broken line) before the error is thrown; default 0. */
  readonly patienceMs?: number
  readonly signal?: AbortSignal
}

/** Jobs: submit, track, steer. */
export class JobsClient {
  readonly #transport: Transport

  constructor(transport: Transport) {
    this.#transport = transport
  }

  /** Submits a job; it is durable when this resolves. A manifest may be a stream of any length. */
  submit(request: JobRequest | ManifestRequest, options: SubmitOptions = {}): Promise<JobInfo> {
    const headers: Record<string, string> = preferWait(options.waitSeconds)
    if (options.idempotencyKey !== undefined) headers['idempotency-key'] = options.idempotencyKey
    const call = { method: 'POST', path: '/v1/jobs', signal: options.signal }
    if (!('manifest' in request)) return this.#transport.json({ ...call, headers, json: request })
    const { manifest, format, ...choices } = request
    return this.#transport.json({ ...call, headers: { ...headers, 'content-type': MANIFEST_TYPES[format] }, query: choices, body: manifest })
  }

  /** By id or number. With `waitSeconds` the answer comes when the job is finished or the time is over. */
  job(id: string, options: { readonly waitSeconds?: number; readonly signal?: AbortSignal } = {}): Promise<JobInfo> {
    return this.#transport.json({ path: jobPath(id), headers: preferWait(options.waitSeconds), signal: options.signal })
  }

  /** Resolves with the job when it is finished, however long that takes. */
  async wait(id: string, options: WaitOptions = {}): Promise<JobInfo> {
    const everySeconds = options.everySeconds ?? (options.onProgress === undefined ? MOST_WAIT_SECONDS : 1)
    let patientUntil = Infinity
    for (;;) {
      try {
        const job = await this.job(id, { waitSeconds: everySeconds, ...(options.signal === undefined ? {} : { signal: options.signal }) })
        patientUntil = Infinity
        options.onProgress?.(job)
        if (job.state === 'finished') return job
      } catch (error) {
        if (!(error instanceof ClientError && error.passing)) throw error
        patientUntil = Math.min(patientUntil, Date.now() + (options.patienceMs ?? 0))
        if (Date.now() >= patientUntil) throw error
        await pause(Math.max(AWAY_PAUSE_MS, (error.retryAfterSeconds ?? 0) * 1000), options.signal)
      }
    }
  }

  /** Newest first, page after page. */
  list(query: JobQuery = {}): AsyncGenerator<JobInfo, void, undefined> {
    return this.#transport.all({ path: '/v1/jobs', query: { ...query } })
  }

  /** The job's items in their order, page after page. */
  items(id: string, query: ItemQuery = {}): AsyncGenerator<ItemInfo, void, undefined> {
    return this.#transport.all({ path: `${jobPath(id)}/items`, query: { state: query.states?.join(','), path: query.path } })
  }

  /** Events of one job, or (without id) of all jobs the caller may see. */
  events(request: EventsRequest & { readonly id?: string } = {}): AsyncGenerator<ServerEvent, void, undefined> {
    return readEvents(this.#transport, request.id === undefined ? ALL_EVENTS : `${jobPath(request.id)}/events`, request)
  }

  cancel(id: string): Promise<JobInfo> {
    return this.#steer(id, 'cancel')
  }

  pause(id: string): Promise<JobInfo> {
    return this.#steer(id, 'pause')
  }

  resume(id: string): Promise<JobInfo> {
    return this.#steer(id, 'resume')
  }

  /** A new attempt of the items in these states (failed, evicted, skipped, cancelled), in the same job. */
  retry(id: string, states: readonly ItemState[] = ['failed']): Promise<JobInfo> {
    return this.#steer(id, 'retry', { states })
  }

  #steer(id: string, verb: string, json?: unknown): Promise<JobInfo> {
    return this.#transport.json({ method: 'POST', path: `${jobPath(id)}/${verb}`, json })
  }
}

/** RFC 7240 section 4.3. */
function preferWait(seconds: number | undefined): Record<string, string> {
  return seconds === undefined ? {} : { prefer: `wait=${Math.min(seconds, MOST_WAIT_SECONDS)}` }
}
