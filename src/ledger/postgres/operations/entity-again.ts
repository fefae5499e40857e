import { ITEM_STATES, type Reason } from '../../../model/item.ts'
import { folderHoldsSomething, type Found } from '../../shared/found-entity.ts'
import { failedEntity } from '../../shared/new-items.ts'
import type { Row } from '../../shared/row.ts'
import { rememberCollections } from './entities.ts'
import { lookUpEntity } from './entity-look.ts'
import { childOf } from './parents.ts'
import { addEvent, type Tx } from './tx.ts'

const STAND_INS = `SELECT x.seq, s.* FROM entity_item x JOIN item i ON i.job = x.job AND i.seq = x.seq JOIN entity_selection s ON s.job = x.job AND s.no = x.selection
  WHERE x.job = :job AND x.seq BETWEEN :first AND :last AND i.state = 0 ORDER BY x.seq`

const NOW_KNOWN = `UPDATE item SET src_collection = :srcCollection, src_path = :srcPath, dst_collection = :dstCollection, dst_path = :dstPath
  WHERE job = :job AND seq = :seq`

const FAIL_AGAIN = `UPDATE item SET state = ${ITEM_STATES.indexOf('failed')}, attempts = attempts + 1, reason = :reason, finished_at = :now
  WHERE job = :job AND seq = :seq`

/**
 * Looks again for the entities of items that could not be resolved, when a retry has woken them. A file, or a folder without anything in it, can be worked on
 * from now on; a folder is made into items only once. The chunk is then worked item by item, because nobody knows what touches what.
 */
export async function resolveAgain(tx: Tx, job: Row, chunk: Row): Promise<void> {
  const key = job['key'] as number
  for (const row of await tx.db.all(STAND_INS, { job: key, first: chunk['first_seq'], last: chunk['last_seq'] })) {
    const seq = row['seq'] as number
    const found = await lookUpEntity(tx, job, row)
    await rememberCollections(tx, job, found)
    const reason = await faultOf(tx, row, found)
    if (reason !== null) {
      await failAgain(tx, key, chunk, seq, row, reason)
      continue
    }
    if ('reason' in found) continue
    const { source, destination } = found
    await tx.db.run(NOW_KNOWN, {
      ...{ job: key, seq, srcCollection: source.collection, srcPath: source.path, dstCollection: destination?.collection ?? null },
      dstPath: destination === null || destination.path === source.path ? null : destination.path,
    })
    await tx.db.run('DELETE FROM entity_item WHERE job = :job AND seq = :seq', { job: key, seq })
    await tx.db.run('UPDATE chunk SET serial = 1 WHERE job = :job AND no = :no', { job: key, no: chunk['no'] })
  }
}

async function faultOf(tx: Tx, row: Row, found: Found): Promise<Reason | null> {
  if ('reason' in found) return found.reason
  if (!found.isFolder || (await childOf(tx, found.source.collection, found.source.path)) === undefined) return null
  return folderHoldsSomething(row['entity'])
}

async function failAgain(tx: Tx, job: number, chunk: Row, seq: number, row: Row, reason: Reason): Promise<void> {
  await tx.db.run(FAIL_AGAIN, { job, seq, reason: JSON.stringify(reason), now: tx.now })
  await tx.db.run('UPDATE chunk SET waiting = waiting - 1 WHERE job = :job AND no = :no', { job, no: chunk['no'] })
  await tx.db.run('UPDATE job SET pending = pending - 1, failed = failed + 1 WHERE key = :job', { job })
  tx.work.settled({ failed: 1 })
  addEvent(tx, job, 'item.failed', failedEntity(seq, row['entity'], reason))
}
