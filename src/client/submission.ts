import { ndjsonOf } from './ndjson.ts'
import type { Call } from './transport.ts'
import type { BodySource, ItemSource, JobChoices, JobRequest, ManifestRequest } from './types.ts'

const MANIFEST_TYPES = { ndjson: 'application/x-ndjson', csv: 'text/csv' } as const
/** Longer arrays go as a manifest, which the server reads as a stream; it takes ten times as many as JSON, unless it is told otherwise (`jsonItems`). */
const MOST_JSON_ITEMS = 1000

/**
 * The body, type and query that a request for a job stands for. Throws a TypeError for selections beside items that can only be streamed: a manifest
 * has no place for them.
 */
export function submissionOf(request: JobRequest | ManifestRequest): Pick<Call, 'json' | 'body' | 'query' | 'headers'> {
  if ('manifest' in request) {
    const { manifest, format, ...choices } = request
    return manifestCall(choices, format, manifest)
  }
  const { items, select, ...choices } = request
  if (items === undefined || (Array.isArray(items) && (items.length <= MOST_JSON_ITEMS || select !== undefined))) return { json: request }
  if (select !== undefined) throw new TypeError('selections go with an array of items only; submit them as a job of their own')
  return manifestCall(choices, 'ndjson', manifestOf(items))
}

function manifestCall(choices: JobChoices, format: 'ndjson' | 'csv', body: BodySource): Pick<Call, 'body' | 'query' | 'headers'> {
  const { webhook, ...query } = choices
  return { query: { ...query, ...webhookQuery(webhook) }, headers: { 'content-type': MANIFEST_TYPES[format] }, body }
}

/** A hook in the query of a manifest. Throws a TypeError for a secret of the caller's own: URLs are logged here and there. */
function webhookQuery(webhook: JobChoices['webhook']): NonNullable<Call['query']> {
  if (webhook === undefined) return {}
  if (webhook.secret !== undefined) throw new TypeError('the secret of the webhook of a manifest is made by the server; leave it out')
  return { webhookUrl: webhook.url, webhookEvents: webhook.events?.join(',') }
}

/** A manifest of items that can be gone through again is a function, so that it can be sent again. */
function manifestOf(items: ItemSource | (() => ItemSource)): BodySource {
  if (typeof items === 'function') return () => ndjsonOf(items())
  return Array.isArray(items) ? () => ndjsonOf(items) : ndjsonOf(items)
}

/** A key that nobody else has. `crypto.randomUUID` would not do: browsers have it on secure pages only. */
export function newIdempotencyKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), byte => byte.toString(16).padStart(2, '0')).join('')
}
