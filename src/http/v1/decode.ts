import { createHash } from 'node:crypto'
import { PRIORITY } from '../../model/job.ts'
import type { WebhookWish } from '../../model/webhook.ts'
import type { Conflict, JobKind, JobOptions, SubmitJob, Verify } from '../../model/job.ts'
import { WaybillError } from '../../model/errors.ts'
import { EVENT_TYPES } from '../../model/event.ts'
import { ITEM_STATES } from '../../model/item.ts'
import type { ItemState } from '../../model/item.ts'
import { isInCalendar } from '../calendar.ts'
import type { V1Context } from './context.ts'
import type { SubmitBody } from './schemas/job.ts'

/** The options as they came, each perhaps absent. */
interface OptionWords {
  readonly kind: JobKind
  readonly conflict?: Conflict
  readonly verify?: Verify
  readonly dryRun?: boolean
  readonly priority?: number
  readonly label?: string | null
}

/** The options of a job of this dialect, with its defaults for what is absent. */
export function jobOptions(context: Pick<V1Context, 'retentionMs'>, words: OptionWords): JobOptions {
  return {
    kind: words.kind,
    conflict: words.conflict ?? 'version',
    verify: words.verify ?? 'none',
    dryRun: words.dryRun ?? false,
    priority: words.priority ?? PRIORITY.usual,
    label: words.label ?? null,
    dialect: 'v1',
    retentionMs: context.retentionMs,
  }
}

/** The body of `POST /v1/jobs` as the one command of the engine. What depends on the kind, the paths and the collections is checked there. */
export function decodeSubmit(context: Pick<V1Context, 'retentionMs'>, body: SubmitBody): SubmitJob {
  const webhook = body.webhook === undefined ? {} : { webhook: body.webhook as WebhookWish }
  return { options: jobOptions(context, body), items: body.items ?? [], select: body.select ?? [], ...webhook }
}

/** SHA-256 in hex over the canonical form of a command: the same wish written in another order of members is the same. */
export function fingerprintOf(command: SubmitJob): string {
  return createHash('sha256')
    .update(JSON.stringify(canonical(command)))
    .digest('hex')
}

function canonical(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(canonical)
  if (typeof value !== 'object' || value === null) return value
  const members = Object.entries(value).filter(([, member]) => member !== undefined)
  return Object.fromEntries(members.sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, member]) => [name, canonical(member)]))
}

/** Longest Idempotency-Key, in characters. */
const LONGEST_KEY = 255

/**
 * The Idempotency-Key header: a string in double quotes as the draft has it (a structured field), or bare as most clients send it.
 * Undefined without one; throws `invalid_request` when it is empty, too long or has characters outside visible ASCII.
 */
export function idempotencyKey(header: string | readonly string[] | undefined): string | undefined {
  if (header === undefined) return undefined
  const given = [header].flat().join(', ').trim()
  const quoted = /^"((?:[^"\\]|\\["\\])*)"$/.exec(given)
  const key = quoted === null ? given : (quoted[1] ?? '').replaceAll(/\\(["\\])/g, '$1')
  if (key.length === 0 || key.length > LONGEST_KEY || !/^[\x20-\x7e]*$/.test(key)) {
    throw refused('Idempotency-Key', `Idempotency-Key must have 1 to ${LONGEST_KEY} visible ASCII characters`)
  }
  return key
}

/** `state=failed,evicted` as states; undefined without it. Throws `invalid_request` for a word that is none. */
export function itemStates(list: string | undefined): ItemState[] | undefined {
  return list?.split(',').map(word => {
    const state = ITEM_STATES.find(known => known === word.trim())
    if (state === undefined) throw refused('state', `state has ${JSON.stringify(word)}; use one or more of ${ITEM_STATES.join(', ')}, separated by commas`)
    return state
  })
}

/** The hook that a manifest's query asks for; undefined without one. Throws `invalid_request` for a type of events that is none. */
export function webhookOf({ webhookUrl, webhookEvents }: { readonly webhookUrl?: string; readonly webhookEvents?: string }): WebhookWish | undefined {
  if (webhookUrl === undefined) {
    if (webhookEvents !== undefined) throw refused('webhookEvents', 'webhookEvents goes with webhookUrl')
    return undefined
  }
  const events = webhookEvents?.split(',').map(word => {
    const type = EVENT_TYPES.find(known => known === word.trim())
    if (type === undefined) throw refused('webhookEvents', `webhookEvents has ${JSON.stringify(word)}; use one or more of ${EVENT_TYPES.join(', ')}`)
    return type
  })
  return { url: webhookUrl, ...(events === undefined ? {} : { events }) }
}

const RFC3339 = /^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(?:\.\d+)?(?:[Zz]|[+-]\d\d:\d\d)$/

/** A query parameter's time as epoch milliseconds. Throws `invalid_request` unless it is RFC 3339. */
export function timeParameter(name: string, text: string): number {
  // a "+" of the offset arrives as a space when it was not percent-encoded
  const exact = text.replace(/ (\d\d:\d\d)$/, '+$1')
  const ms = RFC3339.test(exact) && isInCalendar(exact) ? Date.parse(exact) : Number.NaN
  if (Number.isNaN(ms)) throw refused(name, `${name} must be a time like 2026-11-22T20:41:07Z (RFC 3339)`)
  return ms
}

function refused(pointer: string, detail: string): WaybillError {
  return new WaybillError('invalid_request', detail, { errors: [{ pointer, detail }] })
}

/** What a list is narrowed by: its query without the page, times in epoch milliseconds. Throws `invalid_request` for what is no time. */
export function filterOf<Q extends { readonly limit?: number; readonly cursor?: string; readonly since?: string; readonly until?: string }>(
  query: Q,
): Omit<Q, 'limit' | 'cursor' | 'since' | 'until'> & { since?: number; until?: number } {
  const { limit: _limit, cursor: _cursor, since, until, ...words } = query
  return {
    ...words,
    ...(since === undefined ? {} : { since: timeParameter('since', since) }),
    ...(until === undefined ? {} : { until: timeParameter('until', until) }),
  }
}
