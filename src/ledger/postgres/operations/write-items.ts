import type { Shape } from '../../shared/list-shape.ts'
import type { Row } from '../../shared/row.ts'
import { listed, unwritten, type List } from '../unwritten.ts'
import type { Tx } from './tx.ts'

/** A destination path is null where it is the source's: narrower rows for the commonest copy. */
function writeListed(shape: Shape): string {
  return `INSERT INTO item (job, seq, src_collection, src_path, dst_collection, dst_path, patch, change)
    SELECT :job::bigint, seq, src_collection, src_path, dst_collection, CASE WHEN dst_collection IS NOT NULL THEN nullif(to_path, src_path) END, patch, :change::text
    FROM (${listed(shape)}) i`
}

/** Makes rows, still pending, of a list of items (unwritten.ts). */
export async function writeItems(tx: Tx, job: number, list: List): Promise<void> {
  await tx.db.run(writeListed(list.shape), { ...list.params, job })
}

/** Makes rows, still pending, of a list that needs them after all. */
export async function writeRows(tx: Tx, job: Row, chunk: Row): Promise<void> {
  const list = await unwritten(tx.db, job['key'] as number, chunk['no'] as number)
  if (list === undefined) return
  await writeItems(tx, job['key'] as number, list)
  await dropList(tx, job, chunk)
}

/** The chunk's items are rows from now on. */
export async function dropList(tx: Tx, job: Row, chunk: Row): Promise<void> {
  await tx.db.run('DELETE FROM unwritten WHERE job = :job AND chunk = :chunk', { job: job['key'], chunk: chunk['no'] })
}
