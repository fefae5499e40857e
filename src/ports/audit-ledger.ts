import type { AuditAction, AuditRecord } from '../model/audit.ts'
import type { Page, PageQuery } from '../model/page.ts'

/** Which records; all that is given must hold. */
export interface AuditFilter {
  readonly collection?: string
  /** With `collection`: only what was done to the collection that has this id now, and only while this subject is admin of it or more. */
  readonly administeredBy?: string
  readonly subject?: string
  readonly action?: AuditAction
  /** At or after, in epoch milliseconds. */
  readonly since?: number
  /** Before. */
  readonly until?: number
}

/**
 * Who did what. Part of `Ledger`, whose method `by` says who does what follows; what was done MUST be recorded in the transaction that does it, and nothing
 * where that fails or changes nothing. A job is recorded once for each collection that it names. Records MUST outlive jobs, collections and tokens.
 */
export interface AuditLedger {
  /** Newest first. May return fewer than `limit` with a cursor when a filter is selective: no call scans without bound. */
  audit(filter: AuditFilter, page: PageQuery): Promise<Page<AuditRecord>>
  /** Forgets a small batch of the records from before that time, the oldest first; returns how many went. */
  purgeAudit(before: number, batch: number): Promise<number>
}
