import type { Readable } from 'node:stream'
import type { Caller } from '../model/access.ts'
import type { Collection, CollectionView, Grant, Role } from '../model/collection.ts'
import type { Conditions, Entry, Fields } from '../model/entry.ts'
import type { JobEvent } from '../model/event.ts'
import type { Item, ItemState } from '../model/item.ts'
import type { Job, JobOptions, Selection, SubmitItem, SubmitJob } from '../model/job.ts'
import type { Lock } from '../model/lock.ts'
import type { NameKind } from '../model/names.ts'
import type { Page, PageQuery } from '../model/page.ts'
import type { ByteRange } from '../ports/blob-store.ts'
import type { EntryFilter, EntryPage, FieldType, ItemFilter, ItemPart, JobFilter, Submitted } from '../ports/ledger.ts'
import type { LedgerNode, QueueFigures, SystemLedger } from '../ports/system-ledger.ts'
import type { Audit } from './audit-api.ts'
import type { QuotaService } from './quotas.ts'
import type { Tree } from './tree-api.ts'
import type { WebhookWish } from '../model/webhook.ts'
import type { Uploads } from './uploads-api.ts'
import type { NewWebhookSecret, Webhooks } from './webhooks-api.ts'

/**
 * What dialects and administration call. Every method checks the caller's grants itself (invariant I9): a collection the caller has no
 * grant for answers `collection_not_found` exactly as one that does not exist; too weak a role answers `insufficient_role`.
 * Scopes are the dialects' matter: each route names the ones it needs.
 */
export interface Engine {
  readonly collections: Collections
  readonly entries: Entries
  readonly tree: Tree
  readonly locks: Locks
  readonly jobs: Jobs
  readonly uploads: Uploads
  readonly names: Names
  readonly fieldTypes: FieldTypes
  readonly system: System
  readonly webhooks: Webhooks
  readonly audit: Audit
  readonly quotas: QuotaService
  /** Recovers what a crash left, then works until `stop`, which drains the running turns. */
  start(): Promise<void>
  stop(): Promise<void>
  /** Throws `unavailable` with the reason unless ledger and stores answer. */
  ready(): Promise<void>
}

/** Whether a store answers; `error`: why not, in a sentence. */
export interface StoreHealth {
  readonly name: string
  readonly healthy: boolean
  readonly error: string | null
}

/** What a server is made of, as of a moment ago. */
export interface SystemState {
  readonly ledger: Pick<SystemLedger, 'kind' | 'schema'>
  readonly nodes: readonly LedgerNode[]
  readonly queue: QueueFigures
  readonly stores: readonly StoreHealth[]
}

/** For operators: nothing of it belongs to any collection or job. */
export interface System {
  /** Answers within some seconds, whatever the stores do; figures are at most a second old, the health of stores ten. `unavailable` when the ledger does not answer. */
  state(): Promise<SystemState>
}

/** Collections and who may do what in them. Grants need admin; nobody gives or takes a role above their own, and the last owner stays (`last_owner`). */
export interface Collections {
  /** The caller owns it. Without `id` a UUID is made; `addressable` is what the id says unless it is given (model/collection.ts).
   * `collection_exists`, `invalid_collection_id`, `invalid_request` (unknown store). */
  create(
    caller: Caller,
    wish: {
      readonly id?: string
      readonly name?: string
      readonly store?: string
      readonly attributes?: Readonly<Record<string, unknown>>
      readonly addressable?: boolean
    },
  ): Promise<CollectionView>
  /** True when nobody has this id: what `create` would say of it, without making anything. `invalid_collection_id`. */
  isFree(id: string): Promise<boolean>
  get(caller: Caller, id: string, least?: Role): Promise<CollectionView>
  list(caller: Caller, filter: { readonly minRole?: Role; readonly prefix?: string }, page: PageQuery): Promise<Page<CollectionView>>
  /** `attributes` is a merge patch (RFC 7396): null removes a member. Needs `least` (default admin). */
  update(
    caller: Caller,
    id: string,
    change: { readonly name?: string; readonly attributes?: Readonly<Record<string, unknown>> },
    least?: Role,
  ): Promise<Collection>
  /** Owner only; `collection_not_empty`. */
  remove(caller: Caller, id: string): Promise<void>
  grants(caller: Caller, id: string, page: PageQuery): Promise<Page<Grant>>
  setGrant(caller: Caller, id: string, subject: string, role: Role): Promise<void>
  removeGrant(caller: Caller, id: string, subject: string): Promise<void>
}

/** An opened file: its entry and how to stream its bytes. */
export interface OpenEntry {
  readonly entry: Entry
  read(range?: ByteRange): Promise<Readable>
}

/** What goes with the bytes of an upload: `sha256` (hex) and `size` are checked against what arrives (`digest_mismatch`, `incomplete_body`). */
export interface PutRequest {
  readonly mediaType?: string
  readonly fields?: Fields
  readonly conditions?: Conditions
  readonly sha256?: string
  readonly size?: number
}

/** What lies in collections, one entry a call. Reading needs readonly, writing readwrite; writes throw `locked` and `precondition_failed`,
 * and in addressable collections `entry_exists` (a file where a folder is, or beneath a file). */
export interface Entries {
  list(caller: Caller, collection: string, filter: EntryFilter, page: PageQuery): Promise<EntryPage>
  /** `entry_not_found` when absent or deleted; with `version` (tombstones too) `version_not_found`. */
  stat(caller: Caller, collection: string, path: string, version?: number): Promise<Entry>
  open(caller: Caller, collection: string, path: string, version?: number): Promise<OpenEntry>
  /** Streams the body into the store, then makes a new version of the path. Nothing is stored when the body or a condition fails. */
  put(caller: Caller, collection: string, path: string, body: Readable, request: PutRequest): Promise<{ readonly entry: Entry; readonly created: boolean }>
  /**
   * Streams bytes into the collection's store for an `EntryChange.content` that is submitted soon: bytes that no job or entry names go a day after they
   * came. At most `maxSize` of them (`body_too_large`). Needs readwrite.
   */
  stage(caller: Caller, collection: string, body: Readable, expect?: { readonly maxSize?: number }): Promise<{ readonly digest: string; readonly size: number }>
  /** `folder_not_empty` while a folder of an addressable collection holds anything. */
  remove(caller: Caller, collection: string, path: string, conditions?: Conditions): Promise<Entry>
  patch(
    caller: Caller,
    collection: string,
    path: string,
    change: { readonly fields?: Fields; readonly mediaType?: string },
    conditions?: Conditions,
  ): Promise<Entry>
  versions(caller: Caller, collection: string, path: string, page: PageQuery): Promise<Page<Entry>>
  /** Any version, tombstones too, in an addressable collection: `entry_not_found` without a grant, as for a revision that does not exist. */
  byRevision(caller: Caller, revision: string): Promise<Entry>
}

/** Locks on a path and all beneath it, or (path null) on a whole collection. They end by themselves after `ttlSeconds`, whole seconds from 1. */
export interface Locks {
  /** Needs readwrite. `locked` while another holds it. */
  acquire(caller: Caller, collection: string, path: string | null, request: { readonly ttlSeconds: number; readonly reason?: string }): Promise<Lock>
  /** By its holder, or an admin of the collection. */
  release(caller: Caller, collection: string, path: string | null): Promise<void>
  /** The live locks on a path, above it and on its collection; `path` null: on the collection as a whole. Needs readonly. */
  over(caller: Caller, collection: string, path: string | null): Promise<readonly Lock[]>
  /** Throws `locked` when another subject's lock lies over the path or the collection. Needs readonly. */
  refuse(caller: Caller, collection: string, path: string | null): Promise<void>
}

/** Names that a caller gives to things: everybody has their own, so that nobody's names change what another's writes mean. */
export interface Names {
  get(caller: Caller, kind: NameKind): Promise<ReadonlyMap<string, string>>
  /** Names given before are replaced. `invalid_request` (a name or what it stands for is empty, too long or no text), `too_many_items` (10,000 of a kind). */
  set(caller: Caller, kind: NameKind, names: Readonly<Record<string, string>>): Promise<void>
}

/** The types that values of fields have in a collection: a record for dialects that keep values of a field alike; nothing of ours asks it. Needs readwrite. */
export interface FieldTypes {
  /** Fields without any are left out. */
  get(caller: Caller, collection: string, fields: readonly string[]): Promise<ReadonlyMap<string, ReadonlySet<string>>>
  add(caller: Caller, collection: string, types: readonly FieldType[]): Promise<void>
}

/** A manifest being received: any number of `append`s, then `seal` or `abort`. */
export interface ManifestIntake {
  /** Items appended so far: the number of the next one. */
  readonly received: number
  /** Checks and stores a batch. An error's pointer counts items from the manifest's first (`/items/12/source/path`). */
  append(items: readonly SubmitItem[]): Promise<void>
  /**
   * Merges what further parts of the manifest want into items appended before (model/merge-items.ts): of the same collection and path, updates with a
   * `change`. `invalid_request` when a part contradicts them: then none of these parts is merged.
   */
  merge(parts: readonly ItemPart[]): Promise<void>
  /**
   * A job over these selections, with the same options, which must be ordered, that is sealed with this one and worked on before it, whatever either names.
   * Once at most. Checked as in `submit`; answers the job, which nobody sees before the seal.
   */
  precede(select: readonly Selection[]): Promise<Job>
  /** Without items `invalid_manifest`; an ordered one may have none, and is finished in its first turn: when the job that precedes it is. */
  seal(fingerprint: string): Promise<SubmittedJob>
  abort(): Promise<void>
}

/** What became of a submission, and, when a hook was made with it, that hook's secret: not of one that was made before. */
export interface SubmittedJob extends Submitted {
  readonly webhook?: NewWebhookSecret
}

/** The life of jobs. A job is seen by its submitter, and by whoever is admin or more of every collection it names; for all others it does not exist. */
export interface Jobs {
  /**
   * Checks everything that can be checked, stores job and items, and only then returns. At most `limits.jsonItems` items and entities.
   * Of entities only the form is checked: what is wrong with one fails its item (docs/decisions/0016-jobs-over-entities.md).
   * Throws with pointers (`/items/3/source/path`, `/select/0/source/collection`): `invalid_request`, `invalid_path`, `too_many_items`, `collection_not_found`,
   * `insufficient_role`, and with `refuseLocked` also `locked`. `idempotency_mismatch`, `idempotency_in_progress`.
   */
  submit(
    caller: Caller,
    command: SubmitJob,
    options?: { readonly idempotency?: { readonly key: string; readonly fingerprint: string }; readonly refuseLocked?: boolean },
  ): Promise<SubmittedJob>
  /**
   * Starts a streamed manifest. With a key that was used before: `{ replay }` tells to hash the body and call `finish(fingerprint)`, which answers
   * the same job or throws `idempotency_mismatch`.
   */
  openManifest(
    caller: Caller,
    options: JobOptions,
    idempotencyKey?: string,
    webhook?: WebhookWish,
  ): Promise<{ readonly intake: ManifestIntake } | { readonly replay: { finish(fingerprint: string): Promise<Submitted> } }>
  /** By UUID or number. `job_not_found` for unknown ones and those the caller may not see; `job_expired`. */
  get(caller: Caller, id: string): Promise<Job>
  list(caller: Caller, filter: Omit<JobFilter, 'visibleTo'>, page: PageQuery): Promise<Page<Job>>
  items(caller: Caller, id: string, filter: ItemFilter, page: PageQuery): Promise<Page<Item>>
  /** Job and all items (filtered) as one consistent snapshot, streamed in pages; the snapshot closes with the iteration. */
  report(caller: Caller, id: string, filter: ItemFilter): Promise<{ readonly job: Job; readonly items: AsyncIterable<readonly Item[]> }>
  /**
   * As `report`, of all items, for who holds a capability that its dialect has checked (a signed tracking id): no caller is asked for.
   * `job_not_found`, `job_expired`.
   */
  reportForHolder(id: string): Promise<{ readonly job: Job; readonly items: AsyncIterable<readonly Item[]> }>
  /** As `report`, for anybody with read access on `collection`: only the items whose source or destination lies in it;
   * of an end that lies in a collection they have no grant for, nothing is told. `job_not_found`, `job_expired`. */
  reportForCollection(
    caller: Caller,
    id: string,
    collection: string,
    afterSeq?: number,
  ): Promise<{ readonly job: Job; readonly items: AsyncIterable<readonly Item[]> }>
  /** Jobs that touch a collection, newest first, for anybody with read access on it. */
  listForCollection(caller: Caller, collection: string, filter: { readonly since?: number; readonly until?: number }, page: PageQuery): Promise<Page<Job>>
  cancel(caller: Caller, id: string): Promise<Job>
  pause(caller: Caller, id: string): Promise<Job>
  resume(caller: Caller, id: string): Promise<Job>
  /** `invalid_request` unless states are among failed, evicted, skipped, cancelled; `job_not_finished` while it is being cancelled. */
  retry(caller: Caller, id: string, states: readonly ItemState[]): Promise<Job>
  /** Resolves when the job is finished, the time is over or the signal aborts; with the job as it then is. */
  wait(caller: Caller, id: string, ms: number, signal?: AbortSignal): Promise<Job>
  /** One sentence on why nothing moves, or null. */
  waitingFor(job: Job): Promise<string | null>
  /** Items a second since the job started running; null without data. */
  rate(job: Job): number | null
  /**
   * Events after `after` (0: from the first kept; `now`: only what happens from now on), then live until the signal aborts; `progress` yields the job's
   * present state at most 4 times a second while it runs. Without `id`: of all jobs the caller may see. By default a job's from the first, of all jobs from now.
   */
  events(
    caller: Caller,
    request: { readonly id?: string; readonly after?: number | 'now' },
    signal: AbortSignal,
  ): AsyncIterable<{ readonly event: JobEvent } | { readonly progress: Job }>
}
