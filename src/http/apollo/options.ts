import type { HttpServices } from '../services.ts'

/** What the dialect's plugin is given. `retentionMs`: how long its requests can be tracked after they finished. */
export interface ApolloOptions {
  readonly services: HttpServices
  readonly retentionMs: number
}
