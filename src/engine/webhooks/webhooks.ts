import type { Caller } from '../../model/access.ts'
import { WaybillError } from '../../model/errors.ts'
import { EVENT_TYPES } from '../../model/event.ts'
import type { AddressRules } from '../../model/net-address.ts'
import type { Page, PageQuery } from '../../model/page.ts'
import { LONGEST_WEBHOOK_URL, type Delivery, type Webhook, type WebhookWish } from '../../model/webhook.ts'
import type { Ids } from '../../ports/clock.ts'
import type { JobWebhook, Ledger, StoredWebhook } from '../../ports/ledger.ts'
import type { LedgerOf } from '../../ports/recording.ts'
import type { Access } from '../access.ts'
import type { Jobs } from '../api.ts'
import type { Webhooks } from '../webhooks-api.ts'
import { maySee } from './rights.ts'
import { newSecret, secretBytes, type SecretBox } from './secrets.ts'

/** Where the members of a wish stand in a request. */
export type Pointer = (member: keyof WebhookWish) => string

/** In the options of a JSON submission, and among the query parameters of a manifest. */
export const IN_JOB: Pointer = member => `/webhook/${member}`
export const IN_QUERY: Pointer = member => `webhook${member.charAt(0).toUpperCase()}${member.slice(1)}`
const IN_BODY: Pointer = member => `/${member}`

export interface WebhookServiceParts {
  readonly by: LedgerOf
  readonly ledger: Ledger
  readonly access: Access
  readonly ids: Ids
  readonly secrets: SecretBox
  readonly addresses: AddressRules
  /** Whether http is taken beside https. */
  readonly http: boolean
  /** A hook was made, or is to be tried again. */
  readonly look: () => void
}

/** Hooks: made, seen and removed by those who have the right to what they tell of. */
export class WebhookService implements Webhooks {
  readonly #parts: WebhookServiceParts
  readonly #jobs: Pick<Jobs, 'get'>

  constructor(parts: WebhookServiceParts, jobs: Pick<Jobs, 'get'>) {
    this.#parts = parts
    this.#jobs = jobs
  }

  async create(
    caller: Caller,
    target: { readonly collection: string } | { readonly job: string },
    wish: WebhookWish,
  ): Promise<{ readonly webhook: Webhook; readonly secret: string }> {
    const { prepared, secret } = prepare(this.#parts, wish, IN_BODY)
    const of = 'job' in target ? { collection: null, job: (await this.#jobs.get(caller, target.job)).id } : { collection: target.collection, job: null }
    if (of.collection !== null) await this.#parts.access.requireRole(caller, of.collection, 'admin')
    const webhook = await this.#parts.by(caller).webhooks.create({ ...prepared, ...of, createdBy: caller.subject })
    this.#parts.look()
    return { webhook, secret }
  }

  async get(caller: Caller, id: string): Promise<Webhook> {
    return this.#find(caller, id)
  }

  async list(caller: Caller, { collection, job }: { readonly collection?: string; readonly job?: string }, page: PageQuery): Promise<Page<Webhook>> {
    if (collection !== undefined) await this.#parts.access.requireRole(caller, collection, 'admin')
    const known = job === undefined ? undefined : (await this.#jobs.get(caller, job)).id
    const own = collection === undefined && known === undefined ? { createdBy: caller.subject } : {}
    return this.#parts.ledger.webhooks.list(
      { ...own, ...(collection === undefined ? {} : { collection }), ...(known === undefined ? {} : { job: known }) },
      page,
    )
  }

  async remove(caller: Caller, id: string): Promise<void> {
    const { id: known } = await this.#find(caller, id)
    await this.#parts.by(caller).webhooks.remove(known)
  }

  async enable(caller: Caller, id: string): Promise<Webhook> {
    const { id: known } = await this.#find(caller, id)
    const webhook = await this.#parts.ledger.webhooks.enable(known)
    this.#parts.look()
    return webhook
  }

  async deliveries(caller: Caller, id: string, page: PageQuery): Promise<Page<Delivery>> {
    const { id: known } = await this.#find(caller, id)
    return this.#parts.ledger.webhooks.deliveries(known, page)
  }

  /** Whoever made a hook sees and removes it even when they have lost the right to what it tells of: it says why it was disabled, and nothing else. */
  async #find(caller: Caller, id: string): Promise<StoredWebhook> {
    const hook = await this.#parts.ledger.webhooks.get(id)
    if ((await maySee(this.#parts.ledger, caller.subject, hook)) && hook !== null) return hook
    throw new WaybillError('webhook_not_found', `there is no webhook ${JSON.stringify(id.slice(0, 64))} that you may see`)
  }
}

/** Checks a wish and makes of it what is stored, and the secret to tell. Throws `invalid_request`. */
export function prepare(
  { ids, secrets, addresses, http }: Pick<WebhookServiceParts, 'ids' | 'secrets' | 'addresses' | 'http'>,
  wish: WebhookWish,
  pointer: Pointer,
): { readonly prepared: JobWebhook; readonly secret: string } {
  const url = checkedUrl(wish.url, { addresses, http }, pointer('url'))
  const id = ids.uuid()
  const secret = wish.secret ?? newSecret()
  const bytes = secretBytes(secret)
  if (bytes === null) throw refused(pointer('secret'), 'secret must be whsec_ and the base64 of 24 to 64 bytes at random; without one a secret is made')
  const events = [...new Set(wish.events ?? EVENT_TYPES)]
  if (events.length === 0) throw refused(pointer('events'), `events must name one or more of ${EVENT_TYPES.join(', ')}; without it all are sent`)
  return { prepared: { id, url, events, secret: secrets.seal(id, bytes) }, secret }
}

/** A URL that may be called, as far as can be told before its name is looked up: the address is checked again whenever it is called. */
function checkedUrl(text: string, { addresses, http }: Pick<WebhookServiceParts, 'addresses' | 'http'>, pointer: string): string {
  const url = URL.canParse(text) ? new URL(text) : null
  if (url === null || (url.protocol !== 'https:' && url.protocol !== 'http:')) throw refused(pointer, 'url must be an absolute https URL')
  if (url.protocol === 'http:' && !http) throw refused(pointer, 'url must begin with https; the setting webhookHttp of the server would take http')
  if (url.username !== '' || url.password !== '') throw refused(pointer, 'url must have no user and password in it; the signature proves who calls')
  url.hash = ''
  if (url.href.length > LONGEST_WEBHOOK_URL) throw refused(pointer, `url has ${url.href.length} characters; at most ${LONGEST_WEBHOOK_URL} are taken`)
  const refusal = addresses.refusalOfHost(url.hostname)
  if (refusal !== null) throw refused(pointer, `url cannot be called: ${refusal}; the setting webhookAllow of the server would allow it`)
  return url.href
}

function refused(pointer: string, detail: string): WaybillError {
  return new WaybillError('invalid_request', detail, { errors: [{ pointer, detail }] })
}
