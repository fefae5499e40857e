import type { Item } from '../../model/item.ts'
import type { Job, JobKind } from '../../model/job.ts'
import { detailOf } from './item-words.ts'
import type { CopyStatus, Detail } from './item-words.ts'

/** One moment of an entry's life. */
export interface LogState {
  readonly timestamp: string
  readonly unixTimestamp: number
  readonly state: string
}

/** An entry of the status logs, key for key as documented (the misspelt `unixReceievedTimestamp` included). */
export interface LogEntry {
  readonly serviceData: { readonly entityId: string | null; readonly erCollectionId: string; readonly relationshipId: null }
  readonly id: string
  readonly enqueuedTimestamp: string
  readonly receivedTimestamp: string
  readonly unixReceievedTimestamp: number
  readonly unixEnqueuedTimestamp: number
  readonly messageType: 'Request' | 'Status'
  readonly requestAction: string
  readonly state: string
  readonly requestObject: string
  readonly transactionId: string
  readonly payload: Detail
  readonly retryCount: number
  readonly message: string | null
  readonly sender: string
  readonly recipient: string
  readonly correlationId: string
  readonly timeout: number
  readonly topic: null
  readonly stateHistory: readonly LogState[]
}

/** No page lists the words of `state`; these are ours. */
const STATE: Readonly<Record<CopyStatus, string>> = { 0: 'Pending', 1: 'Completed', 2: 'Failed' }
const ACTION: Readonly<Record<JobKind, string>> = { copy: 'Upsert', move: 'Upsert', update: 'Upsert', delete: 'Delete' }

/**
 * An item as an entry of the log of `collection`: a Request while it waits, a Status once it has an outcome. Its payload is the line that track
 * shows. `sender` is the dialect the request came by; who submitted it is not told.
 */
export function logEntryOf(job: Job, item: Item, collection: string): LogEntry {
  const detail = detailOf(item)
  const state = item.state === 'running' ? 'InProgress' : STATE[detail.Status]
  return {
    serviceData: { entityId: entityIn(item, collection), erCollectionId: collection, relationshipId: null },
    id: `${job.id}:${item.seq}`,
    enqueuedTimestamp: isoTime(job.createdAt),
    receivedTimestamp: isoTime(job.createdAt),
    unixReceievedTimestamp: job.createdAt,
    unixEnqueuedTimestamp: job.createdAt,
    messageType: detail.Status === 0 ? 'Request' : 'Status',
    requestAction: ACTION[job.kind],
    state,
    requestObject: 'File',
    transactionId: job.id,
    payload: detail,
    retryCount: Math.max(0, item.attempts - 1),
    message: detail.ReasonOfFailure ?? null,
    sender: job.dialect,
    recipient: 'waybill',
    correlationId: job.id,
    timeout: 0,
    topic: null,
    stateHistory: historyOf(job, item, state),
  }
}

function historyOf(job: Job, item: Item, state: string): LogState[] {
  const history = [moment(job.createdAt, 'Pending')]
  if (item.startedAt !== null) history.push(moment(item.startedAt, 'InProgress'))
  if (item.finishedAt !== null) history.push(moment(item.finishedAt, state))
  return history
}

function moment(at: number, state: string): LogState {
  return { timestamp: isoTime(at), unixTimestamp: at, state }
}

/** The entity that the item has in this collection: what it made there, else what it read there. */
function entityIn(item: Item, collection: string): string | null {
  if (item.destination?.collection === collection) return item.destination.entityId
  return item.source.collection === collection ? item.source.entityId : null
}

/** ISO 8601 with an offset in figures, as the documents write it. */
function isoTime(at: number): string {
  return new Date(at).toISOString().replace('Z', '+00:00')
}
