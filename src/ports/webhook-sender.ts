/** A request to a receiver. */
export interface WebhookRequest {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** What a receiver answered; of the answer's body nothing is kept. `retryAfterMs`: how long it asks to be left alone. */
export interface WebhookAnswer {
  readonly status: number
  readonly retryAfterMs: number | null
}

/**
 * Sends one request to a receiver. MUST refuse addresses that are not allowed, of whatever name and however written, at the moment of connecting; MUST NOT follow
 * redirects; MUST end within a time of its own. Rejects with an Error whose message says in one sentence what was wrong.
 */
export interface WebhookSender {
  send(request: WebhookRequest, signal: AbortSignal): Promise<WebhookAnswer>
  close(): void
}
