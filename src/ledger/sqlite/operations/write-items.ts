import type { Row } from '../database.ts'
import { itemId } from '../item-range.ts'
import { listed, unwritten, type List, type Shape } from '../unwritten.ts'
import type { Tx } from './tx.ts'

/** A destination path is null where it is the source's: narrower rows for the commonest copy. */
function writeListed(shape: Shape): string {
  return `INSERT INTO item (id, src_collection, src_path, dst_collection, dst_path, patch, change)
    SELECT ${itemId('seq')}, src_collection, src_path, dst_collection, iif(dst_collection IS NULL, NULL, nullif(to_path, src_path)), patch, :change FROM (${listed(shape)})`
}

/** Makes rows, still pending, of a list of items (unwritten.ts). */
export function writeItems(tx: Tx, job: number, list: List): void {
  tx.db.run(writeListed(list.shape), { ...list.params, job })
}

/** Makes rows, still pending, of a list that needs them after all. */
export function writeRows(tx: Tx, job: Row, chunk: Row): void {
  const list = unwritten(tx.db, job['key'] as number, chunk['no'] as number)
  if (list === undefined) return
  writeItems(tx, job['key'] as number, list)
  dropList(tx, job, chunk)
}

/** The chunk's items are rows from now on. */
export function dropList(tx: Tx, job: Row, chunk: Row): void {
  tx.db.run('DELETE FROM unwritten WHERE job = :job AND chunk = :chunk', { job: job['key'] as number, chunk: chunk['no'] as number })
}
