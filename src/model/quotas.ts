import { WaybillError } from './errors.ts'

/** What of a subject can be limited: `unfinishedJobs`, `unfinishedItems` and `eventStreams` pass by themselves, `requestsPerMinute` is counted by each server. */
export const QUOTAS = ['requestsPerMinute', 'unfinishedJobs', 'unfinishedItems', 'itemsPerJob', 'collections', 'eventStreams'] as const
export type QuotaName = (typeof QUOTAS)[number]

/** The limits of one subject; absent: none. */
export type Quotas = { readonly [Q in QuotaName]?: number }

type Wished = { readonly [Q in QuotaName]?: number | null | undefined }

/** The setting: limits of everybody, and those of some, of which null lifts one. */
export interface QuotaRules {
  readonly default: Wished
  readonly subjects: Readonly<Record<string, Wished>>
}

/** A quota and how much of it is taken. */
export interface Standing {
  readonly limit: number
  readonly used: number
}

/** How the ledger counts of what a subject has: `unfinishedItems` are those that wait or run. */
export type CountedQuota = 'unfinishedJobs' | 'unfinishedItems' | 'collections'

/** The limits of a subject. */
export function quotasOf({ default: usual, subjects }: QuotaRules, subject: string): Quotas {
  const own = Object.hasOwn(subjects, subject) ? subjects[subject] : {}
  const all = QUOTAS.map(name => [name, own?.[name] === undefined ? usual[name] : own[name]] as const)
  return Object.fromEntries(all.filter(([, limit]) => limit !== undefined && limit !== null))
}

/** How long to wait before work may be submitted again: some of what is unfinished is finished by then. */
const WAIT_SECONDS = 5

/** Throws `quota_in_use` when one more job, of so many items, is too much beside what is unfinished; `quota_exceeded` when it would always be. */
export function refuseWork(quotas: Quotas, used: Partial<Record<CountedQuota, number>>, jobs: number, items: number): void {
  const { unfinishedJobs: most, unfinishedItems } = quotas
  const present = used.unfinishedJobs ?? 0
  if (most !== undefined && present + jobs > most) throw inUse('unfinishedJobs', most, present, 'wait until one of your jobs is finished')
  if (unfinishedItems === undefined || items === 0) return
  if (items > unfinishedItems) throw exceeded('unfinishedItems', unfinishedItems, `${items} at once are more; submit at most ${unfinishedItems} at a time`)
  const waiting = used.unfinishedItems ?? 0
  if (waiting + items > unfinishedItems) {
    throw inUse('unfinishedItems', unfinishedItems, waiting, `${items} more are too many; submit at most ${Math.max(0, unfinishedItems - waiting)}, or wait`)
  }
}

/** Throws `quota_exceeded` when a job has too many items. */
export function refuseItems({ itemsPerJob }: Quotas, items: number): void {
  if (itemsPerJob !== undefined && items > itemsPerJob) throw exceeded('itemsPerJob', itemsPerJob, `this job has ${items} or more; divide it into smaller ones`)
}

/** Throws `quota_exceeded` when one more collection is too much. */
export function refuseCollection({ collections }: Quotas, used: number): void {
  if (collections !== undefined && used >= collections) throw exceeded('collections', collections, `you have made ${used}; delete one that you do not need`)
}

/** Throws `quota_in_use` when one more stream of events is too much. */
export function refuseStream({ eventStreams }: Quotas, used: number): void {
  if (eventStreams !== undefined && used >= eventStreams) throw inUse('eventStreams', eventStreams, used, 'close one of them')
}

function inUse(quota: QuotaName, limit: number, used: number, right: string): WaybillError {
  return new WaybillError('quota_in_use', `your quota ${quota} is ${limit}, and ${used} are in use; ${right}`, { retryAfterSeconds: WAIT_SECONDS })
}

function exceeded(quota: QuotaName, limit: number, right: string): WaybillError {
  return new WaybillError('quota_exceeded', `your quota ${quota} is ${limit}; ${right}`)
}
