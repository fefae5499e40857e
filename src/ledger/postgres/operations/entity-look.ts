import { foundEntity, type Found } from '../../shared/found-entity.ts'
import { kindOf } from '../../shared/job-row.ts'
import type { Row } from '../../shared/row.ts'
import { liveEntity } from '../addressable.ts'
import type { Tx } from './tx.ts'

const ENTITY = `SELECT e.collection, e.path, e.kind, e.size, c.id, g.role FROM entry e JOIN collection c ON c.key = e.collection AND c.deleted_at IS NULL
  LEFT JOIN access_grant g ON g.collection = e.collection AND g.subject = :who WHERE ${liveEntity('e', ':entity')}`

const COLLECTION = `SELECT c.key, g.role FROM collection c JOIN access_grant g ON g.collection = c.key AND g.subject = :who
  WHERE c.id = :id AND c.deleted_at IS NULL`

/** Looks an entity of a job up, and its destination: as they are now, with the grants that the submitter has now (I9). */
export async function lookUpEntity(tx: Tx, job: Row, selection: Row): Promise<Found> {
  const who = job['submitted_by']
  const { entity, dst_id: id, dst_folder: folder } = selection
  const there = await tx.db.get(ENTITY, { entity, who })
  const target = id === null ? await tx.db.get(ENTITY, { entity: folder, who }) : await tx.db.get(COLLECTION, { id, who })
  return foundEntity(kindOf(job), selection, there, target)
}
