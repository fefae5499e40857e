import type { Caller } from '../model/access.ts'
import type { Page, PageQuery } from '../model/page.ts'
import type { Delivery, Webhook, WebhookWish } from '../model/webhook.ts'

/** A hook that was made, and its secret, which is told this once. */
export interface NewWebhookSecret {
  readonly id: string
  readonly secret: string
}

/**
 * Hooks that events are sent to (docs/decisions/0043-webhooks.md). Those of a collection are for its admins, those of a job for whoever may see it; for others they do
 * not exist: `webhook_not_found`. Whoever made a hook sees it, too.
 */
export interface Webhooks {
  /** A collection's begins with what happens from now on, a job's with its first event. `invalid_request`, `too_many_webhooks`, `collection_not_found`, `insufficient_role`, `job_not_found`, `job_expired`. */
  create(
    caller: Caller,
    target: { readonly collection: string } | { readonly job: string },
    wish: WebhookWish,
  ): Promise<{ readonly webhook: Webhook; readonly secret: string }>
  get(caller: Caller, id: string): Promise<Webhook>
  /** Of a collection, or of a job; with neither those that the caller made. Oldest first. */
  list(caller: Caller, filter: { readonly collection?: string; readonly job?: string }, page: PageQuery): Promise<Page<Webhook>>
  remove(caller: Caller, id: string): Promise<void>
  /** A hook that is disabled or failing is tried again at once. */
  enable(caller: Caller, id: string): Promise<Webhook>
  /** Newest first. */
  deliveries(caller: Caller, id: string, page: PageQuery): Promise<Page<Delivery>>
}
