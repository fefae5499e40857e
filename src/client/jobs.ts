import { ALL_EVENTS, type EventsRequest, readEvents } from './events.ts'
import { jobPath } from './places.ts'
import type { ServerEvent } from './server-event.ts'
import { newIdempotencyKey, submissionOf } from './submission.ts'
import type { Transport } from './transport.ts'
import type {
  ItemInfo,
  ItemQuery,
  JobInfo,
  JobQuery,
  JobRequest,
  ManifestRequest,
  ReportQuery,
  RetryState,
  Stoppable,
  SubmitOptions,
  SubmittedJob,
} from './types.ts'

/** The server holds an answer for at most a minute (docs/reference/v1.md, Waiting). */
const MOST_WAIT_SECONDS = 60

/** How long to wait for a job, and what stops it. */
export interface WaitOptions extends Stoppable {
  /** Called with every state seen, the last one included. */
  readonly onProgress?: (job: JobInfo) => void
  /** How often `onProgress` is called at least, in seconds (at most 60); default 60 without it and 1 with it. */
  readonly everySeconds?: number
  /** How long a server may be away meanwhile (a restart, a broken line) before the error is thrown; the client's own `awayMs` without it. */
  readonly awayMs?: number
}

/** Jobs: submit, track, steer. */
export class JobsClient {
  readonly #transport: Transport

  constructor(transport: Transport) {
    this.#transport = transport
  }

  /**
   * Submits a job; it is durable when this resolves. It carries an idempotency key, so that it is safely sent again when an answer is lost; items that
   * can be iterated over only once, and streams, cannot be, but the error has the key (`idempotencyKey`) to submit the same again with.
   */
  async submit(request: JobRequest | ManifestRequest, options: SubmitOptions = {}): Promise<SubmittedJob> {
    const { headers, ...call } = submissionOf(request)
    const key = options.idempotencyKey === undefined ? newIdempotencyKey() : options.idempotencyKey
    return this.#transport.json({
      ...call,
      method: 'POST',
      path: '/v1/jobs',
      headers: { ...headers, ...preferWait(options.waitSeconds), ...(key === null ? {} : { 'idempotency-key': key }) },
      idempotent: key !== null,
      signal: options.signal,
    })
  }

  /** By id or number. With `waitSeconds` the answer comes when the job is finished or the time is over. */
  job(id: string, options: { readonly waitSeconds?: number } & Stoppable = {}): Promise<JobInfo> {
    return this.#transport.json({ path: jobPath(id), headers: preferWait(options.waitSeconds), signal: options.signal })
  }

  /** Resolves with the job when it is finished, however long that takes. */
  async wait(id: string, options: WaitOptions = {}): Promise<JobInfo> {
    const everySeconds = options.everySeconds ?? (options.onProgress === undefined ? MOST_WAIT_SECONDS : 1)
    const patience = options.awayMs === undefined ? {} : { awayMs: options.awayMs }
    for (;;) {
      const job = await this.#transport.json<JobInfo>({ path: jobPath(id), headers: preferWait(everySeconds), patience, signal: options.signal })
      options.onProgress?.(job)
      if (job.state === 'finished') return job
    }
  }

  /** Newest first, page after page. */
  list({ signal, ...query }: JobQuery = {}): AsyncGenerator<JobInfo, void, undefined> {
    return this.#transport.all({ path: '/v1/jobs', query, signal })
  }

  /** The job's items in their order, page after page. */
  items(id: string, { signal, states, ...query }: ItemQuery = {}): AsyncGenerator<ItemInfo, void, undefined> {
    return this.#transport.all({ path: `${jobPath(id)}/items`, query: { ...query, state: states?.join(',') }, signal })
  }

  /** All items as a file, one consistent snapshot, streamed: the answer's body. Read or cancel it. */
  report(id: string, { signal, states, ...query }: ReportQuery = {}): Promise<Response> {
    return this.#transport.send({ path: `${jobPath(id)}/report`, query: { ...query, state: states?.join(',') }, signal })
  }

  /** The events of one job from its first on, as they happen; ends when the job is finished and all of them came. */
  watch(id: string, request: EventsRequest = {}): AsyncGenerator<ServerEvent, void, undefined> {
    return readEvents(this.#transport, `${jobPath(id)}/events`, request)
  }

  /** The events of all jobs the caller may see, from now on, unless `after` says otherwise; has no end. */
  events(request: EventsRequest = {}): AsyncGenerator<ServerEvent, void, undefined> {
    return readEvents(this.#transport, ALL_EVENTS, request)
  }

  /** What is done stays, the rest is cancelled. */
  cancel(id: string, options: Stoppable = {}): Promise<JobInfo> {
    return this.#steer(id, 'cancel', options)
  }

  /** Holds it after the items under way. */
  pause(id: string, options: Stoppable = {}): Promise<JobInfo> {
    return this.#steer(id, 'pause', options)
  }

  /** Lets a paused job go on. */
  resume(id: string, options: Stoppable = {}): Promise<JobInfo> {
    return this.#steer(id, 'resume', options)
  }

  /** A new attempt of the items in these states, in the same job. */
  retry(id: string, states: readonly RetryState[] = ['failed'], options: Stoppable = {}): Promise<JobInfo> {
    // not idempotent: items that failed again meanwhile would have one more attempt
    return this.#transport.json({ method: 'POST', path: `${jobPath(id)}/retry`, json: { states }, signal: options.signal })
  }

  #steer(id: string, verb: string, { signal }: Stoppable): Promise<JobInfo> {
    return this.#transport.json({ method: 'POST', path: `${jobPath(id)}/${verb}`, idempotent: true, signal })
  }
}

/** RFC 7240 section 4.3. */
function preferWait(seconds: number | undefined): Record<string, string> {
  return seconds === undefined ? {} : { prefer: `wait=${Math.min(seconds, MOST_WAIT_SECONDS)}` }
}
