import type { ItemState } from '../model/item.ts'
import { CollectionsClient } from './collections.ts'
import { EntriesClient } from './entries.ts'
import type { EventsRequest } from './events.ts'
import { JobsClient, type WaitOptions } from './jobs.ts'
import { type ClientOptions, Transport } from './transport.ts'
import type {
  Body,
  EntryInfo,
  EntryQuery,
  ItemInfo,
  ItemQuery,
  JobInfo,
  JobRequest,
  ManifestRequest,
  PutOptions,
  ServerEvent,
  SubmitOptions,
  WhoAmI,
} from './types.ts'

/**
 * A client of the native API. The everyday calls are here; everything else is under `collections`, `entries` and `jobs`.
 * Refusals and broken lines are `ClientError`s. Needs nothing but `fetch`, so it runs in Node and in browsers.
 *
 *     const client = new WaybillClient({ url: 'http://127.0.0.1:7070', token })
 *     const job = await client.submit({ kind: 'copy', select: [{ source: { collection: 'photos' }, destination: { collection: 'archive' } }] })
 *     const finished = await client.wait(job.id)
 */
export class WaybillClient {
  readonly collections: CollectionsClient
  readonly entries: EntriesClient
  readonly jobs: JobsClient
  readonly #transport: Transport

  /** Throws a TypeError for an address that is no http(s) URL. */
  constructor(options: ClientOptions) {
    this.#transport = new Transport(options)
    this.collections = new CollectionsClient(this.#transport)
    this.entries = new EntriesClient(this.#transport)
    this.jobs = new JobsClient(this.#transport)
  }

  /** Whom the server takes the token's bearer for. */
  whoami(): Promise<WhoAmI> {
    return this.#transport.json({ path: '/v1/whoami' })
  }

  submit(request: JobRequest | ManifestRequest, options?: SubmitOptions): Promise<JobInfo> {
    return this.jobs.submit(request, options)
  }

  job(id: string): Promise<JobInfo> {
    return this.jobs.job(id)
  }

  wait(id: string, options?: WaitOptions): Promise<JobInfo> {
    return this.jobs.wait(id, options)
  }

  items(id: string, query?: ItemQuery): AsyncGenerator<ItemInfo, void, undefined> {
    return this.jobs.items(id, query)
  }

  events(request?: EventsRequest & { readonly id?: string }): AsyncGenerator<ServerEvent, void, undefined> {
    return this.jobs.events(request)
  }

  cancel(id: string): Promise<JobInfo> {
    return this.jobs.cancel(id)
  }

  pause(id: string): Promise<JobInfo> {
    return this.jobs.pause(id)
  }

  resume(id: string): Promise<JobInfo> {
    return this.jobs.resume(id)
  }

  retry(id: string, states?: readonly ItemState[]): Promise<JobInfo> {
    return this.jobs.retry(id, states)
  }

  put(collection: string, path: string, body: Body, options?: PutOptions): Promise<EntryInfo> {
    return this.entries.put(collection, path, body, options)
  }

  get(collection: string, path: string, options?: { readonly version?: number; readonly range?: string; readonly signal?: AbortSignal }): Promise<Response> {
    return this.entries.get(collection, path, options)
  }

  list(collection: string, query?: EntryQuery): AsyncGenerator<EntryInfo, void, undefined> {
    return this.entries.list(collection, query)
  }
}
