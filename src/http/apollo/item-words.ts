import { reasonMessage } from '../../model/item.ts'
import type { Item, ItemState } from '../../model/item.ts'

/** The dialect's three states of an item: 0 pending or in progress, 1 succeeded, 2 failed. */
export type CopyStatus = 0 | 1 | 2

/** What each state of the engine is here. A skipped item counts as succeeded, as in the job's own outcome: its file is there. */
const STATUS: Readonly<Record<ItemState, CopyStatus>> = { pending: 0, running: 0, done: 1, skipped: 1, failed: 2, evicted: 2, cancelled: 2 }

/** One line of the Detail, key for key as documented. Ids that an item has not got yet are empty strings, never invented. */
export interface Detail {
  readonly FileName: string
  readonly SourceCollectionId: string
  readonly DestinationCollectionId: string
  readonly SourceEntityId: string
  readonly DestinationEntityId: string
  readonly Status: CopyStatus
  readonly ReasonOfFailure?: string
}

/** An item as a line of the Detail. */
export function detailOf(item: Item): Detail {
  const status = STATUS[item.state]
  return {
    FileName: item.source.path,
    SourceCollectionId: item.source.collection,
    DestinationCollectionId: item.destination?.collection ?? '',
    SourceEntityId: item.source.entityId ?? '',
    DestinationEntityId: item.destination?.entityId ?? '',
    Status: status,
    ...(status === 2 ? { ReasonOfFailure: failureOf(item) } : {}),
  }
}

/** Why an item failed, in one sentence. */
function failureOf(item: Item): string {
  if (item.reason !== null) return item.reason.message
  if (item.state === 'cancelled') return 'The request was cancelled before this file was copied.'
  return reasonMessage('internal', item.source.path)
}
