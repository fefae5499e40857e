import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import type { Engine } from '../../../src/engine/api.ts'
import { createEngine } from '../../../src/engine/engine.ts'
import { SqliteLedger } from '../../../src/ledger/sqlite/sqlite-ledger.ts'
import { SCOPES, type Caller } from '../../../src/model/access.ts'
import type { Entry } from '../../../src/model/entry.ts'
import type { Item } from '../../../src/model/item.ts'
import type { Job, JobOptions, SubmitJob } from '../../../src/model/job.ts'
import { AddressRules } from '../../../src/model/net-address.ts'
import { WebhookClient } from '../../../src/outgoing/webhook-client.ts'
import type { BlobStore } from '../../../src/ports/blob-store.ts'
import type { Ledger } from '../../../src/ports/ledger.ts'
import type { Place } from '../../../src/ports/place.ts'
import type { Queue } from '../../../src/ports/queue.ts'
import { LocalQueue } from '../../../src/queue/local/local-queue.ts'
import { openLocalBlobStore } from '../../../src/stores/local/local-blob-store.ts'
import { systemIds } from '../../../src/system/ids.ts'
import { VirtualClock } from '../../support/virtual-clock.ts'

/** An engine on a real ledger, a real store and the local queue, in virtual time. No HTTP. */
export interface House {
  readonly engine: Engine
  readonly ledger: Ledger
  readonly store: BlobStore
  readonly clock: VirtualClock
  readonly directory: string
  /** What background work complained of. */
  readonly errors: unknown[]
  close(): Promise<void>
}

export const MAX_ITEMS = 50

/** Hooks that may call this machine. */
const addresses = new AddressRules(['127.0.0.0/8', '::1'])
export const WEBHOOKS = {
  sender: new WebhookClient(addresses),
  addresses,
  http: true,
  schedule: { firstMs: 5_000, giveUpMs: 3 * 24 * 3600 * 1000 },
  publicUrl: null,
  signingKey: 'a key of tests that is long enough',
}

/** What a node has in common with the others on one database. */
export interface Node {
  readonly name: string
  /** Of all their files. */
  readonly directory: string
  readonly clock: VirtualClock
  readonly ledger: Ledger & { close(): Promise<void> }
  readonly queue: (onError: (error: unknown) => void) => Promise<Queue>
}

/** `wrap` puts something between the engine and its store; `more` are further stores, by their names; `places` what can be attached; `started` false leaves the engine at rest; `node`: it is one of several. */
export async function openHouse(
  options: {
    readonly wrap?: (store: BlobStore) => BlobStore
    readonly more?: readonly string[]
    readonly started?: boolean
    readonly maxUploadBytes?: number
    readonly places?: readonly Place[]
    readonly wrapLedger?: (ledger: Ledger) => Ledger
    readonly node?: Node
  } = {},
): Promise<House> {
  const { node } = options
  const directory = node?.directory ?? (await mkdtemp(join(tmpdir(), 'waybill-engine-')))
  const clock = node?.clock ?? new VirtualClock()
  const ledger = node?.ledger ?? (await SqliteLedger.open(join(directory, 'ledger.db'), clock))
  const shared = node !== undefined
  const store = await openLocalBlobStore({ name: 'local', directory: join(directory, 'store'), clock, shared })
  const more = await Promise.all((options.more ?? []).map(name => openLocalBlobStore({ name, directory: join(directory, name), clock, shared })))
  const errors: unknown[] = []
  const onError = (error: unknown): void => void errors.push(error)
  const engine = createEngine({
    ledger: options.wrapLedger?.(ledger) ?? ledger,
    places: options.places ?? [],
    stores: [store, ...more].map(one => options.wrap?.(one) ?? one),
    queue: (await node?.queue(onError)) ?? new LocalQueue(onError),
    clock,
    ids: systemIds(clock),
    worker: node?.name ?? 'test',
    concurrency: 4,
    maxItems: MAX_ITEMS,
    maxUploadBytes: options.maxUploadBytes ?? 1_000_000,
    uploadLifeMs: 7 * 24 * 3600 * 1000,
    webhooks: WEBHOOKS,
    auditRetentionMs: 365 * 24 * 3600 * 1000,
    deletedRetentionMs: 30 * 24 * 3600 * 1000,
    onError,
  })
  if (options.started !== false) await engine.start()
  return {
    engine,
    ledger,
    store,
    clock,
    directory,
    errors,
    close: async () => {
      await engine.stop()
      await ledger.close()
      if (node === undefined) await rm(directory, { recursive: true })
    },
  }
}

export function caller(subject: string): Caller {
  return { subject, scopes: new Set(SCOPES), tokenId: subject }
}

export const ALICE = caller('alice')

export const OPTIONS: JobOptions = {
  kind: 'copy',
  conflict: 'version',
  verify: 'none',
  dryRun: false,
  priority: 5,
  label: null,
  dialect: 'v1',
  retentionMs: 3600 * 1000,
}

/** A submission; what is left out is usual. */
export function command(wish: Partial<JobOptions> & Partial<Pick<SubmitJob, 'items' | 'select' | 'entities'>>): Omit<SubmitJob, 'webhook'> {
  const { items, select, entities, ...options } = wish
  return { options: { ...OPTIONS, ...options }, items: items ?? [], select: select ?? [], entities: entities ?? [] }
}

export async function put(house: House, collection: string, path: string, text = path, who = ALICE): Promise<Entry> {
  return (await house.engine.entries.put(who, collection, path, Readable.from([Buffer.from(text)]), {})).entry
}

export async function text(house: House, collection: string, path: string): Promise<string> {
  const opened = await house.engine.entries.open(ALICE, collection, path)
  return Buffer.concat(await (await opened.read()).toArray()).toString()
}

/** Submits and waits for the end. Time that passes in between is virtual. */
export async function run(house: House, wish: Parameters<typeof command>[0], who = ALICE): Promise<Job> {
  const { job } = await house.engine.jobs.submit(who, command(wish))
  return house.engine.jobs.wait(who, job.id, 60_000)
}

export async function itemsOf(house: House, job: string, who = ALICE): Promise<readonly Item[]> {
  return (await house.engine.jobs.items(who, job, {}, { limit: 1000 })).items
}
