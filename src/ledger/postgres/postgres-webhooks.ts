import type { Page, PageQuery } from '../../model/page.ts'
import type { Delivery } from '../../model/webhook.ts'
import type { NewWebhook, Settlement, StoredWebhook, WebhookClaim, WebhookFilter, WebhookLedger } from '../../ports/webhook-ledger.ts'
import type { Readers } from './connection/readers.ts'
import type { Writes } from './connection/transactions.ts'
import { operations } from './operations/index.ts'
import * as webhooks from './reads/webhooks.ts'

/** The hooks of the ledger on PostgreSQL. */
export class PostgresWebhooks implements WebhookLedger {
  readonly #writes: Writes
  readonly #db: Readers

  constructor(writes: Writes, db: Readers) {
    this.#writes = writes
    this.#db = db
  }

  create(hook: NewWebhook): Promise<StoredWebhook> {
    return this.#writes.write(tx => operations.createWebhook(tx, hook))
  }
  get(id: string): Promise<StoredWebhook | null> {
    return webhooks.webhook(this.#db, id)
  }
  list(filter: WebhookFilter, page: PageQuery): Promise<Page<StoredWebhook>> {
    return webhooks.webhooks(this.#db, filter, page)
  }
  remove(id: string): Promise<void> {
    return this.#writes.write(tx => operations.deleteWebhook(tx, id))
  }
  enable(id: string): Promise<StoredWebhook> {
    return this.#writes.write(tx => operations.enableWebhook(tx, id))
  }
  deliveries(hook: string, page: PageQuery): Promise<Page<Delivery>> {
    return webhooks.deliveries(this.#db, hook, page)
  }
  spread(limit: number): Promise<{ active: boolean; more: boolean }> {
    return this.#writes.write(tx => operations.spreadEvents(tx, limit))
  }
  dueAt(): Promise<number | null> {
    return webhooks.webhookDueAt(this.#db)
  }
  claim(worker: string, leaseMs: number, batch: number): Promise<WebhookClaim | null> {
    return this.#writes.write(tx => operations.claimWebhook(tx, worker, leaseMs, batch))
  }
  settle(claim: { readonly hook: { readonly id: string }; readonly token: number }, settlement: Settlement): Promise<boolean> {
    return this.#writes.write(tx => operations.settleDeliveries(tx, claim, settlement))
  }
}
