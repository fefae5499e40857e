import type { Role } from '../model/collection.ts'
import type { EntryKind, Fields } from '../model/entry.ts'
import type { EventType } from '../model/event.ts'
import type { ItemState, Reason } from '../model/item.ts'
import type { Conflict, JobKind, JobState, Outcome, Selection, SubmitItem, Verify } from '../model/job.ts'

// The shapes of the native API (/v1) as they are on the wire: times are RFC 3339 strings, sizes are bytes.

/** A page of a list; `nextCursor` null on the last. */
export interface Page<T> {
  readonly items: readonly T[]
  readonly nextCursor: string | null
}

/** Which page of a list: at most `limit` (1 to 1000) things after `cursor`. */
export interface PageRequest {
  readonly limit?: number
  readonly cursor?: string
}

/** A collection; `role` is the caller's own. */
export interface CollectionInfo {
  readonly id: string
  readonly name: string
  readonly store: string
  readonly attributes: Readonly<Record<string, unknown>>
  readonly role: Role
  readonly createdAt: string
  readonly createdBy: string
  readonly modifiedAt: string
}

/** A subject's role on a collection. */
export interface GrantInfo {
  readonly subject: string
  readonly role: Role
  readonly grantedAt: string
}

/** A lock that was taken or renewed. `token` only grows from lock to lock. */
export interface LockInfo {
  readonly holder: string
  readonly token: number
  readonly expiresAt: string
}

/** One version of an entry. `revision` is its entity tag, `digest` the SHA-256 of its bytes in hex, null without bytes. */
export interface EntryInfo {
  readonly entityId: string
  readonly collection: string
  readonly path: string
  readonly kind: EntryKind
  readonly version: number
  readonly revision: string
  readonly size: number
  readonly mediaType: string
  readonly digest: string | null
  readonly fields: Fields
  readonly createdAt: string
  readonly modifiedAt: string
  readonly modifiedBy: string
  /** Only on a tombstone. */
  readonly deleted?: true
}

/** Entries in path order; with a delimiter also the prefixes ("folders") at this level. */
export interface EntryPage extends Page<EntryInfo> {
  readonly prefixes?: readonly string[]
}

/** Which entries to list; `deleted` lists tombstones too. */
export interface EntryQuery extends PageRequest {
  readonly prefix?: string
  readonly delimiter?: '/'
  readonly kind?: EntryKind
  readonly deleted?: boolean
}

/** What goes with an upload. `sha256` (hex) is sent as Repr-Digest: the server refuses other bytes. Conditions are revisions. */
export interface PutOptions {
  readonly mediaType?: string
  readonly sha256?: string
  readonly ifMatch?: string
  readonly ifNoneMatch?: '*'
  readonly signal?: AbortSignal
}

/** How many items are in each state; they add up to `total`, which still grows while `discovering`. */
export interface CountsInfo {
  readonly total: number
  readonly discovering: boolean
  readonly pending: number
  readonly running: number
  readonly done: number
  readonly skipped: number
  readonly failed: number
  readonly evicted: number
  readonly cancelled: number
}

/** A job as it is now (docs/reference/v1.md, The job). */
export interface JobInfo {
  readonly id: string
  readonly number: string
  readonly kind: JobKind
  readonly state: JobState
  readonly paused: boolean
  readonly outcome: Outcome | null
  readonly counts: CountsInfo
  readonly bytes: { readonly total: number; readonly done: number }
  readonly itemsPerSecond: number | null
  readonly estimatedFinishAt: string | null
  readonly waitingFor: string | null
  readonly label: string | null
  readonly priority: number
  readonly dryRun: boolean
  readonly submittedBy: string
  readonly dialect: string
  readonly createdAt: string
  readonly startedAt: string | null
  readonly finishedAt: string | null
  readonly expiresAt: string | null
}

/** One end of an item; ids, version and revision are null until they are known. */
export interface ItemEndInfo {
  readonly collection: string
  readonly path: string
  readonly entityId: string | null
  readonly version: number | null
  readonly revision: string | null
}

/** One item of a job, `seq` counting from 0; `reason` says why it is not done. */
export interface ItemInfo {
  readonly seq: number
  readonly source: ItemEndInfo
  readonly destination: ItemEndInfo | null
  readonly state: ItemState
  readonly attempts: number
  readonly bytes: number
  readonly reason: Reason | null
  readonly startedAt: string | null
  readonly finishedAt: string | null
}

/** The options of a job, apart from what it works on. */
export interface JobChoices {
  readonly kind: JobKind
  readonly conflict?: Conflict
  readonly verify?: Verify
  readonly dryRun?: boolean
  readonly priority?: number
  readonly label?: string
}

/** A job whose items and selections fit into one JSON body. */
export interface JobRequest extends JobChoices {
  readonly items?: readonly SubmitItem[]
  readonly select?: readonly Selection[]
}

/** Bytes to send: a stream is sent as it comes and cannot be sent again after a refusal that says "try later". */
export type Body = string | Uint8Array<ArrayBuffer> | Blob | ReadableStream<Uint8Array>

/** A job of any size: one item a line (NDJSON), or CSV with a header (docs/reference/v1.md, Manifests). */
export interface ManifestRequest extends JobChoices {
  readonly manifest: Body
  readonly format: 'ndjson' | 'csv'
}

/** How a job is submitted. */
export interface SubmitOptions {
  /** The same key and body answers the same job again, for 24 hours. */
  readonly idempotencyKey?: string
  /** Holds the answer until the job is finished or so many seconds (at most 60) are over. */
  readonly waitSeconds?: number
  readonly signal?: AbortSignal
}

/** Which jobs to list; `since` (at or after) and `until` (before) are RFC 3339. */
export interface JobQuery extends PageRequest {
  readonly state?: JobState
  readonly outcome?: Outcome
  readonly kind?: JobKind
  readonly label?: string
  readonly submittedBy?: string
  readonly collection?: string
  readonly since?: string
  readonly until?: string
}

/** Which items of a job; `path` begins the path of their source. */
export interface ItemQuery {
  readonly states?: readonly ItemState[]
  readonly path?: string
}

/** One server-sent event. `id` is null for `job.progress`, which is not stored. */
export interface ServerEvent {
  readonly id: string | null
  readonly type: EventType | 'job.progress'
  readonly data: unknown
}

/** An RFC 9457 problem document. */
export interface Problem {
  readonly type?: string
  readonly title?: string
  readonly status?: number
  readonly detail?: string
  readonly code?: string
  readonly instance?: string
  readonly errors?: readonly { readonly pointer: string; readonly detail: string }[]
}

/** Who the token stands for, and its scopes. */
export interface WhoAmI {
  readonly subject: string
  readonly scopes: readonly string[]
}
