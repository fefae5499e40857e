import type { HttpServices } from '../services.ts'

/** Where the published documents and the real server differ: as the one says, or as the other does (contract, decision 1). */
export type Compat = 'docs' | 'server'

export interface CmWellOptions {
  readonly services: HttpServices
  /** How long a finished update can be tracked, in milliseconds. */
  readonly retentionMs: number
  readonly compat: Compat
}
