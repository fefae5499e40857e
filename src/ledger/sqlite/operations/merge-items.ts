import type { EntryChange } from '../../../model/entry-change.ts'
import { mergedWishes, type ItemWish } from '../../../model/merge-items.ts'
import type { ItemPart } from '../../../ports/ledger.ts'
import { hexBytes, hexText } from '../codec.ts'
import type { Row } from '../database.ts'
import { itemId } from '../item-range.ts'
import { holdBlobs } from './intake.ts'
import { unsealed } from './seal.ts'
import type { Tx } from './tx.ts'

const STORED = `SELECT i.src_path, i.src_revision_if, i.src_version_if, i.change, c.id AS collection_id
  FROM item i CROSS JOIN collection c ON c.key = i.src_collection WHERE i.id = ${itemId(':seq')} AND i.job = :job`

const MERGED = `UPDATE item SET change = :change, src_revision_if = :revision, src_version_if = :version WHERE id = ${itemId(':seq')}`

/** Merges further parts of a manifest into its items: a document may speak of the same entry twice, far apart. Throws `invalid_request`. */
export function mergeItems(tx: Tx, id: string, parts: readonly ItemPart[]): void {
  const job = unsealed(tx, id)['key'] as number
  for (const part of parts) mergeItem(tx, job, part)
  holdBlobs(
    tx,
    job,
    parts.map(({ item }) => item),
  )
}

function mergeItem(tx: Tx, job: number, { seq, item }: ItemPart): void {
  const { collection, path, ifMatch, version } = item.source
  const stored = tx.db.get(STORED, { job, seq })
  if (stored?.['change'] == null || item.change === undefined || stored['collection_id'] !== collection || stored['src_path'] !== path) {
    throw new Error(`item ${seq} is no change of ${JSON.stringify(path)} in ${JSON.stringify(collection)}`)
  }
  const conditions = { ...(ifMatch === undefined ? {} : { ifMatch }), ...(version === undefined ? {} : { version }) }
  const merged = mergedWishes(path, wishOf(stored), { change: item.change, conditions })
  tx.db.run(MERGED, {
    ...{ job, seq },
    change: JSON.stringify(merged.change),
    revision: hexBytes(merged.conditions.ifMatch),
    version: merged.conditions.version ?? null,
  })
}

function wishOf(row: Row): ItemWish {
  const revision = row['src_revision_if']
  const version = row['src_version_if'] as number | null
  return {
    change: JSON.parse(row['change'] as string) as EntryChange,
    conditions: { ...(revision === null ? {} : { ifMatch: hexText(revision) }), ...(version === null ? {} : { version }) },
  }
}
