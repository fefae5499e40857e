import type { components } from './openapi.ts'

// The shapes of the native API (/v1) as they are on the wire: times are RFC 3339 strings, sizes are bytes. They are the schemas of
// docs/openapi.json under the names that a caller uses; what is no body of the API, such as options of calls, stands beside them.

type Schemas = components['schemas']

/** A collection; `role` is the caller's own. */
export type CollectionInfo = Schemas['Collection']
/** What a new collection is to be; every member may be left out. */
export type NewCollection = Schemas['NewCollection']
/** What is to change of a collection; `attributes` is a merge patch. */
export type CollectionChange = Schemas['CollectionChange']
/** A role on a collection, each with all that the ones before may do: `readonly`, `readwrite`, `admin`, `owner`. */
export type Role = CollectionInfo['role']
/** A subject's role on a collection. */
export type GrantInfo = Schemas['Grant']
/** A lock that was taken or renewed. `token` only grows from lock to lock. */
export type LockInfo = Schemas['Lock']
/** How long a lock is to hold, in whole seconds, and why. */
export type LockRequest = Schemas['LockRequest']

/** One version of an entry. `revision` is its entity tag, `digest` the SHA-256 of its bytes in hex, null without bytes. */
export type EntryInfo = Schemas['Entry']
/** What is to change of an entry, over the same bytes; `fields` is a merge patch. */
export type EntryChange = Schemas['EntryChange']
/** Entries in path order; with a delimiter also the prefixes ("folders") at this level. */
export type EntryPage = Schemas['EntryPage']

/** A job as it is now (docs/reference/v1.md, The job). */
export type JobInfo = Schemas['Job']
/** One item of a job, `seq` counting from 0; `reason` says why it is not done. */
export type ItemInfo = Schemas['Item']
/** Where an item is: `pending`, `running`, and then for good `done`, `skipped`, `failed`, `evicted` or `cancelled`. */
export type ItemState = ItemInfo['state']
/** States that items can be tried again from. */
export type RetryState = Schemas['Retry']['states'][number]
/** An item to submit. `destination` for copy and move only, `fields` (a merge patch) for update only. */
export type SubmitItem = Schemas['SubmitItem']
/** A selection to submit: every live file whose path begins with `prefix` and whose rest matches `glob`. */
export type Selection = Schemas['Selection']

/** Who the token stands for, its scopes, and the first page of its roles. */
export type WhoAmI = Schemas['Whoami']
/** Nodes, queue, stores, retention and limits of the server. */
export type SystemInfo = Schemas['System']
/** A token, without its secret; `current` is the one that the call was made with. */
export type TokenInfo = Schemas['Token']
/** A token that was made just now; `token` is its secret, told this once. */
export type MintedTokenInfo = Schemas['MintedToken']
/** What a new token is to be; without `expiresInSeconds` it lasts as long as may be. */
export type NewToken = Schemas['NewToken']
/** An RFC 9457 problem document. */
export type Problem = Schemas['Problem']
/** A code of the server's error catalogue. */
export type ErrorCode = Problem['code']

/** A page of a list; `nextCursor` null on the last. */
export interface Page<T> {
  readonly items: readonly T[]
  readonly nextCursor: string | null
}

/** What ends a call: an aborted signal rejects it with the signal's reason. */
export interface Stoppable {
  readonly signal?: AbortSignal
}

/** Which collections to list; `limit` is the size of a page, not of the list. */
export type CollectionQuery = Omit<Schemas['ListCollectionsQuery'], 'cursor'> & Stoppable
/** Whose tokens to list: the caller's own, or with the scope `admin` those of a subject, or all. */
export type TokenQuery = Omit<Schemas['ListTokensQuery'], 'cursor'> & Stoppable
/** Which entries to list; `deleted` lists tombstones too. */
export type EntryQuery = Schemas['ListEntriesQuery'] & Stoppable
/** Which jobs to list; `since` (at or after) and `until` (before) are RFC 3339. */
export type JobQuery = Omit<Schemas['ListJobsQuery'], 'cursor'> & Stoppable
/** Which items of a job; `path` begins the path of their source. */
export type ItemQuery = Omit<Schemas['ListItemsQuery'], 'cursor' | 'state'> & { readonly states?: readonly ItemState[] } & Stoppable
/** Which items a report has, and in which form; `csv` without one. */
export type ReportQuery = Omit<Schemas['GetReportQuery'], 'state'> & { readonly states?: readonly ItemState[] } & Stoppable

/** Bytes to send. A stream is sent as it comes, so it cannot be sent again. */
export type Body = string | Uint8Array<ArrayBuffer> | Blob | ReadableStream<Uint8Array>
/** Bytes to send, or a function that gives them anew each time they are sent: then a stream, too, can be sent again. */
export type BodySource = Body | (() => Body)

/** What goes with an upload. Conditions are revisions. */
export interface UploadOptions extends Stoppable {
  readonly mediaType?: string
  /** In hex; the server refuses other bytes. Without it the client computes it itself. */
  readonly sha256?: string
  /** Only when the file there has this revision. */
  readonly ifMatch?: string
  /** `*`: only where there is nothing yet. */
  readonly ifNoneMatch?: '*'
}

/** Which bytes to download. */
export interface DownloadOptions extends Stoppable {
  /** An earlier version. */
  readonly version?: number
  /** Only the bytes from `start` to `end`, counted from 0, both included; to the end of the file without `end`. */
  readonly range?: { readonly start: number; readonly end?: number }
}

/** The options of a job, apart from what it works on. */
export type JobChoices = Omit<Schemas['SubmitJob'], 'items' | 'select' | 'label'> & { readonly label?: string }

/** Items one after the other, as many as there are. */
export type ItemSource = Iterable<SubmitItem> | AsyncIterable<SubmitItem>

/**
 * A job. `items` may be an array or anything that can be iterated over, of any length: what is long is sent as a manifest while it is iterated, as
 * fast as the server takes it. An array, and a function that begins anew each time it is called, can be sent again when an answer is lost.
 */
export type JobRequest = JobChoices & { readonly items?: ItemSource | (() => ItemSource); readonly select?: readonly Selection[] }

/** A job whose manifest is written already: one item a line (NDJSON), or CSV with a header (docs/reference/v1.md, Manifests). */
export type ManifestRequest = JobChoices & { readonly manifest: BodySource; readonly format: 'ndjson' | 'csv' }

/** How a job is submitted. */
export interface SubmitOptions extends Stoppable {
  /** The same key and body answers the same job again, for 24 hours. A new one for each call without it; null: none, and no repeating. */
  readonly idempotencyKey?: string | null
  /** Holds the answer until the job is finished or so many seconds (at most 60) are over. */
  readonly waitSeconds?: number
}
