import type { AuditRecord } from '../../../model/audit.ts'
import type { Page, PageQuery } from '../../../model/page.ts'
import type { AuditFilter } from '../../../ports/audit-ledger.ts'
import { lookFor, pageOfLook } from '../../shared/audit.ts'
import type { Queries } from '../connection/queries.ts'

/** Records of who did what, newest first. */
export async function audit(db: Queries, filter: AuditFilter, page: PageQuery): Promise<Page<AuditRecord>> {
  const look = lookFor(filter, page)
  return pageOfLook(await db.all(look.sql, look.params), look, page.limit)
}
