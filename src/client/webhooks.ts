import { segment } from './places.ts'
import type { Transport } from './transport.ts'
import type { CreatedWebhook, DeliveryInfo, NewWebhook, Stoppable, WebhookInfo, WebhookQuery } from './types.ts'

/** Where events of collections and jobs are sent. */
export class WebhooksClient {
  readonly #transport: Transport

  constructor(transport: Transport) {
    this.#transport = transport
  }

  /** Has events of a collection (from now on) or of a job (from its first) sent to a URL. Keep the secret of the answer: it is told this once. */
  create(wish: NewWebhook, options: Stoppable = {}): Promise<CreatedWebhook> {
    return this.#transport.json({ method: 'POST', path: '/v1/webhooks', json: wish, signal: options.signal })
  }

  list({ signal, ...query }: WebhookQuery = {}): AsyncGenerator<WebhookInfo, void, undefined> {
    return this.#transport.all({ path: '/v1/webhooks', query, signal })
  }

  get(id: string, options: Stoppable = {}): Promise<WebhookInfo> {
    return this.#transport.json({ path: webhookPath(id), signal: options.signal })
  }

  /** Nothing more is sent from then on. */
  delete(id: string, options: Stoppable = {}): Promise<void> {
    return this.#transport.json({ method: 'DELETE', path: webhookPath(id), signal: options.signal })
  }

  /** Tries a disabled or failing one again at once. */
  enable(id: string, options: Stoppable = {}): Promise<WebhookInfo> {
    return this.#transport.json({ method: 'POST', path: `${webhookPath(id)}/enable`, idempotent: true, signal: options.signal })
  }

  /** What became of its events, newest first. */
  deliveries(id: string, options: Stoppable = {}): AsyncGenerator<DeliveryInfo, void, undefined> {
    return this.#transport.all({ path: `${webhookPath(id)}/deliveries`, signal: options.signal })
  }
}

function webhookPath(id: string): string {
  return `/v1/webhooks/${segment(id)}`
}
