import { refuseCollection, refuseWork, type CountedQuota, type Quotas } from '../../../model/quotas.ts'
import { QUOTA_LOCK } from '../advisory-locks.ts'
import { usage } from '../reads/usage.ts'
import type { Tx } from './tx.ts'

/** Two submissions of a subject that are counted come one after the other: else both might pass. */
const LOCK_SUBJECT = `SELECT pg_advisory_xact_lock(${QUOTA_LOCK}, hashtext(:subject))`

/** Refuses a new job, or more items of one, beyond the quotas of its submitter. Throws `quota_in_use`, `quota_exceeded`. */
export async function refuseWorkBeyond(tx: Tx, subject: string, quotas: Quotas | undefined, jobs: number, items: number): Promise<void> {
  const counted = only(quotas, jobs > 0 ? ['unfinishedJobs', 'unfinishedItems'] : ['unfinishedItems'])
  if (Object.keys(counted).length === 0) return
  await tx.db.get(LOCK_SUBJECT, { subject })
  refuseWork(counted, await usage(tx.db, subject, counted), jobs, items)
}

/** Refuses a new collection beyond the quotas of its maker. Throws `quota_exceeded`. */
export async function refuseCollectionBeyond(tx: Tx, subject: string, quotas: Quotas | undefined): Promise<void> {
  const counted = only(quotas, ['collections'])
  if (counted.collections === undefined) return
  await tx.db.get(LOCK_SUBJECT, { subject })
  refuseCollection(counted, (await usage(tx.db, subject, counted)).collections ?? 0)
}

function only(quotas: Quotas = {}, names: readonly CountedQuota[]): Quotas {
  return Object.fromEntries(names.flatMap(name => (quotas[name] === undefined ? [] : [[name, quotas[name]]])))
}
