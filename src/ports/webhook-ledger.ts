import type { EventType, JobEvent } from '../model/event.ts'
import type { Page, PageQuery } from '../model/page.ts'
import type { Delivery, Webhook } from '../model/webhook.ts'

/** A hook to store, for a collection or a job, one of them. `secret` is what is kept of it: encrypted. */
export interface NewWebhook {
  readonly id: string
  readonly url: string
  readonly collection: string | null
  readonly job: string | null
  readonly events: readonly EventType[]
  readonly secret: Uint8Array
  readonly createdBy: string
}

/** A hook of a job that is stored with it. */
export type JobWebhook = Omit<NewWebhook, 'collection' | 'job' | 'createdBy'>

/** Which hooks; all that is given must hold. */
export interface WebhookFilter {
  readonly collection?: string
  readonly job?: string
  readonly createdBy?: string
}

/** A hook as it is stored; `submittedBy`: who submitted its job, which decides who may see it even after the job was purged. */
export interface StoredWebhook extends Webhook {
  readonly submittedBy: string | null
}

/** An event that is to be sent now. `since`: when that was tried first. */
export interface DueDelivery {
  readonly event: JobEvent
  readonly attempts: number
  readonly since: number | null
}

/** A hook that one node alone may send for, until the lease ends. */
export interface WebhookClaim {
  readonly hook: StoredWebhook
  readonly secret: Uint8Array
  readonly token: number
  /** Since when nothing has been delivered, and how often it was tried since. */
  readonly failingSince: number | null
  readonly failures: number
  /** One at most while the hook is failing. */
  readonly due: readonly DueDelivery[]
}

/** What came of an attempt: `nextAt` with `pending`, which is tried again. */
export interface DeliveryResult {
  readonly event: number
  readonly state: Delivery['state']
  readonly status: number | null
  readonly error: string | null
  readonly nextAt: number | null
}

/** What a turn of sending came to. */
export interface Settlement {
  readonly results: readonly DeliveryResult[]
  /** The hook is not tried before that time: it fails. */
  readonly notBefore: number | null
  /** Why nothing more is sent, in one sentence; null: it goes on. */
  readonly disabled: string | null
}

/**
 * Hooks and what is still to be sent to them. Jobs store nothing for them: events are spread over the hooks after their commit, from the numbers of the events, so
 * that whoever dies in between loses none. Part of `Ledger` (`ledger.webhooks`); each writing method is one transaction.
 *
 * - Every event of a job with a number above that of its hook's making MUST be spread to it exactly once; a job's hook gets those before, too.
 * - `purge` MUST NOT lose what is still to be sent: it keeps what active hooks were not told of the events that it removes.
 * - `settle` MUST change nothing when the claim's token is not the hook's present one.
 * - A hook whose job was purged goes when nothing is to be sent any more; one whose collection is deleted goes with it.
 */
export interface WebhookLedger {
  /** `too_many_webhooks`, `collection_not_found`, `job_not_found`, `job_expired`. */
  create(hook: NewWebhook): Promise<StoredWebhook>
  get(id: string): Promise<StoredWebhook | null>
  /** Oldest first. */
  list(filter: WebhookFilter, page: PageQuery): Promise<Page<StoredWebhook>>
  /** Nothing more is sent from then on. `webhook_not_found`. */
  remove(id: string): Promise<void>
  /** A disabled or failing hook is tried again at once, with what is still pending. `webhook_not_found`. */
  enable(id: string): Promise<StoredWebhook>
  /** The events that were spread to a hook, newest first; delivered ones are kept for a day. */
  deliveries(hook: string, page: PageQuery): Promise<Page<Delivery>>

  /** Spreads at most about `limit` events. `active`: there are hooks at all; `more`: there were more events. */
  spread(limit: number): Promise<{ readonly active: boolean; readonly more: boolean }>
  /** When the next hook has something to be sent, in epoch milliseconds; null: none has. */
  dueAt(): Promise<number | null>
  /** Takes the hook that has waited longest for something to be sent, for `leaseMs`; null: there is none. */
  claim(worker: string, leaseMs: number, batch: number): Promise<WebhookClaim | null>
  /** Writes down what came of a claim and gives it back. False: another had taken it over. */
  settle(claim: { readonly hook: { readonly id: string }; readonly token: number }, settlement: Settlement): Promise<boolean>
}
