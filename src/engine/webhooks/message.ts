import type { JobEvent } from '../../model/event.ts'
import type { Reason } from '../../model/item.ts'
import type { WebhookRequest } from '../../ports/webhook-sender.ts'
import { signedHeaders } from './secrets.ts'

/** What stands before the type of an event: CloudEvents wants types to begin with a reversed DNS name. */
const TYPE_PREFIX = 'io.waybill.'

export interface MessageParts {
  readonly url: string
  readonly secret: Uint8Array
  readonly event: JobEvent
  /** Base of absolute links, without a slash at its end; null: the source is relative. */
  readonly publicUrl: string | null
  readonly at: number
}

/**
 * An event as a request: CloudEvents 1.0 in its structured mode, `data` as a stream of events has it (docs/reference/events.md), signed by Standard Webhooks 1.0. The
 * same event has the same `webhook-id` however often it is sent; it holds the job's UUID, since another server numbers its events alike.
 */
export function messageOf({ url, secret, event, publicUrl, at }: MessageParts): WebhookRequest {
  const { id, type, job, data } = event
  const time = new Date(event.at).toISOString()
  const body = JSON.stringify({
    specversion: '1.0',
    id: String(id),
    source: `${publicUrl ?? ''}/v1/jobs/${job}`,
    type: TYPE_PREFIX + type,
    subject: typeof data['seq'] === 'number' ? `items/${data['seq']}` : job,
    time,
    datacontenttype: 'application/json',
    data: { type, job, at: time, ...told(data) },
  })
  const headers = { 'content-type': 'application/cloudevents+json; charset=utf-8', 'user-agent': 'waybill' }
  return { url, body, headers: { ...headers, ...signedHeaders(secret, `${job}_${id}`, at, body) } }
}

/** Reasons as items have them: which end they speak of is kept for masks alone. */
function told(data: JobEvent['data']): JobEvent['data'] {
  if (data['reason'] === undefined) return data
  const { end: _end, ...reason } = data['reason'] as Reason
  return { ...data, reason }
}
