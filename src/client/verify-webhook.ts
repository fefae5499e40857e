import type { ServerEvent } from './server-event.ts'

type StoredEvent = Exclude<ServerEvent, { readonly id: null }>

/** What a webhook is sent (docs/reference/events.md): a CloudEvent, told apart by its `data.type`. */
export interface WebhookEvent {
  readonly specversion: '1.0'
  readonly id: string
  readonly source: string
  readonly type: string
  readonly subject: string
  readonly time: string
  readonly datacontenttype: string
  readonly data: StoredEvent['data']
}

/** Clocks may differ by so much, in seconds, as in the libraries of Standard Webhooks. */
const TOLERANCE_SECONDS = 300

/**
 * The event that a delivery brings, once its signature (Standard Webhooks 1.0) is found to hold. `body` is the request's as it came, not parsed and written again.
 * Rejects with a TypeError that says what is wrong with it.
 */
export async function verifyWebhook(
  secret: string,
  headers: Headers | Readonly<Record<string, string | string[] | undefined>>,
  body: string,
): Promise<WebhookEvent> {
  const header = (name: string): string => {
    const value = headers instanceof Headers ? headers.get(name) : headers[name]
    if (typeof value !== 'string') throw new TypeError(`the header ${name} is missing`)
    return value
  }
  const [id, timestamp] = [header('webhook-id'), header('webhook-timestamp')]
  const apart = Math.abs(Date.now() / 1000 - Number(timestamp))
  if (!/^\d+$/.test(timestamp) || apart > TOLERANCE_SECONDS) throw new TypeError('the delivery is too old, or the clocks differ')
  const key = await crypto.subtle.importKey('raw', bytesOf(secret.replace(/^whsec_/, '')), { name: 'HMAC', hash: 'SHA-256' }, false, ['verify'])
  const signed = new TextEncoder().encode(`${id}.${timestamp}.${body}`)
  for (const signature of header('webhook-signature').split(' ')) {
    const base64 = /^v1,([A-Za-z0-9+/]+=*)$/.exec(signature)?.[1]
    if (base64 !== undefined && (await crypto.subtle.verify('HMAC', key, bytesOf(base64), signed))) return JSON.parse(body) as WebhookEvent
  }
  throw new TypeError('the signature does not hold')
}

function bytesOf(base64: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(base64), character => character.charCodeAt(0))
}
