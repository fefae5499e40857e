import { CollectionsClient } from './collections.ts'
import { EntriesClient } from './entries.ts'
import type { EventsRequest } from './events.ts'
import { JobsClient, type WaitOptions } from './jobs.ts'
import type { ServerEvent } from './server-event.ts'
import { TokensClient } from './tokens.ts'
import { type ClientOptions, Transport } from './transport.ts'
import type {
  BodySource,
  DownloadOptions,
  EntryInfo,
  EntryQuery,
  ItemInfo,
  ItemQuery,
  JobInfo,
  JobRequest,
  ManifestRequest,
  ReportQuery,
  RetryState,
  Stoppable,
  SubmitOptions,
  SystemInfo,
  UploadOptions,
  WhoAmI,
} from './types.ts'

/**
 * A client of the native API. The everyday calls are here; everything else is under `collections`, `entries`, `jobs` and `tokens`.
 * Refusals and broken lines are `ClientError`s. Needs nothing but `fetch` and streams, so it runs in Node and in browsers.
 *
 *     const client = new WaybillClient({ url: 'http://127.0.0.1:7070', token })
 *     const job = await client.submit({ kind: 'copy', select: [{ source: { collection: 'photos' }, destination: { collection: 'archive' } }] })
 *     const finished = await client.wait(job.id)
 */
export class WaybillClient {
  readonly collections: CollectionsClient
  readonly entries: EntriesClient
  readonly jobs: JobsClient
  readonly tokens: TokensClient
  readonly #transport: Transport

  /** Throws a TypeError for an address that is no http(s) URL. */
  constructor(options: ClientOptions) {
    this.#transport = new Transport(options)
    this.collections = new CollectionsClient(this.#transport)
    this.entries = new EntriesClient(this.#transport)
    this.jobs = new JobsClient(this.#transport)
    this.tokens = new TokensClient(this.#transport)
  }

  /** Whom the server takes the token's bearer for. */
  whoami(options: Stoppable = {}): Promise<WhoAmI> {
    return this.#transport.json({ path: '/v1/whoami', signal: options.signal })
  }

  /** What the server is made of and how its parts fare; for tokens with the scope admin. */
  system(options: Stoppable = {}): Promise<SystemInfo> {
    return this.#transport.json({ path: '/v1/system', signal: options.signal })
  }

  /** Submits a job of any size; it is durable when this resolves. */
  submit(request: JobRequest | ManifestRequest, options?: SubmitOptions): Promise<JobInfo> {
    return this.jobs.submit(request, options)
  }

  /** A job as it is now, by id or number. */
  job(id: string, options?: { readonly waitSeconds?: number } & Stoppable): Promise<JobInfo> {
    return this.jobs.job(id, options)
  }

  /** Resolves with the job when it is finished, however long that takes. */
  wait(id: string, options?: WaitOptions): Promise<JobInfo> {
    return this.jobs.wait(id, options)
  }

  /** The events of a job as they happen, until it is finished. */
  watch(id: string, request?: EventsRequest): AsyncGenerator<ServerEvent, void, undefined> {
    return this.jobs.watch(id, request)
  }

  /** The items of a job in their order, those in some states where these are named. */
  items(id: string, query?: ItemQuery): AsyncGenerator<ItemInfo, void, undefined> {
    return this.jobs.items(id, query)
  }

  /** All items of a job as a file, CSV or NDJSON: the answer, whose body is the caller's to read. */
  report(id: string, query?: ReportQuery): Promise<Response> {
    return this.jobs.report(id, query)
  }

  /** Stops a job: what is done stays, the rest is cancelled. */
  cancel(id: string, options?: Stoppable): Promise<JobInfo> {
    return this.jobs.cancel(id, options)
  }

  /** Holds a job after the items under way. */
  pause(id: string, options?: Stoppable): Promise<JobInfo> {
    return this.jobs.pause(id, options)
  }

  /** Lets a paused job go on. */
  resume(id: string, options?: Stoppable): Promise<JobInfo> {
    return this.jobs.resume(id, options)
  }

  /** A new attempt of the items in these states (without them: the failed), in the same job. */
  retry(id: string, states?: readonly RetryState[], options?: Stoppable): Promise<JobInfo> {
    return this.jobs.retry(id, states, options)
  }

  /** Bytes into a file, checked by their SHA-256. */
  upload(collection: string, path: string, body: BodySource, options?: UploadOptions): Promise<EntryInfo> {
    return this.entries.upload(collection, path, body, options)
  }

  /** Bytes of a file: the answer, whose body is checked while it is read. */
  download(collection: string, path: string, options?: DownloadOptions): Promise<Response> {
    return this.entries.download(collection, path, options)
  }

  /** Every entry of a collection, in path order. */
  list(collection: string, query?: Omit<EntryQuery, 'delimiter' | 'cursor'>): AsyncGenerator<EntryInfo, void, undefined> {
    return this.entries.list(collection, query)
  }
}
