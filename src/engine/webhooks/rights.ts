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

const NO_JOB = '00000000-0000-0000-0000-000000000000'

/**
 * Whether a subject may see a hook: as `mayHave`, or as whoever made it. The same is read of the ledger whatever hook it is, and when there is none, lest the time
 * that an answer takes tells whether there is one.
 */
export async function maySee(ledger: Ledger, subject: string, hook: StoredWebhook | null): Promise<boolean> {
  const role = await ledger.role(subject, hook?.collection ?? '')
  const administers = await ledger.administers(subject, hook?.job ?? NO_JOB)
  if (hook === null) return false
  return hook.createdBy === subject || (hook.collection === null ? hook.submittedBy === subject || administers : roleAtLeast(role, 'admin'))
}
