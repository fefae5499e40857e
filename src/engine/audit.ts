import type { Caller } from '../model/access.ts'
import type { AuditRecord } from '../model/audit.ts'
import { checkCollectionId } from '../model/collection.ts'
import { WaybillError } from '../model/errors.ts'
import type { Page, PageQuery } from '../model/page.ts'
import type { AuditLedger } from '../ports/audit-ledger.ts'
import type { Access } from './access.ts'
import type { Audit, AuditQuery } from './audit-api.ts'

/** Who did what. */
export class AuditService implements Audit {
  readonly #ledger: AuditLedger
  readonly #access: Access

  constructor(parts: { ledger: AuditLedger; access: Access }) {
    this.#ledger = parts.ledger
    this.#access = parts.access
  }

  async list(caller: Caller, filter: AuditQuery, page: PageQuery): Promise<Page<AuditRecord>> {
    if (caller.scopes.has('admin')) return this.#ledger.audit(filter, page)
    const { collection } = filter
    if (collection === undefined) {
      const detail = 'name a collection that you are admin of, or use a token with the scope admin, which shows all that was done'
      throw new WaybillError('insufficient_scope', detail, { scope: 'admin' })
    }
    await this.#access.requireRole(caller, checkCollectionId(collection), 'admin')
    return this.#ledger.audit({ ...filter, administeredBy: caller.subject }, page)
  }
}
