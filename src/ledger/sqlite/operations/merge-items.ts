import type { ItemPart } from '../../../ports/ledger.ts'
import { hexBytes } from '../../shared/codec.ts'
import { mergedRow } from '../../shared/merged-row.ts'
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

function mergeItem(tx: Tx, job: number, part: ItemPart): void {
  const merged = mergedRow(tx.db.get(STORED, { job, seq: part.seq }), part)
  tx.db.run(MERGED, { job, seq: part.seq, change: merged.change, revision: hexBytes(merged.revision), version: merged.version })
}
