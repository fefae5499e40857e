import type { CountedQuota, Quotas } from '../../../model/quotas.ts'
import { COUNTED, COUNTS, mostRows } from '../../shared/usage.ts'
import type { Database } from '../database.ts'

/** How much of these quotas a subject takes now. */
export function usage(db: Database, subject: string, quotas: Quotas): Partial<Record<CountedQuota, number>> {
  const used: Partial<Record<CountedQuota, number>> = {}
  for (const quota of COUNTED) {
    const limit = quotas[quota]
    if (limit !== undefined) used[quota] = Number(db.get(COUNTS[quota], { subject, most: mostRows(quota, limit) })?.['n'])
  }
  return used
}
