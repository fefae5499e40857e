import { refuseCollection, refuseWork, type CountedQuota, type Quotas } from '../../../model/quotas.ts'
import { usage } from '../reads/usage.ts'
import type { Tx } from './tx.ts'

/** Refuses a new job, or more items of one, beyond the quotas of its submitter. Throws `quota_in_use`, `quota_exceeded`. */
export function refuseWorkBeyond(tx: Tx, subject: string, quotas: Quotas | undefined, jobs: number, items: number): void {
  const counted = only(quotas, jobs > 0 ? ['unfinishedJobs', 'unfinishedItems'] : ['unfinishedItems'])
  if (Object.keys(counted).length === 0) return
  refuseWork(counted, usage(tx.db, subject, counted), jobs, items)
}

/** Refuses a new collection beyond the quotas of its maker. Throws `quota_exceeded`. */
export function refuseCollectionBeyond(tx: Tx, subject: string, quotas: Quotas | undefined): void {
  const counted = only(quotas, ['collections'])
  if (counted.collections === undefined) return
  refuseCollection(counted, usage(tx.db, subject, counted).collections ?? 0)
}

function only(quotas: Quotas = {}, names: readonly CountedQuota[]): Quotas {
  return Object.fromEntries(names.flatMap(name => (quotas[name] === undefined ? [] : [[name, quotas[name]]])))
}
