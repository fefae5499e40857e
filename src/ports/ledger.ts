import type { Actor } from '../model/audit.ts'
import type { Collection, CollectionView, Grant, Role } from '../model/collection.ts'
import type { Conditions, Entry, EntryKind, Fields } from '../model/entry.ts'
import type { JobEvent } from '../model/event.ts'
import type { Item, ItemState } from '../model/item.ts'
import type { EntitySelection, Job, JobKind, JobOptions, JobState, Outcome, Selection, SubmitItem } from '../model/job.ts'
import type { Lock } from '../model/lock.ts'
import type { NameKind } from '../model/names.ts'
import type { Page, PageQuery } from '../model/page.ts'
import type { Quotas } from '../model/quotas.ts'
import type { UploadPart, UploadPlan } from '../model/upload.ts'
import type { AuditLedger } from './audit-ledger.ts'
import type { Blob } from './blob-store.ts'
import type { CopiedBlobs, Lease } from './lease.ts'
import type { LeftoverLedger } from './leftover-ledger.ts'
import type { ObservedLedger } from './observed-ledger.ts'
import type { LookSelection, PlaceLedger } from './place-ledger.ts'
import type { QuotaLedger } from './quota-ledger.ts'
import type { SystemLedger } from './system-ledger.ts'
import type { TokenLedger } from './token-ledger.ts'
import type { WaitingLedger } from './waiting-ledger.ts'
import type { JobWebhook, WebhookLedger } from './webhook-ledger.ts'

export type { BytesRead, CopiedBlobs, Lease } from './lease.ts'
export type * from './webhook-ledger.ts'

/** Idempotency-Key of a submission; `fingerprint` (any string) stands for the body, null while it is still arriving. */
export interface Idempotency {
  readonly key: string
  readonly fingerprint: string | null
}

/** A new job. `sealed` false: a manifest follows by `appendItems` and `seal`; until then it never runs. */
export interface NewJob {
  readonly id: string
  readonly number: number
  readonly submittedBy: string
  readonly options: JobOptions
  readonly items: readonly SubmitItem[]
  readonly select: readonly Selection[]
  readonly entities?: readonly EntitySelection[]
  readonly sealed: boolean
  readonly idempotency: Idempotency | null
  /** A hook of the job, made in the same transaction. */
  readonly webhook?: JobWebhook
  /** Of the submitter: beyond them `quota_in_use`, `quota_exceeded`. */
  readonly quotas?: Quotas
}

/** What became of a submission: made now, or the same one made before. */
export interface Submitted {
  readonly job: Job
  readonly replayed: boolean
}

/** What a worker should do next for a job. */
export type NextWork = { readonly do: 'resolve' } | { readonly do: 'run'; readonly lease: Lease } | { readonly do: 'nothing' }

/**
 * What came of a turn: nothing was to do; something was done, and perhaps more waits; a leased chunk whose bytes must be read first, to verify them or to copy
 * them to another store; or a place that must be looked through before a selection over it can be resolved. `followers`: ordered jobs that waited for the end of
 * this one and must be woken.
 */
export type Turn =
  | { readonly do: 'nothing' }
  | { readonly do: 'worked'; readonly more: boolean; readonly followers: readonly string[] }
  | { readonly do: 'read'; readonly lease: Lease }
  | { readonly do: 'look'; readonly selection: LookSelection }

/** A blob that a leased chunk's items read. `to`: the other store that they take it to; null: it stays in its own. */
export interface ChunkBlob extends Blob {
  readonly store: string
  readonly to: string | null
}

/** How many bytes of a blob are in the other store by now. */
export interface BlobProgress {
  readonly sha256: string
  readonly bytes: number
}

/** A write of one entry from outside a job. `subject` is recorded, and is the holder that locks are compared with. */
export interface EntryWrite {
  readonly collection: string
  readonly path: string
  readonly subject: string
  readonly conditions?: Conditions
}

/** Bytes and metadata of a new version. `fields` null keeps those of the version before. */
export interface PutEntry extends EntryWrite {
  readonly kind: EntryKind
  readonly digest: string | null
  readonly size: number
  readonly mediaType: string
  readonly fields: Fields | null
}

/** An upload in parts to store; it ends by itself after `ttlMs`. */
export interface NewUpload extends Omit<UploadPlan, 'startedAt' | 'expiresAt'> {
  readonly ttlMs: number
}

/** Which entries of a collection. */
export interface EntryFilter {
  readonly prefix?: string
  /** "/" rolls up what lies beneath the next one into `prefixes`. */
  readonly delimiter?: '/'
  readonly kind?: EntryKind
  readonly deleted?: boolean
}

/** A folder to make. `fields` null: none. */
export interface NewFolder {
  readonly collection: string
  readonly path: string
  readonly subject: string
  readonly fields: Fields | null
}

/** Which children of a folder. `names`: last path segments, any of them. `where`: each a path into the fields, and the values of which it must have (or contain) one. */
export interface ChildFilter {
  readonly names?: readonly string[]
  readonly where?: readonly { readonly field: readonly string[]; readonly values: readonly string[] }[]
}

/** Children of a folder: entries directly in it, files and folders, in path order, and how many match in all. */
export interface Children {
  readonly items: readonly Entry[]
  readonly total: number
}

/** What one more part of a manifest wants of an entry that one of its items, number `seq`, already speaks of. */
export interface ItemPart {
  readonly seq: number
  readonly item: SubmitItem
}

/** A type that values of a field have. */
export interface FieldType {
  readonly field: string
  readonly type: string
}

/** A new collection; `addressable` is what its id says (model/collection.ts) unless it is given, `attached` false. */
export type NewCollection = Omit<Collection, 'createdAt' | 'modifiedAt' | 'addressable' | 'attached'> & {
  readonly addressable?: boolean
  readonly attached?: boolean
  /** Of its maker: beyond them `quota_exceeded`. */
  readonly quotas?: Quotas
}

/** Entries in path order, and the prefixes that a delimiter rolled up. */
export interface EntryPage extends Page<Entry> {
  readonly prefixes: readonly string[]
}

/** Which jobs; all that is given must hold. */
export interface JobFilter {
  /** Whose jobs: submitted by this subject, or naming only collections where the subject is admin or more. Null (with `collection`): all of the collection. */
  readonly visibleTo: string | null
  readonly state?: JobState
  readonly outcome?: Outcome
  readonly kind?: JobKind
  readonly label?: string
  /** The label contains this, whether its ASCII letters are large or small. */
  readonly labelContains?: string
  readonly submittedBy?: string
  readonly collection?: string
  readonly dialect?: string
  readonly since?: number
  readonly until?: number
}

/** Which items of a job; all that is given must hold. */
export interface ItemFilter {
  readonly states?: readonly ItemState[]
  /** Source path begins with this. */
  readonly pathPrefix?: string
  /** Source or destination lies in this collection. */
  readonly collection?: string
  /** Only items after this one. */
  readonly afterSeq?: number
}

/** A consistent view of one job: every read sees the same commit. Close it. */
export interface JobSnapshot {
  readonly job: Job
  items(filter: ItemFilter): AsyncIterable<readonly Item[]>
  close(): void
}

/** What a commit changed; sent after it is durable, of other processes' commits, too. */
export interface CommitNotice {
  readonly jobs: readonly string[]
  readonly lastEvent: number
}

/**
 * The truth. Every method that writes is one transaction: all of it is durable when its promise resolves, or none of it ever happened.
 * Ids of jobs are their UUIDs. Every implementation passes `test/contracts/ledger`.
 *
 * - Item results, the entries they create, the job's counters and its events MUST commit together (invariants I3, I6).
 * - `job` MUST be O(1), whatever the size of the job.
 * - `applyChunk`, `renewLease` and `releaseLease` MUST refuse a lease whose token is not the chunk's present one, with `stale_lease` (I7).
 * - In an addressable collection every folder MUST be an entry of kind `folder`: each write makes those missing above it, in the same transaction. What is not
 *   a file may hold others. A file where a folder is or beneath a file: `entry_exists` (an item's reason, too); a folder that still holds
 *   something is not removed: `folder_not_empty`.
 * - Ordered jobs MUST be worked on in the order in which `createJob` (sealed) or `seal` acknowledged them, as far as they write the same collections.
 * - A lock held by a subject other than the writer's MUST stop each write beneath it: `locked` for single writes, the item's reason in jobs.
 */
export interface Ledger extends PlaceLedger, SystemLedger, TokenLedger, ObservedLedger, AuditLedger, QuotaLedger, WaitingLedger, LeftoverLedger {
  /** The same ledger: what is done through it is recorded in the name of the actor (null: not recorded). */
  by(actor: Actor | null): Ledger

  /** True when it sends the wake-ups of jobs itself, in the transactions that give them something to do (`WakeSender`). */
  readonly sendsWakes: boolean
  readonly webhooks: WebhookLedger

  // collections and grants
  /** Throws `collection_exists` also for a second one that is attached to the same place. */
  createCollection(collection: NewCollection): Promise<Collection>
  /** `attributes` is a merge patch (RFC 7396), merged in the transaction: changes made at the same time all hold. */
  updateCollection(id: string, change: { readonly name?: string; readonly attributes?: Readonly<Record<string, unknown>> }): Promise<Collection>
  /** Refuses a collection with live entries that are no folders (`collection_not_empty`), unless it is attached: its files stay where they are; and one in which a subject other than `subject` holds a lock (`locked`). Its id may be taken again afterwards; old jobs keep naming it. */
  deleteCollection(id: string, subject: string): Promise<void>
  collection(id: string): Promise<Collection | null>
  collections(subject: string, filter: { readonly minRole?: Role; readonly prefix?: string }, page: PageQuery): Promise<Page<CollectionView>>
  role(subject: string, collection: string): Promise<Role | null>
  /** Roles on many collections at once; absent from the map: none, or no such collection. */
  roles(subject: string, collections: readonly string[]): Promise<Map<string, Role>>
  grants(collection: string, page: PageQuery): Promise<Page<Grant>>
  /** Throws `last_owner` when it would leave the collection without one. */
  setGrant(collection: string, subject: string, role: Role): Promise<void>
  removeGrant(collection: string, subject: string): Promise<void>

  // locks
  /** Takes or renews; throws `locked` (holder, expiresAt) while another holds it or something above or beneath it. */
  acquireLock(lock: {
    readonly collection: string
    readonly path: string | null
    readonly holder: string
    readonly reason: string | null
    readonly ttlMs: number
  }): Promise<Lock>
  /** `holder` null releases whoever holds it (an admin). Throws `lock_not_found`, or `locked` when another holds it. */
  releaseLock(collection: string, path: string | null, holder: string | null): Promise<void>
  /** Live locks that touch the path (null: the collection as a whole): on it, above it or on the collection. */
  locksOver(collection: string, path: string | null): Promise<readonly Lock[]>
  /** The first lock of another holder over any of these places, or null. */
  lockAgainst(holder: string, places: readonly { readonly collection: string; readonly path: string | null }[]): Promise<Lock | null>

  // entries
  entry(collection: string, path: string, version?: number): Promise<Entry | null>
  entries(collection: string, filter: EntryFilter, page: PageQuery): Promise<EntryPage>
  versions(collection: string, path: string, page: PageQuery): Promise<Page<Entry>>
  putEntry(write: PutEntry): Promise<{ readonly entry: Entry; readonly created: boolean }>
  removeEntry(write: EntryWrite): Promise<Entry>
  /** Applies a merge patch (RFC 7396) to the fields and perhaps the media type: a new version over the same bytes. */
  patchEntry(write: EntryWrite & { readonly fields?: Fields; readonly mediaType?: string }): Promise<Entry>
  /** Makes a folder in an addressable collection. `entry_exists` when something live has that path. */
  createFolder(folder: NewFolder): Promise<Entry>
  /** The live entries of addressable collections with these entity ids, in no order; ids that are unknown, or of what `reader` has no grant for, are left out. */
  entriesById(entityIds: readonly string[], reader: string): Promise<readonly Entry[]>
  /** The version of an entry of an addressable collection that has this revision: present, superseded or a tombstone. Null: there is none that `reader` has a grant for. */
  entryByRevision(revision: string, reader: string): Promise<Entry | null>
  /** Live entries directly in a folder ('': the root) of an addressable collection. */
  children(collection: string, folder: string, filter: ChildFilter, page: { readonly offset: number; readonly limit: number }): Promise<Children>
  /** Digests among these that some version (or a deleted one) or a part of an upload refers to. */
  referenced(store: string, digests: readonly string[]): Promise<Set<string>>

  // names and types
  /** The names of a kind that the subject has given, and what each stands for. */
  names(subject: string, kind: NameKind): Promise<ReadonlyMap<string, string>>
  /** Gives names; those that were given before MUST be replaced. At most 10,000 of a subject and kind: `too_many_items`. */
  setNames(subject: string, kind: NameKind, names: Readonly<Record<string, string>>): Promise<void>
  /** The types that were added to each of these fields; fields without any are left out. */
  fieldTypes(collection: string, fields: readonly string[]): Promise<ReadonlyMap<string, ReadonlySet<string>>>
  /** Adds to the sets of types of fields; they MUST go with the collection. */
  addFieldTypes(collection: string, types: readonly FieldType[]): Promise<void>

  // uploads in parts
  createUpload(upload: NewUpload): Promise<UploadPlan>
  /** An upload that has not expired; `version` is that of the entry that completing made. */
  upload(id: string): Promise<{ readonly plan: UploadPlan; readonly version: number | null } | null>
  /** The parts that have arrived, in the order of their numbers; with `number` that one at most. */
  uploadParts(upload: string, number?: number): Promise<readonly UploadPart[]>
  /** Records a part whose bytes are in the store; an earlier one of that number is replaced. `upload_not_found` also for a completed one. */
  putUploadPart(upload: string, part: UploadPart): Promise<void>
  /**
   * Makes the entry version, as `putEntry` does, and ends the upload, in one transaction; of a completed upload, the version that was made. Null when the
   * parts are no longer these.
   */
  completeUpload(upload: string, parts: readonly UploadPart[], blob: Blob): Promise<Entry | null>
  abortUpload(upload: string): Promise<void>

  // jobs: intake
  createJob(job: NewJob): Promise<Submitted>
  appendItems(job: string, items: readonly SubmitItem[], quotas?: Quotas): Promise<void>
  /**
   * Merges each part's change and conditions (model/merge-items.ts) into those of the item of that number, which has the same path; parts of one item in
   * their order. Only before the job is sealed. `invalid_request` when a part contradicts what is there: then none is merged.
   */
  mergeItems(job: string, parts: readonly ItemPart[]): Promise<void>
  /**
   * Makes the job runnable, with items or without; `fingerprint` completes its idempotency record. `before`: another job that is sealed in the same
   * transaction, just before it; when both are ordered this one MUST start only when that one is finished, whatever they write.
   */
  seal(job: string, fingerprint: string | null, before?: string): Promise<Job>
  /** Removes an unsealed job and its idempotency record; a sealed one is left alone. */
  dropUnsealed(job: string): Promise<void>
  /** The submission that used this key within 24 hours, if any; fingerprint null while it is still arriving. */
  idempotent(subject: string, key: string): Promise<{ readonly job: string; readonly fingerprint: string | null } | null>

  // jobs: life
  /** One turn of a job in one transaction: `nextWork`, and what it says done at once, unless bytes must be read for it. */
  takeTurn(job: string, worker: string, leaseMs: number): Promise<Turn>
  /** Leases the next chunk, or says that selections must be resolved first. Moves submitted -> resolving -> running as needed. */
  nextWork(job: string, worker: string, leaseMs: number): Promise<NextWork>
  /** Resolves one page of the job's present selection into items, with its cursor, in one transaction; of a big job's retry it wakes some items. */
  resolvePage(job: string): Promise<void>
  /** `progress` of large blobs under way: the chunk's running items that take them show it as their bytes, until the lease ends. */
  renewLease(lease: Lease, leaseMs: number, progress?: readonly BlobProgress[]): Promise<void>
  releaseLease(lease: Lease): Promise<void>
  /** The distinct blobs that the chunk's items would copy. */
  chunkBlobs(lease: Lease): Promise<readonly ChunkBlob[]>
  /**
   * Plans, applies and settles a whole chunk: items, entries, counters, events in one transaction; the last chunk finishes the job.
   * `corrupt` (digests) fails the items that read those blobs with `digest_mismatch`. An item that goes to another store MUST be done only when `copied` says
   * that its blob has arrived there: else it fails as `failed` says, or with `source_changed`. True while the job has items that wait.
   */
  applyChunk(lease: Lease, corrupt: readonly string[], copied?: CopiedBlobs): Promise<boolean>
  /** Idempotent; `job_finished` when it is. Items not yet done become `cancelled` chunk by chunk. */
  cancel(job: string): Promise<Job>
  pause(job: string): Promise<Job>
  resume(job: string): Promise<Job>
  /** A new attempt for the items in these terminal states (failed, evicted, skipped, cancelled). The job runs again when there are any;
   * of a big job the first are woken at once, the others in its turns. */
  retry(job: string, states: readonly ItemState[]): Promise<Job>

  // jobs: reading
  /**
   * By UUID or decimal number. Null: never existed. Throws `job_expired` for one purged or past `expiresAt`. `reader` is the subject who asks, if anybody does:
   * what is kept of the reads of others must not answer them sooner (I9).
   */
  job(idOrNumber: string, reader?: string): Promise<Job | null>
  jobs(filter: JobFilter, page: PageQuery): Promise<Page<Job>>
  /** May return fewer than `limit` with a cursor when a filter is selective: no call scans without bound. */
  items(job: string, filter: ItemFilter, page: PageQuery): Promise<Page<Item>>
  /** As of one commit, until it is closed. Only so many are open at once, and of them only a part for one `reader`: further ones wait, then throw `unavailable`. */
  snapshot(job: string, reader?: string): Promise<JobSnapshot | null>
  /** True when the subject is admin or more of every collection the job names. */
  administers(subject: string, job: string): Promise<boolean>
  /** True when the job names this collection. */
  touches(job: string, collection: string): Promise<boolean>
  /** Stored events after `after`, oldest first, of one job or all. */
  eventsAfter(after: number, limit: number, job?: string): Promise<readonly JobEvent[]>
  lastEvent(): Promise<number>
  onCommit(listener: (notice: CommitNotice) => void): () => void

  // upkeep
  /** Jobs that are sealed and unfinished: what is woken at a start, a page at a time: those after a `position`. */
  unfinished(
    after: number,
    limit: number,
  ): Promise<readonly { readonly job: string; readonly position: number; readonly tenant: string; readonly priority: number }[]>
  /**
   * After a start: frees what processes that are gone have left behind, leases and unsealed jobs. A ledger for one process frees all of them; one for several
   * MUST leave alone what others work on: leases that have not expired, and jobs that another live process is still receiving.
   */
  recover(): Promise<void>
  /** Purges a small batch of expired items, events, keys, locks, uploads; returns how many rows went. Purged jobs stay as tombstones. */
  purge(batch: number): Promise<number>

  /** Throws `unavailable` when reads or writes do not work. */
  health(): Promise<void>
  close(): Promise<void>
}
