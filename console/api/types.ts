// The shapes of the API are the client's own types; what it lacks is added here.
import type { ItemInfo, JobInfo, NewWebhook, WebhookInfo } from '../../src/client/index.ts'

export type {
  AuditRecord,
  CollectionInfo,
  CreatedWebhook,
  DeliveryInfo,
  EntryInfo,
  EntryPage,
  GrantInfo,
  ItemInfo,
  JobChoices,
  JobInfo,
  JobRequest,
  LockInfo,
  Page,
  WebhookInfo,
  WhoAmI,
} from '../../src/client/index.ts'

/** A source or a destination. */
export type ItemEndInfo = ItemInfo['source']
export type ItemState = ItemInfo['state']
export type JobState = JobInfo['state']
export type Outcome = NonNullable<JobInfo['outcome']>
export type JobKind = JobInfo['kind']
export type Role = 'readonly' | 'readwrite' | 'admin' | 'owner'
export type Conflict = 'version' | 'skip' | 'fail' | 'rename'

/** An event that webhooks are sent. */
export type HookEvent = WebhookInfo['events'][number]
/** Of what a webhook tells: of all jobs in a collection, or of one job. */
export type WebhookTarget = Required<Pick<NewWebhook, 'collection'>> | Required<Pick<NewWebhook, 'job'>>

export const ITEM_STATES: readonly ItemState[] = ['pending', 'running', 'done', 'skipped', 'failed', 'evicted', 'cancelled']
export const JOB_STATES: readonly JobState[] = ['submitted', 'resolving', 'running', 'finished']
export const OUTCOMES: readonly Outcome[] = ['succeeded', 'partial', 'failed', 'cancelled']
export const JOB_KINDS: readonly JobKind[] = ['copy', 'move', 'delete', 'update']
export const ROLES: readonly Role[] = ['readonly', 'readwrite', 'admin', 'owner']

/** Items that will not change any more without a retry. */
export function settledOf({ counts }: Pick<JobInfo, 'counts'>): number {
  return counts.done + counts.skipped + counts.failed + counts.evicted + counts.cancelled
}
