import type { Page, PageQuery } from '../../model/page.ts'
import type { Delivery } from '../../model/webhook.ts'
import type { NewWebhook, Settlement, StoredWebhook, WebhookClaim, WebhookFilter, WebhookLedger } from '../../ports/webhook-ledger.ts'
import type { Database } from './database.ts'
import * as webhooks from './reads/webhooks.ts'
import type { Calls } from './writer/writer.ts'

/** The hooks of the embedded ledger: written by its writer thread, read from its connection. */
export class SqliteWebhooks implements WebhookLedger {
  readonly #writer: Calls
  readonly #db: Database

  constructor(writer: Calls, db: Database) {
    this.#writer = writer
    this.#db = db
  }

  create(hook: NewWebhook): Promise<StoredWebhook> {
    return this.#writer.call('createWebhook', hook)
  }
  async get(id: string): Promise<StoredWebhook | null> {
    return webhooks.webhook(this.#db, id)
  }
  async list(filter: WebhookFilter, page: PageQuery): Promise<Page<StoredWebhook>> {
    return webhooks.webhooks(this.#db, filter, page)
  }
  remove(id: string): Promise<void> {
    return this.#writer.call('deleteWebhook', id)
  }
  enable(id: string): Promise<StoredWebhook> {
    return this.#writer.call('enableWebhook', id)
  }
  async deliveries(hook: string, page: PageQuery): Promise<Page<Delivery>> {
    return webhooks.deliveries(this.#db, hook, page)
  }
  spread(limit: number): Promise<{ active: boolean; more: boolean }> {
    return this.#writer.call('spreadEvents', limit)
  }
  async dueAt(): Promise<number | null> {
    return webhooks.webhookDueAt(this.#db)
  }
  claim(worker: string, leaseMs: number, batch: number): Promise<WebhookClaim | null> {
    return this.#writer.call('claimWebhook', worker, leaseMs, batch)
  }
  settle(claim: { readonly hook: { readonly id: string }; readonly token: number }, settlement: Settlement): Promise<boolean> {
    return this.#writer.call('settleDeliveries', { hook: { id: claim.hook.id }, token: claim.token }, settlement)
  }
}
