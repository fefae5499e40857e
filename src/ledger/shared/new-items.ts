import type { Reason } from '../../model/item.ts'
import type { Clashes } from './clashes.ts'
import { hexText, uuidText } from './codec.ts'
import type { Place } from './found-entity.ts'

/** An item to come, of a job over entities. A failed one stands for an entity that could not be resolved. */
export interface NewItem {
  readonly source: Place | null
  readonly destination: Place | null
  readonly size: number
  readonly entity: unknown
  readonly failed: { readonly reason: Reason; readonly selection: number } | null
}

/** The key of no collection: of an item whose source is not known. */
const UNKNOWN = 0

/** The item as it is stored, noted among those it may clash with. */
export function newItemRow(
  { source, destination, entity, failed }: NewItem,
  isMove: boolean,
  clashes: Clashes,
): readonly [srcCollection: number, srcPath: string, dstCollection: number | null, dstPath: string | null, entity: string | null, reason: string | null] {
  if (source !== null && failed === null) {
    const to = destination ?? source
    clashes.add(source.collection, source.path, to.collection, to.path, destination === null, isMove)
  }
  const dstPath = destination === null || destination.path === source?.path ? null : destination.path
  return [
    source?.collection ?? UNKNOWN,
    source?.path ?? '',
    destination?.collection ?? null,
    dstPath,
    entity === null ? null : hexText(entity),
    failed === null ? null : JSON.stringify(failed.reason),
  ]
}

/** What the event of an entity that failed tells. */
export function failedEntity(seq: number, entity: unknown, reason: Reason): Readonly<Record<string, unknown>> {
  return { seq, source: { collection: '', path: '', entityId: uuidText(entity) }, destination: null, reason }
}
