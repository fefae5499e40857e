import type { JobEvent } from '../../model/event.ts'
import type { Clock } from '../../ports/clock.ts'
import type { DeliveryResult, DueDelivery, Ledger, Settlement, StoredWebhook, WebhookClaim } from '../../ports/ledger.ts'
import type { WebhookAnswer, WebhookSender } from '../../ports/webhook-sender.ts'
import { endsOf, maskEvent } from '../jobs/mask.ts'
import { messageOf } from './message.ts'
import { mayHave } from './rights.ts'
import { waitAfter, type Schedule } from './schedule.ts'
import type { SecretBox } from './secrets.ts'

/** Events of one hook that are under way at once. */
const AT_ONCE = 4

export interface SendingParts {
  readonly ledger: Ledger
  readonly clock: Clock
  readonly sender: WebhookSender
  readonly secrets: SecretBox
  /** Base of absolute links, without a slash at its end, or null. */
  readonly publicUrl: string | null
  readonly schedule: Schedule
}

/** What one attempt came to. `notBefore`: the receiver asks to be left alone until then. */
interface Attempt {
  readonly result: DeliveryResult
  readonly failed: boolean
  readonly notBefore: number | null
  readonly disabled: string | null
}

/** Sends what is due to one hook, some events at once; the first that fails, or a right that is gone, ends the turn. */
export class Sending {
  readonly #parts: SendingParts

  constructor(parts: SendingParts) {
    this.#parts = parts
  }

  /** `stopped`: no further event is begun; `broken`: nor are answers waited for. */
  async send(claim: WebhookClaim, { stopped, broken }: { readonly stopped: AbortSignal; readonly broken: AbortSignal }): Promise<Settlement> {
    const secret = this.#parts.secrets.open(claim.hook.id, claim.secret)
    if (secret === null)
      return { results: [], notBefore: null, disabled: 'Its secret was kept with another signing key and cannot be read; make the webhook anew.' }
    const attempts: Attempt[] = []
    let disabled: string | null = null
    const queue = [...claim.due]
    const lane = async (): Promise<void> => {
      for (let next = queue.shift(); next !== undefined && !stopped.aborted; next = queue.shift()) {
        const lost = await this.#lostRight(claim.hook)
        if (lost !== null) {
          disabled = lost
          return
        }
        const attempt = await this.#attempt(claim, next, secret, broken)
        if (attempt === null) return // broken off: as if it had not been tried
        attempts.push(attempt)
        if (attempt.failed) queue.length = 0
      }
    }
    await Promise.all(Array.from({ length: AT_ONCE }, lane))
    return this.#settlement(claim, attempts, disabled)
  }

  async #lostRight({ createdBy, ...hook }: StoredWebhook): Promise<string | null> {
    if (await mayHave(this.#parts.ledger, createdBy, hook)) return null
    return hook.collection === null
      ? `${createdBy}, who made it, may no longer see the job.`
      : `${createdBy}, who made it, is no longer admin of the collection.`
  }

  async #attempt({ hook, failures }: WebhookClaim, due: DueDelivery, secret: Uint8Array, broken: AbortSignal): Promise<Attempt | null> {
    const { clock, publicUrl, sender } = this.#parts
    const event = await this.#toTell(hook, due.event)
    if (event === null) return settled(due, 'withheld', null)
    let answer: WebhookAnswer | null = null
    let error: string
    try {
      answer = await sender.send(messageOf({ url: hook.url, secret, event, publicUrl, at: clock.now() }), broken)
      if (answer.status >= 200 && answer.status < 300) return settled(due, 'delivered', answer.status)
      error = refusalOf(answer.status)
    } catch (cause) {
      if (broken.aborted) return null
      error = (cause as Error).message
    }
    return this.#failed(due, failures, answer, error)
  }

  #failed({ event, attempts, since }: DueDelivery, failures: number, answer: WebhookAnswer | null, error: string): Attempt {
    const { clock, schedule } = this.#parts
    const now = clock.now()
    const status = answer?.status ?? null
    if (status === 410) {
      const result = { event: event.id, state: 'pending', status, error, nextAt: now } as const
      return { result, failed: true, notBefore: null, disabled: 'The receiver answered 410: it wants nothing more.' }
    }
    const retryAfter = answer?.retryAfterMs ?? null
    const isLast = since !== null && now - since >= schedule.giveUpMs
    const nextAt = isLast ? null : now + waitAfter(attempts + 1, schedule, retryAfter)
    const result = { event: event.id, state: isLast ? 'abandoned' : 'pending', status, error, nextAt } as const
    return { result, failed: true, notBefore: now + waitAfter(failures + 1, schedule, retryAfter), disabled: null }
  }

  /** The event as the hook's creator may know it (I9); null when it is not this hook's to tell: nothing of it lies in its collection. */
  async #toTell(hook: StoredWebhook, event: JobEvent): Promise<JobEvent | null> {
    if (!event.type.startsWith('item.')) return event
    const ends = endsOf(event.data)
    if (hook.collection !== null && !ends.some(({ collection }) => collection === hook.collection)) return null
    const seen = await this.#seen(hook, event.job, new Set(ends.map(({ collection }) => collection)))
    return { ...event, data: maskEvent(event.data, collection => seen.has(collection)) }
  }

  /**
   * Which of these collections the hook's creator may know of. An id may be that of another collection by now: only those that the job names are meant, of which an
   * expired job knows nothing any more.
   */
  async #seen({ collection: own, createdBy }: StoredWebhook, job: string, collections: ReadonlySet<string>): Promise<ReadonlySet<string>> {
    const { ledger } = this.#parts
    const seen = new Set<string>()
    for (const id of (await ledger.roles(createdBy, [...collections])).keys()) if (id === own || (await ledger.touches(job, id))) seen.add(id)
    return seen
  }

  #settlement({ failingSince }: WebhookClaim, attempts: readonly Attempt[], lostRight: string | null): Settlement {
    const results = attempts.map(({ result }) => result)
    const failures = attempts.filter(({ failed }) => failed)
    const delivered = results.some(({ state }) => state === 'delivered')
    const disabled = lostRight ?? failures.find(attempt => attempt.disabled !== null)?.disabled ?? null
    const last = failures.at(-1)
    if (disabled !== null || last === undefined) return { results, notBefore: null, disabled }
    // one event that is refused, between others that are taken, is no reason to wait with the others, unless the receiver says so
    const notBefore = delivered && last.result.status !== 429 && last.result.status !== 503 ? null : last.notBefore
    const given = !delivered && failingSince !== null && this.#parts.clock.now() - failingSince >= this.#parts.schedule.giveUpMs
    const since = given ? new Date(failingSince).toISOString() : ''
    return { results, notBefore, disabled: given ? `Nothing was delivered since ${since}; the last attempt: ${last.result.error}` : null }
  }
}

function settled({ event }: DueDelivery, state: 'delivered' | 'withheld', status: number | null): Attempt {
  return { result: { event: event.id, state, status, error: null, nextAt: null }, failed: false, notBefore: null, disabled: null }
}

function refusalOf(status: number): string {
  if (status >= 300 && status < 400) return `The receiver answered ${status}; redirects are not followed: register the address it points to.`
  return `The receiver answered ${status}; 2xx would take the event.`
}
