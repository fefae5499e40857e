import type { Caller } from '../model/access.ts'
import type { AuditRecord } from '../model/audit.ts'
import type { Page, PageQuery } from '../model/page.ts'
import type { AuditFilter } from '../ports/audit-ledger.ts'

/** Which records: all that is given must hold. */
export type AuditQuery = Omit<AuditFilter, 'administeredBy'>

/** Who did what (docs/reference/audit.md). */
export interface Audit {
  /**
   * Newest first; a page may hold fewer than its limit and have a cursor. With the scope `admin` everything, of collections that are gone, too. Without it
   * `insufficient_scope` unless a collection is named, of which the caller must be admin or more: then what was done to it since it was made.
   */
  list(caller: Caller, filter: AuditQuery, page: PageQuery): Promise<Page<AuditRecord>>
}
