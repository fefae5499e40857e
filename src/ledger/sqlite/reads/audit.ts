import type { AuditRecord } from '../../../model/audit.ts'
import type { Page, PageQuery } from '../../../model/page.ts'
import type { AuditFilter } from '../../../ports/audit-ledger.ts'
import { lookFor, pageOfLook } from '../../shared/audit.ts'
import type { Database } from '../database.ts'

/** Records of who did what, newest first. */
export function audit(db: Database, filter: AuditFilter, page: PageQuery): Page<AuditRecord> {
  const look = lookFor(filter, page)
  return pageOfLook(db.all(look.sql, look.params), look, page.limit)
}
