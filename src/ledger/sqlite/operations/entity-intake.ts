import type { EntitySelection } from '../../../model/job.ts'
import { uuidBytes } from '../../shared/codec.ts'
import type { Tx } from './tx.ts'

const INSERT = `INSERT INTO entity_selection (job, no, entity, dst_id, dst_folder, name)
  SELECT :job, key, unhex(value ->> 0), value ->> 1, unhex(value ->> 2), value ->> 3 FROM json_each(:rows)`

/** Stores what a job is to do with entities; nothing of it is looked up yet. */
export function addEntities(tx: Tx, job: number, entities: readonly EntitySelection[]): void {
  if (entities.length === 0) return
  const rows = entities.map(({ entityId, destination, name }) => [
    hex(entityId),
    destination !== undefined && 'collection' in destination ? destination.collection : null,
    destination !== undefined && 'folder' in destination ? hex(destination.folder) : null,
    name ?? null,
  ])
  tx.db.run(INSERT, { job, rows: JSON.stringify(rows) })
}

function hex(id: string): string {
  const bytes = uuidBytes(id)
  if (bytes === null) throw new Error(`${id} is no entity id`)
  return bytes.toString('hex')
}
