import type { EventType } from './event.ts'

/** `failing`: its last delivery failed, and is tried again; `disabled`: nothing is sent until it is enabled again. */
export const WEBHOOK_STATES = ['active', 'failing', 'disabled'] as const
export type WebhookState = (typeof WEBHOOK_STATES)[number]

/** `withheld`: an event that is not for this hook to tell. Only pending ones are sent, or sent again. */
export const DELIVERY_STATES = ['pending', 'delivered', 'abandoned', 'withheld'] as const
export type DeliveryState = (typeof DELIVERY_STATES)[number]

/** Where events of one collection, or of one job, are sent. Times are epoch milliseconds. */
export interface Webhook {
  readonly id: string
  readonly url: string
  readonly collection: string | null
  readonly job: string | null
  /** The types that are sent. */
  readonly events: readonly EventType[]
  readonly state: WebhookState
  readonly createdBy: string
  readonly createdAt: number
  /** When something was sent last, with what came of it: the status of the answer, and in one sentence what was wrong. */
  readonly lastDeliveryAt: number | null
  readonly lastStatus: number | null
  readonly lastError: string | null
  /** Events that are still to be delivered. */
  readonly pending: number
}

/** What became of one event for one hook. */
export interface Delivery {
  readonly event: number
  readonly type: EventType
  readonly job: string
  readonly state: DeliveryState
  readonly attempts: number
  readonly lastAttemptAt: number | null
  readonly nextAttemptAt: number | null
  readonly status: number | null
  readonly error: string | null
}

/** A hook that somebody wants. Without `events` every type is sent; without `secret` one is made. */
export interface WebhookWish {
  readonly url: string
  readonly events?: readonly EventType[]
  readonly secret?: string
}

/** Hooks of one collection, or of one job. */
export const MOST_WEBHOOKS = 20
export const LONGEST_WEBHOOK_URL = 2_000
