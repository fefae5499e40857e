import type { CountedQuota, Quotas } from '../model/quotas.ts'

/**
 * What is counted for quotas. Part of `Ledger`. `createJob`, `appendItems` and `createCollection` MUST refuse what goes beyond the quotas that they are given in
 * the transaction that would do it: of two at once, not both pass.
 */
export interface QuotaLedger {
  /** How much of these quotas the subject takes now; those that are not limited are left out. At most just above the limit is counted. */
  usage(subject: string, quotas: Quotas): Promise<Partial<Record<CountedQuota, number>>>
}
