// Shapes of /v1/webhooks and /v1/audit as docs/reference/v1.md has them.

/** Of what a webhook tells: of all jobs in a collection, or of one job. */
export type WebhookTarget = { readonly collection: string } | { readonly job: string }

export interface WebhookInfo {
  readonly id: string
  readonly url: string
  readonly collection: string | null
  readonly job: string | null
  readonly events: readonly string[]
  readonly state: 'active' | 'failing' | 'disabled'
  readonly createdBy: string
  readonly createdAt: string
  readonly lastDeliveryAt: string | null
  readonly lastStatus: number | null
  readonly lastError: string | null
  readonly pending: number
}

export interface DeliveryInfo {
  readonly event: string
  readonly type: string
  readonly job: string
  readonly state: string
  readonly attempts: number
  readonly lastAttemptAt: string | null
  readonly nextAttemptAt: string | null
  readonly status: number | null
  readonly error: string | null
}

export interface AuditInfo {
  readonly id: string
  readonly at: string
  readonly subject: string
  readonly tokenId: string | null
  readonly action: string
  readonly collection: string | null
  readonly path: string | null
  readonly job: string | null
  readonly dialect: string
  readonly requestId: string | null
  readonly details: Readonly<Record<string, unknown>>
}
