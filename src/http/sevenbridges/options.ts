import type { HttpServices } from '../services.ts'

/** What the dialect's plugin is given. `retentionMs`: how long the details of a job are kept after it finished. */
export interface SevenBridgesOptions {
  readonly services: HttpServices
  readonly retentionMs: number
}
