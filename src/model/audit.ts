import type { Caller } from './access.ts'

/** What is recorded. Reads are not, nor what others did to files of attached places: nobody of ours did it. */
export const AUDIT_ACTIONS = [
  'collection.create',
  'collection.update',
  'collection.delete',
  'grant.set',
  'grant.remove',
  'lock.acquire',
  'lock.release',
  'entry.put',
  'entry.patch',
  'entry.delete',
  'job.submit',
  'job.cancel',
  'job.pause',
  'job.resume',
  'job.retry',
  'webhook.create',
  'webhook.delete',
  'token.create',
  'token.revoke',
] as const
export type AuditAction = (typeof AUDIT_ACTIONS)[number]

/** In whose name something is done, and on which way it was asked for. */
export interface Actor {
  readonly subject: string
  readonly tokenId: string | null
  /** The dialect of the request; `cli` for administration by the command line, `engine` for calls that came by no dialect. */
  readonly dialect: string
  readonly requestId: string | null
}

/** One thing that somebody did. `at` is epoch milliseconds; `job` a job's UUID. */
export interface AuditRecord extends Actor {
  readonly id: string
  readonly at: number
  readonly action: AuditAction
  readonly collection: string | null
  readonly path: string | null
  readonly job: string | null
  /** What else there is to know; never a secret. */
  readonly details: Readonly<Record<string, unknown>>
}

/** The caller of a request, as it is recorded. */
export function actorOf({ subject, tokenId, origin }: Caller): Actor {
  return { subject, tokenId, dialect: origin?.dialect ?? 'engine', requestId: origin?.requestId ?? null }
}
