import type { CountedQuota } from '../../model/quotas.ts'

/** How the use of each quota is counted, by an index, at most to just above the limit (`:most`). */
export const COUNTS: Readonly<Record<CountedQuota, string>> = {
  unfinishedJobs: 'SELECT count(*) AS n FROM (SELECT 1 FROM job WHERE submitted_by = :subject AND state < 3 AND sealed < 2 LIMIT :most) AS counted',
  unfinishedItems:
    'SELECT coalesce(sum(waiting), 0) AS n FROM (SELECT pending + running AS waiting FROM job WHERE submitted_by = :subject AND state < 3 AND sealed < 2 LIMIT :most) AS counted',
  collections: 'SELECT count(*) AS n FROM (SELECT 1 FROM collection WHERE created_by = :subject AND deleted_at IS NULL LIMIT :most) AS counted',
}

/** Jobs that are looked at for their items: their number is limited where their items are (src/config.ts). */
export const MOST_JOBS = 10_001

/** How many rows the count of a quota looks at. */
export function mostRows(quota: CountedQuota, limit: number): number {
  return quota === 'unfinishedItems' ? MOST_JOBS : limit + 1
}

/** What the ledger counts, of all that is limited. */
export const COUNTED: readonly CountedQuota[] = ['unfinishedJobs', 'unfinishedItems', 'collections']
