import { liveEntity } from '../addressable.ts'
import { foundEntity, type Found } from '../../shared/found-entity.ts'
import type { Row } from '../database.ts'
import { kindOf } from '../../shared/job-row.ts'
import type { Tx } from './tx.ts'

const ENTITY = `SELECT e.collection, e.path, e.kind, e.size, c.id, g.role FROM entry e CROSS JOIN collection c ON c.key = e.collection AND c.deleted_at IS NULL
  LEFT JOIN access_grant g ON g.collection = e.collection AND g.subject = :who WHERE ${liveEntity('e', ':entity')}`

const COLLECTION = `SELECT c.key, g.role FROM collection c CROSS JOIN access_grant g ON g.collection = c.key AND g.subject = :who
  WHERE c.id = :id AND c.deleted_at IS NULL`

/** Looks an entity of a job up, and its destination: as they are now, with the grants that the submitter has now (I9). */
export function lookUpEntity(tx: Tx, job: Row, selection: Row): Found {
  const who = job['submitted_by'] as string
  const entity = (id: unknown): Row | undefined => tx.db.get(ENTITY, { entity: id as Uint8Array | null, who })
  const id = selection['dst_id'] as string | null
  const target = id === null ? entity(selection['dst_folder']) : tx.db.get(COLLECTION, { id, who })
  return foundEntity(kindOf(job), selection, entity(selection['entity']), target)
}
