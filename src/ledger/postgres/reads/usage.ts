import type { CountedQuota, Quotas } from '../../../model/quotas.ts'
import { COUNTED, COUNTS, mostRows } from '../../shared/usage.ts'
import type { Queries } from '../connection/queries.ts'

/** How much of these quotas a subject takes now. */
export async function usage(db: Queries, subject: string, quotas: Quotas): Promise<Partial<Record<CountedQuota, number>>> {
  const used: Partial<Record<CountedQuota, number>> = {}
  for (const quota of COUNTED) {
    const limit = quotas[quota]
    if (limit !== undefined) used[quota] = Number((await db.get(COUNTS[quota], { subject, most: mostRows(quota, limit) }))?.['n'])
  }
  return used
}
