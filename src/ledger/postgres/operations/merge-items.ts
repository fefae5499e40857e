import type { ItemPart } from '../../../ports/ledger.ts'
import { mergedRow } from '../../shared/merged-row.ts'
import { holdBlobs } from './intake.ts'
import { unsealed } from './seal.ts'
import type { Tx } from './tx.ts'

const STORED = `SELECT i.src_path, i.src_revision_if, i.src_version_if, i.change, c.id AS collection_id
  FROM item i JOIN collection c ON c.key = i.src_collection WHERE i.job = :job AND i.seq = :seq`

const MERGED = 'UPDATE item SET change = :change, src_revision_if = :revision, src_version_if = :version WHERE job = :job AND seq = :seq'

/** Merges further parts of a manifest into its items: a document may speak of the same entry twice, far apart. Throws `invalid_request`. */
export async function mergeItems(tx: Tx, id: string, parts: readonly ItemPart[]): Promise<void> {
  const job = (await unsealed(tx, id))['key'] as number
  for (const part of parts) {
    const { seq } = part
    await tx.db.run(MERGED, { ...mergedRow(await tx.db.get(STORED, { job, seq }), part), job, seq })
  }
  await holdBlobs(
    tx,
    job,
    parts.map(({ item }) => item),
  )
}
