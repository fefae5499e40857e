import type { CollectionView } from '../../model/collection.ts'
import type { Entry } from '../../model/entry.ts'
import type { Item, ItemEnd, Reason } from '../../model/item.ts'
import type { Job } from '../../model/job.ts'
import type { CollectionWire } from './schemas/collection.ts'
import type { EntryWire } from './schemas/entry.ts'
import type { ItemWire, JobWire } from './schemas/job.ts'

/** A time of the model (epoch milliseconds) as RFC 3339 in UTC with milliseconds. */
export function time(ms: number): string {
  return new Date(ms).toISOString()
}

/** The same of a time that may be unknown, or never come. */
export function timeOrNull(ms: number | null): string | null {
  return ms === null ? null : time(ms)
}

/** A collection on the wire (docs/reference/v1.md, Collections). */
export function encodeCollection(collection: CollectionView): CollectionWire {
  const { id, name, store, attributes, role, createdAt, createdBy, modifiedAt } = collection
  return { id, name, store, attributes: { ...attributes }, role, createdAt: time(createdAt), createdBy, modifiedAt: time(modifiedAt) }
}

/** An entry on the wire (docs/reference/v1.md, Entries); only a tombstone says `deleted`. */
export function encodeEntry(entry: Entry): EntryWire {
  const { entityId, collection, path, kind, version, revision, size, mediaType, digest, fields, createdAt, modifiedAt, modifiedBy, deleted } = entry
  const tombstone = deleted ? { deleted: true as const } : {}
  return {
    ...{ entityId, collection, path, kind, version, revision, size, mediaType, digest, fields: { ...fields } },
    ...{ createdAt: time(createdAt), modifiedAt: time(modifiedAt), modifiedBy, ...tombstone },
  }
}

/** What only the engine knows about a job at this moment. */
export interface JobNow {
  readonly now: number
  readonly rate: number | null
  readonly waitingFor: string | null
}

/** A job on the wire (docs/reference/v1.md, The job). */
export function encodeJob(job: Job, { now, rate, waitingFor }: JobNow): JobWire {
  const { total, pending, running, done, skipped, failed, evicted, cancelled } = job.counts
  return {
    id: job.id,
    number: job.number,
    kind: job.kind,
    state: job.state,
    paused: job.paused,
    outcome: job.outcome,
    counts: { total, discovering: job.discovering, pending, running, done, skipped, failed, evicted, cancelled },
    bytes: { total: job.bytesTotal, done: job.bytesDone },
    itemsPerSecond: rate === null ? null : roundRate(rate),
    estimatedFinishAt: estimate(job, now, rate, waitingFor),
    waitingFor,
    label: job.label,
    priority: job.priority,
    dryRun: job.dryRun,
    submittedBy: job.submittedBy,
    dialect: job.dialect,
    createdAt: time(job.createdAt),
    startedAt: timeOrNull(job.startedAt),
    finishedAt: timeOrNull(job.finishedAt),
    expiresAt: timeOrNull(job.expiresAt),
  }
}

/** Whole numbers, but one decimal where a job is slow. */
function roundRate(rate: number): number {
  return rate >= 10 ? Math.round(rate) : Math.round(rate * 10) / 10
}

/** Null rather than a guess: while the total still grows, while nothing moves, and without a rate (docs/reference/v1.md, The job). */
function estimate(job: Job, now: number, rate: number | null, waitingFor: string | null): string | null {
  if (job.state !== 'running' || job.discovering || job.paused || waitingFor !== null || rate === null || rate <= 0) return null
  return time(Math.round(now + ((job.counts.pending + job.counts.running) / rate) * 1000))
}

/** An item on the wire (docs/reference/v1.md, Items and reports). */
export function encodeItem(item: Item): ItemWire {
  return {
    seq: item.seq,
    source: encodeEnd(item.source),
    destination: item.destination === null ? null : encodeEnd(item.destination),
    state: item.state,
    attempts: item.attempts,
    bytes: item.bytes,
    reason: item.reason === null ? null : encodeReason(item.reason),
    startedAt: timeOrNull(item.startedAt),
    finishedAt: timeOrNull(item.finishedAt),
  }
}

function encodeEnd({ collection, path, entityId, version, revision }: ItemEnd): ItemWire['source'] {
  return { collection, path, entityId, version, revision }
}

/** A reason on the wire, the same in items and in events. */
export function encodeReason({ code, message, expected, actual }: Reason): NonNullable<ItemWire['reason']> {
  return { code, message, ...(expected === undefined ? {} : { expected }), ...(actual === undefined ? {} : { actual }) }
}
