import { roleAtLeast } from '../../model/collection.ts'
import type { Ledger, StoredWebhook } from '../../ports/ledger.ts'

/**
 * Whether a subject has the right to a hook: to a collection's as its admin, to a job's as whoever may see the job (docs/decisions/0007-who-sees-a-job.md), also when
 * the job has expired and some of its events are still to be delivered.
 */
export async function mayHave(ledger: Ledger, subject: string, hook: Pick<StoredWebhook, 'collection' | 'job' | 'submittedBy'>): Promise<boolean> {
  if (hook.collection !== null) return roleAtLeast(await ledger.role(subject, hook.collection), 'admin')
  return hook.job !== null && (hook.submittedBy === subject || (await ledger.administers(subject, hook.job)))
}
