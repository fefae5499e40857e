import { Type } from 'typebox'
import type { Static } from 'typebox'
import { EVENT_TYPES } from '../../../model/event.ts'
import { DELIVERY_STATES, LONGEST_WEBHOOK_URL, WEBHOOK_STATES } from '../../../model/webhook.ts'
import { Choice, Count, Nullable, PageOf, PageParameters, Strict, Text, Time, Uuid } from './common.ts'

const Url = Type.String({ minLength: 1, maxLength: LONGEST_WEBHOOK_URL, description: 'where events are sent by POST' })
const Events = Type.Array(Choice(EVENT_TYPES), { minItems: 1, description: 'the types that are sent; default all' })
const Secret = Type.String({ description: '`whsec_` and the base64 of 24 to 64 bytes at random; without one it is made' })

/** Of a JSON submission: its job's hook. */
export const JobWebhookBody = Strict({ url: Url, events: Type.Optional(Events), secret: Type.Optional(Secret) }, { title: 'JobWebhook' })

/** Of a manifest's query: a secret has no place in a URL, which is logged here and there, so it is made. */
export const webhookParameters = {
  webhookUrl: Type.Optional(Url),
  webhookEvents: Type.Optional(Type.String({ description: `one or more of ${EVENT_TYPES.join(', ')}, separated by commas; default all` })),
}

/** What a submission tells of its hook. */
export const MadeWebhook = Type.Object(
  { id: Uuid, secret: Type.String({ description: 'told this once' }) },
  { title: 'MadeWebhook', description: 'the webhook that was made with the job' },
)

export const NewWebhookBody = Strict(
  {
    url: Url,
    collection: Type.Optional(Type.String({ description: 'of which events are sent, from now on; or else `job`' })),
    job: Type.Optional(Type.String({ description: 'of which events are sent, from its first' })),
    events: Type.Optional(Events),
    secret: Type.Optional(Secret),
  },
  { title: 'NewWebhook' },
)

const members = {
  id: Uuid,
  url: Text,
  collection: Nullable(Text),
  job: Nullable(Uuid),
  events: Type.Array(Choice(EVENT_TYPES)),
  state: Choice(WEBHOOK_STATES),
  createdBy: Text,
  createdAt: Time,
  lastDeliveryAt: Nullable(Time),
  lastStatus: Nullable(Type.Integer({ description: "the last answer's" })),
  lastError: Nullable(Type.String({ description: 'what was wrong the last time, or why it is disabled' })),
  pending: Type.Integer({ minimum: 0, description: 'events that are still to be delivered' }),
}

export const WebhookWire = Type.Object(members, { title: 'Webhook' })
export type WebhookWire = Static<typeof WebhookWire>
export const CreatedWebhook = Type.Object({ ...members, secret: Type.String({ description: 'told this once' }) }, { title: 'CreatedWebhook' })
export const WebhookPage = PageOf(WebhookWire, 'WebhookPage')

export const WebhookParams = Type.Object({ webhook: Type.String({ description: "the webhook's id" }) })
export const WebhookQuery = Strict({
  ...PageParameters,
  collection: Type.Optional(Type.String({ description: 'those of this collection (admin)' })),
  job: Type.Optional(Type.String({ description: 'those of this job' })),
})

const DeliveryWire = Type.Object(
  {
    event: Type.String({ description: 'the id of the event' }),
    type: Choice(EVENT_TYPES),
    job: Uuid,
    state: Choice(DELIVERY_STATES),
    attempts: Count,
    lastAttemptAt: Nullable(Time),
    nextAttemptAt: Nullable(Time),
    status: Nullable(Type.Integer()),
    error: Nullable(Text),
  },
  { title: 'Delivery' },
)
export type DeliveryWire = Static<typeof DeliveryWire>
export const DeliveryPage = PageOf(DeliveryWire, 'DeliveryPage')
export const DeliveryQuery = Strict(PageParameters)
