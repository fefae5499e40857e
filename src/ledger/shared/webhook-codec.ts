import { EVENT_TYPES, type EventType } from '../../model/event.ts'
import { DELIVERY_STATES, MOST_WEBHOOKS, type Delivery } from '../../model/webhook.ts'
import { WaybillError } from '../../model/errors.ts'
import type { DueDelivery, Settlement, StoredWebhook, WebhookClaim } from '../../ports/webhook-ledger.ts'
import { toEvent, uuidText, word } from './codec.ts'
import type { Row } from './row.ts'

/** Delivered events are kept for so long, to be looked at. */
export const SETTLED_MS = 24 * 3600 * 1000

export const PENDING = DELIVERY_STATES.indexOf('pending')

/** Types of events as a hook's row has them: a bit each. */
export function maskOf(events: readonly EventType[]): number {
  return events.reduce((mask, type) => mask | (1 << EVENT_TYPES.indexOf(type)), 0)
}

/** A row of `webhook`, joined with the ids of its collection (`collection_id`) and job (`job_id`), and the submitter of the job (`submitted_by`). */
export function toWebhook(row: Row): StoredWebhook {
  const disabled = row['disabled'] as string | null
  return {
    id: uuidText(row['id']),
    url: row['url'] as string,
    collection: row['collection_id'] as string | null,
    job: row['job_id'] === null ? null : uuidText(row['job_id']),
    events: EVENT_TYPES.filter((_, index) => ((row['events'] as number) & (1 << index)) !== 0),
    state: disabled !== null ? 'disabled' : row['failing_since'] === null ? 'active' : 'failing',
    createdBy: row['created_by'] as string,
    createdAt: row['created_at'] as number,
    lastDeliveryAt: row['last_at'] as number | null,
    lastStatus: row['last_status'] as number | null,
    lastError: disabled ?? (row['last_error'] as string | null),
    pending: row['pending'] as number,
    submittedBy: row['submitted_by'] as string | null,
  }
}

/** A row of `webhook_delivery`, joined with the id of its job. */
export function toDelivery(row: Row): Delivery {
  return {
    event: row['event'] as number,
    type: word(EVENT_TYPES, row['type']),
    job: uuidText(row['job_id']),
    state: word(DELIVERY_STATES, row['state']),
    attempts: row['attempts'] as number,
    lastAttemptAt: row['last_at'] as number | null,
    nextAttemptAt: row['due_at'] as number | null,
    status: row['status'] as number | null,
    error: row['error'] as string | null,
  }
}

/** A claimed hook, from its row after the claim, and the rows of what is due, with what their events say. */
export function toClaim(row: Row, due: readonly Row[]): WebhookClaim {
  return {
    hook: toWebhook(row),
    secret: row['secret'] as Uint8Array,
    token: row['lease_token'] as number,
    failingSince: row['failing_since'] as number | null,
    failures: row['failures'] as number,
    due: due.map(toDue),
  }
}

function toDue(row: Row): DueDelivery {
  return { event: toEvent({ ...row, id: row['event'] }), attempts: row['attempts'] as number, since: row['first_at'] as number | null }
}

/** How a settlement changes the row of its hook. */
export function settledHook(row: Row, { results, disabled }: Settlement, now: number): Record<string, number | string | null> {
  const tried = results.filter(({ state }) => state !== 'withheld')
  const failed = tried.filter(({ state }) => state !== 'delivered')
  const last = failed.at(-1) ?? tried.at(-1)
  const failing = failed.length > 0 && failed.length === tried.length
  const changed = tried.length > 0 // else it stays as it was
  return {
    disabled,
    failingSince: changed ? (failing ? ((row['failing_since'] as number | null) ?? now) : null) : (row['failing_since'] as number | null),
    failures: changed ? (failing ? (row['failures'] as number) + 1 : 0) : (row['failures'] as number),
    lastAt: last === undefined ? (row['last_at'] as number | null) : now,
    lastStatus: last === undefined ? (row['last_status'] as number | null) : last.status,
    lastError: last === undefined ? (row['last_error'] as string | null) : last.error,
  }
}

/** How many rows each hook got, from the rows themselves. */
export function countByHook(rows: readonly Row[]): ReadonlyMap<number, number> {
  const counts = new Map<number, number>()
  for (const row of rows) counts.set(row['hook'] as number, (counts.get(row['hook'] as number) ?? 0) + 1)
  return counts
}

export function tooManyWebhooks(what: string): WaybillError {
  return new WaybillError('too_many_webhooks', `${what} has ${MOST_WEBHOOKS} webhooks, the most there can be; delete one first`)
}

export function noWebhook(id: string): WaybillError {
  return new WaybillError('webhook_not_found', `there is no webhook ${id}`)
}
