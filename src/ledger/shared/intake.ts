import type { Actor } from '../../model/audit.ts'
import type { SubmitItem } from '../../model/job.ts'
import type { NewJob } from '../../ports/ledger.ts'
import type { Clashes } from './clashes.ts'

/** Items of one chunk: a transaction of some 15 ms, so that small work never waits long behind a big job's. */
export const CHUNK_ITEMS = 2_000

/** How long an idempotency key is remembered (docs/reference/v1.md, Idempotency). */
export const IDEMPOTENCY_MS = 24 * 3600 * 1000

/** What an ordered job has in place of its number in the line until it is sealed. */
export const TO_BE_ORDERED = -1

/** Who submits a job, as it is kept with one that finds out in its turns which collections it names: then they are recorded in this name. */
export function actorOfJob(actor: Actor | null, { entities = [] }: Pick<NewJob, 'entities'>): string | null {
  return actor === null || entities.length === 0 ? null : JSON.stringify(actor)
}

/** An item as it is stored: revisions in hex, `dstPath` null where it is the source's, patch and change as JSON. */
export type ItemRow = readonly [
  srcCollection: number,
  srcPath: string,
  dstCollection: number | null,
  dstPath: string | null,
  srcRevisionIf: string | null,
  srcVersionIf: number | null,
  dstRevisionIf: string | null,
  dstAbsentIf: 1 | null,
  patch: string | null,
  change: string | null,
]

/** An item as a row, noted among those it may clash with. `keyOf`: the key of a collection that is read, or written. */
export function itemRow(item: SubmitItem, isMove: boolean, keyOf: (id: string, writes: boolean) => number, clashes: Clashes): ItemRow {
  const { source, destination, fields, change } = item
  const from = keyOf(source.collection, isMove || destination === undefined)
  const to = destination === undefined ? null : keyOf(destination.collection, true)
  const toPath = destination?.path ?? source.path
  clashes.add(from, source.path, to ?? from, toPath, destination === undefined, isMove)
  return [
    from,
    source.path,
    to,
    toPath === source.path ? null : toPath,
    source.ifMatch ?? null,
    source.version ?? null,
    destination?.ifMatch ?? null,
    destination?.ifNoneMatch === '*' ? 1 : null,
    fields === undefined ? null : JSON.stringify(fields),
    change === undefined ? null : JSON.stringify(change),
  ]
}
