import type { EntryChange } from './entry-change.ts'
import type { Fields } from './entry.ts'
import type { WebhookWish } from './webhook.ts'

/** What a job does with each of its items. */
export const JOB_KINDS = ['copy', 'move', 'delete', 'update'] as const
export type JobKind = (typeof JOB_KINDS)[number]

/** Always passed through in this order; a retry goes from `finished` back to `running`. */
export const JOB_STATES = ['submitted', 'resolving', 'running', 'finished'] as const
export type JobState = (typeof JOB_STATES)[number]

/** `succeeded`: all done or skipped; `failed`: none done; `partial`: some done; `cancelled`: a cancel stopped at least one item. */
export const OUTCOMES = ['succeeded', 'partial', 'failed', 'cancelled'] as const
export type Outcome = (typeof OUTCOMES)[number]

/** What to do when the destination exists: a new version of it, skip the item, fail it, or copy under a free name. */
export const CONFLICTS = ['version', 'skip', 'fail', 'rename'] as const
export type Conflict = (typeof CONFLICTS)[number]

/** `digest`: the bytes of each source are read and hashed again before its item is done. */
export const VERIFY = ['none', 'digest'] as const
export type Verify = (typeof VERIFY)[number]

/** Priorities: 1 (last) to 9 (first); a job of priority p gets p turns where one of priority 1 gets one. */
export const PRIORITY = { least: 1, usual: 5, most: 9 } as const

/** One source of an item. `ifMatch` a revision, `version` a version number: the item is evicted when the present one is another. */
export interface SourceRef {
  readonly collection: string
  readonly path: string
  readonly ifMatch?: string
  readonly version?: number
}

/** One destination. `path` defaults to the source's. Failed conditions evict the item. */
export interface DestinationRef {
  readonly collection: string
  readonly path?: string
  readonly ifMatch?: string
  readonly ifNoneMatch?: '*'
}

/** An item as submitted. `destination` for copy and move only; for update only, either `fields` (a merge patch) or `change`. */
export interface SubmitItem {
  readonly source: SourceRef
  readonly destination?: DestinationRef
  readonly fields?: Fields
  readonly change?: EntryChange
}

/**
 * A selection that the engine resolves into items: every live entry of the collection, but folders, whose path begins with `prefix` (default: all), whose
 * rest after the prefix matches `glob`, and of whose field values some is in `graph`. The destination path is `destination.prefix` (default: the source
 * prefix) followed by that rest. For update only, either `fields` or `change`, for all of them the same.
 */
export interface Selection {
  readonly source: { readonly collection: string; readonly prefix?: string; readonly glob?: string; readonly graph?: string }
  readonly destination?: { readonly collection: string; readonly prefix?: string }
  readonly fields?: Fields
  readonly change?: EntryChange
}

/**
 * A file or folder of an addressable collection, named by its entity id: a folder stands for all files in it, their structure kept. `destination` (copy and
 * move) is the root of a collection or a folder by its entity id; `name` a new name there, by default the present one.
 */
export interface EntitySelection {
  readonly entityId: string
  readonly destination?: { readonly collection: string } | { readonly folder: string }
  readonly name?: string
}

/** What a job is asked to do, apart from its items. `retentionMs`: how long it is kept after it finished (the dialect's own). */
export interface JobOptions {
  readonly kind: JobKind
  readonly conflict: Conflict
  readonly verify: Verify
  readonly dryRun: boolean
  readonly priority: number
  readonly label: string | null
  readonly dialect: string
  readonly retentionMs: number
  /**
   * Runs only when every ordered job that was acknowledged before it (a manifest is when it is sealed) and writes one of its collections is finished:
   * changes of a path keep their order.
   */
  readonly ordered?: boolean
}

/** The one command every dialect decodes its request into. */
export interface SubmitJob {
  readonly options: JobOptions
  readonly items: readonly SubmitItem[]
  readonly select: readonly Selection[]
  /** Resolved one after the other: the items of each follow those of the one before. */
  readonly entities?: readonly EntitySelection[]
  /** Where the events of the job are to be sent, from the first. */
  readonly webhook?: WebhookWish
}

/** How many items are in which state; they always add up to `total`. */
export interface Counts {
  readonly total: number
  readonly pending: number
  readonly running: number
  readonly done: number
  readonly skipped: number
  readonly failed: number
  readonly evicted: number
  readonly cancelled: number
}

/** A job as tracked. `id` is a UUID v7, `number` a decimal string, the job's second name. Times are epoch milliseconds. */
export interface Job extends JobOptions {
  readonly ordered: boolean
  readonly id: string
  readonly number: string
  readonly state: JobState
  readonly paused: boolean
  readonly cancelling: boolean
  readonly outcome: Outcome | null
  readonly counts: Counts
  /** True while selections are still being resolved into items, or a manifest is still being received. */
  readonly discovering: boolean
  readonly bytesTotal: number
  readonly bytesDone: number
  readonly submittedBy: string
  readonly createdAt: number
  readonly startedAt: number | null
  readonly finishedAt: number | null
  readonly expiresAt: number | null
  /** Grows with every change of the row: an entity tag for polls. */
  readonly change: number
}

/** The outcome that finished counts mean. */
export function outcomeOf(counts: Counts): Outcome {
  if (counts.cancelled > 0) return 'cancelled'
  if (counts.done + counts.skipped === counts.total) return 'succeeded'
  return counts.done > 0 ? 'partial' : 'failed'
}
