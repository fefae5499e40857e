import type { ItemInfo, JobInfo } from './types.ts'

/** What every stored event says: which, of which job, when. */
interface Told<Type extends string> {
  readonly type: Type
  readonly job: string
  readonly at: string
}

/** What an event of each type says (docs/reference/v1.md, Events). The OpenAPI document cannot describe what is in a stream. */
interface EventData {
  readonly 'job.submitted': Told<'job.submitted'> & Pick<JobInfo, 'kind' | 'label'>
  readonly 'job.resolved': Told<'job.resolved'> & { readonly total: number }
  readonly 'item.failed': Told<'item.failed'> & ItemTrouble
  readonly 'item.evicted': Told<'item.evicted'> & ItemTrouble
  readonly 'job.finished': Told<'job.finished'> & { readonly outcome: NonNullable<JobInfo['outcome']>; readonly counts: Omit<JobInfo['counts'], 'discovering'> }
}

interface ItemTrouble extends Pick<ItemInfo, 'seq'> {
  readonly source: Pick<ItemInfo['source'], 'collection' | 'path'>
  readonly destination: Pick<ItemInfo['source'], 'collection' | 'path'> | null
  readonly reason: NonNullable<ItemInfo['reason']>
}

/** A stored event: it has an id, and is sent again to whoever asks for what came after an earlier one. */
type StoredEvent = { readonly [Type in keyof EventData]: { readonly id: string; readonly type: Type; readonly data: EventData[Type] } }[keyof EventData]

/** One server-sent event, told apart by its `type`. `job.progress` is not stored and has no id; its data is the whole job. */
export type ServerEvent = StoredEvent | { readonly id: null; readonly type: 'job.progress'; readonly data: JobInfo }
